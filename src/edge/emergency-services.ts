import { TokenBuckets } from '../base/token-buckets.ts';
import { createResponse, type ResponseOptions } from '../sip/create-response.ts';
import { type SipRequest, type SipResponse } from '../sip/message.ts';
import { type SipUri, unescapeText } from '../sip/uri.ts';
import { type RequestEssentials } from '../sip/validate-request.ts';
import { addAlternativeService } from './alternative-service.ts';
import { type HomeDomain } from './home-domain.ts';

export interface EmergencyOptions {
  /** Numbers that stand for `urn:service:sos` here, such as `112`, without visual separators. */
  readonly numbers: readonly string[];
  /** SIP URIs of E-CSCFs in order of preference; none: the edge has nobody to pass an emergency call on to. */
  readonly uris: readonly string[];
}

/** RFC 5031 §4.2: the service and all below it, in letters of either case. */
const SOS = /^urn:service:sos(?![\w-])/i;
const SOS_SERVICE = 'urn:service:sos';
const TEL = /^tel:/i;
/** RFC 3966 §5.1.1 */
const VISUAL_SEPARATORS = /[-.()]/g;
/** Characters of a number as it is written, separators included. No longer one stands for an emergency. */
const MAX_WRITTEN = 32;
/** Calls of one user that are let pass whatever else the user has asked for. */
const ALLOWANCE = { burst: 4, perSec: 1 / 15 } as const;

/**
 * Calls for help, which are looked for in each request that begins something before anything else is (TS 24.229 §5.2.1, §5.2.10): they go to an
 * E-CSCF, or are answered at once with 380, whose body sends the client elsewhere.
 */
export class EmergencyServices {
  /** Whether calls of registered clients are passed on. */
  readonly isServed: boolean;
  readonly #home: HomeDomain;
  readonly #numbers: ReadonlySet<string>;
  readonly #calls: TokenBuckets;

  /** `maxUsers`: of whose calls it is remembered how many there were. */
  constructor({ numbers, uris }: EmergencyOptions, home: HomeDomain, maxUsers: number) {
    this.isServed = uris.length > 0;
    this.#home = home;
    this.#numbers = new Set(numbers);
    this.#calls = new TokenBuckets({ ...ALLOWANCE, maxKeys: maxUsers });
  }

  /** The service URN that a Request-URI asks for, if that is one of emergency. `uri`: the same, parsed, if it is a SIP URI. */
  serviceOf(requestUri: string, uri: SipUri | undefined): string | undefined {
    if (uri) {
      const isLocal = uri.user !== undefined && this.#home.holds(uri) && this.#isLocalNumber(uri.user);
      return isLocal ? SOS_SERVICE : undefined;
    }
    if (SOS.test(requestUri)) return requestUri;
    return TEL.test(requestUri) && this.#isLocalNumber(requestUri.slice('tel:'.length)) ? SOS_SERVICE : undefined;
  }

  /** The service that a request calls, if it begins something. `uri`: its Request-URI, if that is a SIP URI. */
  calledIn(
    { method, uri: text }: SipRequest,
    { to }: Pick<RequestEssentials, 'to'>,
    uri: SipUri | undefined,
  ): string | undefined {
    return method === 'REGISTER' || to.params.has('tag') ? undefined : this.serviceOf(text, uri);
  }

  /** Whether one more call of a user passes without being counted with what else the user asks for. */
  admits(aor: string, nowMs: number): boolean {
    return this.#calls.take(aor, nowMs) === 0;
  }

  /** To a client that the edge does not help: it may be able to call another way, or after it has registered. */
  alternativeTo(request: SipRequest, service: string, edgeUri: string | undefined): SipResponse {
    const reason = this.isServed
      ? 'An emergency call needs a registration here.'
      : 'This network places no emergency calls.';
    return emergencyAlternative(request, { service, reason, canRegister: this.isServed, edgeUri });
  }

  /** With parameters of a telephone number after it, which make no other number of it. */
  #isLocalNumber(text: string): boolean {
    if (this.#numbers.size === 0) return false;
    const end = text.indexOf(';');
    const written = unescapeText(end < 0 ? text : text.slice(0, end));
    return written.length <= MAX_WRITTEN && this.#numbers.has(written.replace(VISUAL_SEPARATORS, ''));
  }
}

export interface EmergencyAlternative {
  readonly service: string;
  readonly reason: string;
  /** Whether a registration would help. */
  readonly canRegister: boolean;
  /** `Registration.edgeUri` of the caller; `undefined` when the caller is not registered. */
  readonly edgeUri: string | undefined;
}

/** TS 24.229 §5.2.10: 380, with the service in Contact. */
export function emergencyAlternative(
  request: SipRequest,
  { service, reason, canRegister, edgeUri }: EmergencyAlternative,
  options: ResponseOptions = {},
): SipResponse {
  const response = createResponse(request, 380, options);
  response.headers.append('Contact', `<${service}>`);
  const action = canRegister ? 'emergency-registration' : undefined;
  addAlternativeService(response, { type: 'emergency', reason, action, edgeUri });
  return response;
}
