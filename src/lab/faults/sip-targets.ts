import { parseCSeq } from '../../sip/cseq.ts';
import { type SipMessage } from '../../sip/message.ts';
import { parseNameAddr } from '../../sip/name-addr.ts';
import { parseSipUri, unescapeText } from '../../sip/uri.ts';
import { type Hop } from '../../edge/hop.ts';
import { type LabIdentities } from '../lab-identities.ts';
import { type FaultTarget } from './active-fault.ts';

/** Whose a request or response is, and of which method. */
export class SipTargets {
  readonly #domain: string;
  readonly #identities: LabIdentities;

  constructor(domain: string, identities: LabIdentities) {
    this.#domain = domain;
    this.#identities = identities;
  }

  /** The user of From, which sent the request; for an anonymous request the user who is registered on the flow. */
  of(message: SipMessage, hop: Hop): FaultTarget {
    return { user: this.#userOf(message) ?? this.#identities.userOfFlow(hop.id), method: methodOf(message) };
  }

  #userOf(message: SipMessage): string | undefined {
    const from = parseNameAddr(message.headers.get('From') ?? '');
    const uri = from.ok ? parseSipUri(from.value.uri) : from;
    if (!uri.ok || uri.value.user === undefined || uri.value.host !== this.#domain) return undefined;
    return unescapeText(uri.value.user);
  }
}

function methodOf(message: SipMessage): string | undefined {
  if (message.kind === 'request') return message.method;
  const cseq = parseCSeq(message.headers.get('CSeq') ?? '');
  return cseq.ok ? cseq.value.method : undefined;
}
