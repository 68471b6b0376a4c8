import { type OwnText, ownText } from '../../base/own-text.ts';
import { parseContacts } from '../../sip/contact.ts';
import { headerKey } from '../../sip/header-names.ts';
import { type SipRequest, type SipResponse } from '../../sip/message.ts';

/** All fields of a 2xx to REGISTER that a registration is made of. */
const MADE_OF: ReadonlySet<string> = new Set(
  ['Contact', 'Expires', 'P-Associated-URI', 'Service-Route', 'Path'].map(headerKey),
);

const TEMPORARY_GRUU = ';temp-gruu="';

interface Answered {
  readonly key: string;
  readonly value: OwnText;
}

/** The REGISTER and the 2xx that a registration was last made of, as far as it takes to know the same again. */
export class LastSuccess {
  /** What is made of the fields of the request: one object as long as they stay the same (`SipHeaders.derive`). */
  readonly #asked: unknown;
  readonly #answered: readonly Answered[];

  constructor(request: SipRequest, response: SipResponse) {
    this.#asked = request.headers.derive(parseContacts);
    this.#answered = response.headers.fields
      .filter(({ key }) => MADE_OF.has(key))
      .map(({ key, value }) => ({ key, value: ownText(lastingPart(value)) }));
  }

  /** Whether this REGISTER and its 2xx say the same once more, but for CSeq and credentials. */
  isRepeatedBy(request: SipRequest, response: SipResponse): boolean {
    if (request.headers.derive(parseContacts) !== this.#asked) return false;
    const answered = this.#answered;
    let next = 0;
    for (const { key, value } of response.headers.fields) {
      if (!MADE_OF.has(key)) continue;
      const before = answered[next++];
      if (before?.key !== key || before.value !== lastingPart(value)) return false;
    }
    return next === answered.length;
  }
}

/** The value without the temporary GRUU at its end: that is another one in each answer (RFC 5627 §3.2), and no part of a registration. */
function lastingPart(value: string): string {
  if (!value.endsWith('"')) return value;
  const start = value.lastIndexOf(TEMPORARY_GRUU);
  const isLast = start >= 0 && value.indexOf('"', start + TEMPORARY_GRUU.length) === value.length - 1;
  return isLast ? value.slice(0, start) : value;
}
