import { headerKey } from '../../sip/header-names.ts';
import { type SipHeaders } from '../../sip/message.ts';

/*
 * Every header field that this edge treats otherwise than to pass it on, where a message crosses between a client, which is outside of the
 * trust domain, and the core (TS 24.229 §4.4 and §5.2). `in`: from the client; `answer`: in its responses, where those are treated otherwise than its
 * requests; `out`: to the client. `strip` takes every field of that name away; `rule` means that code of this folder decides. What this edge writes itself
 * it writes afterwards. What is not listed passes untouched.
 */
interface HeaderRule {
  readonly name: string;
  readonly in: 'pass' | 'strip' | 'rule';
  readonly answer?: 'strip';
  readonly out: 'pass' | 'strip' | 'rule';
  readonly source: string;
}

const TABLE: readonly HeaderRule[] = [
  // Who somebody says to be. What only a network may say in their URIs goes (`identity-claims.ts`).
  { name: 'From', in: 'rule', out: 'pass', source: 'TS 24.229 §4.4' },
  { name: 'To', in: 'rule', out: 'pass', source: 'of REGISTER and of responses: as From' },
  { name: 'Contact', in: 'rule', out: 'pass', source: 'as From' },
  {
    name: 'Authorization',
    in: 'rule',
    answer: 'strip',
    out: 'strip',
    source: 'digests alone go on (RFC 3261 §22, RFC 8898)',
  },
  { name: 'Proxy-Authorization', in: 'rule', answer: 'strip', out: 'strip', source: 'as Authorization' },
  { name: 'WWW-Authenticate', in: 'rule', out: 'rule', source: 'TS 24.229 §5.2.2.2: no keys; none of a client' },
  { name: 'Proxy-Authenticate', in: 'rule', out: 'rule', source: 'as WWW-Authenticate' },

  // Who somebody is. Asserted by the core or this edge; withheld from a client where the other party asks for it.
  { name: 'P-Asserted-Identity', in: 'strip', out: 'rule', source: 'RFC 3325 §7, §8' },
  { name: 'P-Preferred-Identity', in: 'rule', out: 'strip', source: 'RFC 3325 §9.2' },
  { name: 'Remote-Party-ID', in: 'strip', out: 'strip', source: 'what cores took before RFC 3325' },
  { name: 'P-Asserted-Service', in: 'strip', out: 'strip', source: 'RFC 6050 §4.1' },
  { name: 'P-Associated-URI', in: 'strip', out: 'pass', source: 'RFC 7315 §4.1' },
  { name: 'P-Called-Party-ID', in: 'strip', out: 'pass', source: 'RFC 7315 §4.2' },
  { name: 'P-Served-User', in: 'strip', out: 'strip', source: 'RFC 5502 §7' },
  { name: 'P-Profile-Key', in: 'strip', out: 'strip', source: 'RFC 5002 §6' },
  { name: 'P-User-Database', in: 'strip', out: 'strip', source: 'RFC 4457 §5' },
  { name: 'P-Private-Network-Indication', in: 'strip', out: 'strip', source: 'RFC 7316 §5' },
  { name: 'Additional-Identity', in: 'strip', out: 'pass', source: 'TS 24.229 §4.4; read by clients' },
  { name: 'Attestation-Info', in: 'strip', out: 'strip', source: 'TS 24.229 §4.4' },
  { name: 'Origination-Id', in: 'strip', out: 'strip', source: 'TS 24.229 §4.4' },

  // How a call came here: a client could make up a diversion, and is not told one that was to stay private.
  { name: 'History-Info', in: 'strip', out: 'rule', source: 'RFC 7044 §10.1' },
  { name: 'Diversion', in: 'strip', out: 'rule', source: 'RFC 5806 §4' },

  // Where the client is: the network's word, not the client's, and not for other clients.
  { name: 'P-Access-Network-Info', in: 'rule', out: 'strip', source: 'RFC 7315 §4.4, TS 24.229 §4.4' },
  { name: 'P-Visited-Network-ID', in: 'strip', out: 'strip', source: 'RFC 7315 §4.3' },
  { name: 'Cellular-Network-Info', in: 'strip', out: 'strip', source: 'TS 24.229 §4.4' },
  { name: 'Geolocation', in: 'rule', out: 'rule', source: 'RFC 8787 §4: without `loc-src`' },

  // Routes of the registration.
  { name: 'Record-Route', in: 'rule', out: 'pass', source: 'RFC 3261 §12.1.1: none of a client, in answers as asked' },
  { name: 'Path', in: 'strip', out: 'pass', source: 'RFC 3327 §5, TS 24.229 §5.2.2.1' },
  { name: 'Service-Route', in: 'strip', out: 'pass', source: 'RFC 3608 §6.1' },

  // Charging.
  { name: 'P-Charging-Vector', in: 'strip', out: 'strip', source: 'RFC 7315 §4.6' },
  { name: 'P-Charging-Function-Addresses', in: 'strip', out: 'strip', source: 'RFC 7315 §4.5' },
  { name: 'P-Charge-Info', in: 'strip', out: 'strip', source: 'RFC 8496 §6' },
  { name: 'Relayed-Charge', in: 'strip', out: 'strip', source: 'TS 24.229 §4.4' },

  // What the core's entities tell one another about services, resources and failures.
  { name: 'Feature-Caps', in: 'strip', out: 'pass', source: 'RFC 6809 §4; read by clients' },
  { name: 'P-Early-Media', in: 'rule', answer: 'strip', out: 'pass', source: 'RFC 5009 §8: `supported` in requests' },
  { name: 'Priority', in: 'rule', out: 'pass', source: 'RFC 7090 §4: no `psap-callback` of a client' },
  { name: 'Priority-Verstat', in: 'strip', out: 'strip', source: 'TS 24.229 §4.4' },
  { name: 'Reason', in: 'pass', answer: 'strip', out: 'pass', source: 'TS 24.229 §4.4: causes of networks' },
  { name: 'P-Refused-URI-List', in: 'strip', out: 'strip', source: 'RFC 5318: between servers' },
  { name: 'Resource-Priority', in: 'strip', out: 'pass', source: 'RFC 4412 §4.7; no client here is authorised' },
  { name: 'P-Answer-State', in: 'strip', out: 'strip', source: 'RFC 4964 §7' },
  { name: 'P-Media-Authorization', in: 'strip', out: 'strip', source: 'RFC 3313 §6' },
  { name: 'Priority-Share', in: 'strip', out: 'strip', source: 'TS 24.229 §4.4' },
  { name: 'Resource-Share', in: 'strip', out: 'strip', source: 'TS 24.229 §7.2.13' },
  { name: 'Response-Source', in: 'strip', out: 'strip', source: 'TS 24.229 §4.4' },
  { name: 'Restoration-Info', in: 'strip', out: 'strip', source: 'TS 24.229 §4.4' },
  { name: 'Service-Interact-Info', in: 'strip', out: 'strip', source: 'TS 24.229 §4.4' },
  { name: 'P-DCS-Trace-Party-ID', in: 'strip', out: 'strip', source: 'RFC 5503 §9' },
  { name: 'P-DCS-OSPS', in: 'strip', out: 'strip', source: 'RFC 5503 §9' },
  { name: 'P-DCS-Billing-Info', in: 'strip', out: 'strip', source: 'RFC 5503 §9' },
  { name: 'P-DCS-LAES', in: 'strip', out: 'strip', source: 'RFC 5503 §9' },
  { name: 'P-DCS-Redirect', in: 'strip', out: 'strip', source: 'RFC 5503 §9' },

  // An agreement with the first hop, which this edge makes with nobody; one that is required was answered with 420.
  { name: 'Security-Client', in: 'strip', out: 'strip', source: 'RFC 3329 §2.3' },
  { name: 'Security-Server', in: 'strip', out: 'strip', source: 'RFC 3329 §2.3' },
  { name: 'Security-Verify', in: 'strip', out: 'strip', source: 'RFC 3329 §2.3' },
];

const STRIPPED_IN = keysOf((rule) => rule.in);
const STRIPPED_IN_ANSWERS = keysOf((rule) => rule.answer ?? rule.in);
const STRIPPED_OUT = keysOf((rule) => rule.out);

/** Removes from a request of a client the fields that only the trust domain may set. */
export function stripFromClient(headers: SipHeaders): void {
  headers.removeKeys(STRIPPED_IN);
}

/** Removes from a response of a client the fields that only the trust domain may set. */
export function stripFromAnswer(headers: SipHeaders): void {
  headers.removeKeys(STRIPPED_IN_ANSWERS);
}

/** Removes from a message to a client the fields that must stay in the trust domain. */
export function stripToClient(headers: SipHeaders): void {
  headers.removeKeys(STRIPPED_OUT);
}

function keysOf(treatment: (rule: HeaderRule) => HeaderRule['in']): ReadonlySet<string> {
  return new Set(TABLE.filter((rule) => treatment(rule) === 'strip').map(({ name }) => headerKey(name)));
}
