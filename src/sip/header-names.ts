const COMPACT_FORMS: readonly (readonly [string, string])[] = [
  ['a', 'accept-contact'],
  ['b', 'referred-by'],
  ['c', 'content-type'],
  ['d', 'request-disposition'],
  ['e', 'content-encoding'],
  ['f', 'from'],
  ['i', 'call-id'],
  ['j', 'reject-contact'],
  ['k', 'supported'],
  ['l', 'content-length'],
  ['m', 'contact'],
  ['n', 'identity-info'],
  ['o', 'event'],
  ['r', 'refer-to'],
  ['s', 'subject'],
  ['t', 'to'],
  ['u', 'allow-events'],
  ['v', 'via'],
  ['x', 'session-expires'],
  ['y', 'identity'],
];

const USUAL_SPELLINGS = [
  'Accept',
  'Accept-Encoding',
  'Accept-Language',
  'Allow',
  'Authorization',
  'Call-ID',
  'Contact',
  'Content-Disposition',
  'Content-Encoding',
  'Content-Length',
  'Content-Type',
  'CSeq',
  'Date',
  'Event',
  'Expires',
  'From',
  'Max-Breadth',
  'Max-Forwards',
  'Min-Expires',
  'P-Access-Network-Info',
  'P-Asserted-Identity',
  'P-Associated-URI',
  'P-Preferred-Identity',
  'Path',
  'Privacy',
  'Proxy-Authenticate',
  'Proxy-Authorization',
  'Proxy-Require',
  'Reason',
  'Record-Route',
  'Refer-To',
  'Replaces',
  'Require',
  'Retry-After',
  'Route',
  'Server',
  'Service-Route',
  'Session-Expires',
  'Subject',
  'Subscription-State',
  'Supported',
  'Timestamp',
  'To',
  'Unsupported',
  'User-Agent',
  'Via',
  'Warning',
  'WWW-Authenticate',
  'X-Requested-With',
  'TURN-Cred-Req',
  'TURN-Cred-Req-Hdr',
  'TURN-Cred-Rsp',
  'TURN-Cred-Rsp-Hdr',
  'TURN-Lifetime',
  'TURN-Password',
  'TURN-Realm',
  'TURN-URI',
  'TURN-Username',
];

/** Spelling on the wire → lower-case long form. Bounded: it holds only what is written above, never foreign text. */
const known = new Map<string, string>();
for (const spelling of USUAL_SPELLINGS) {
  const key = spelling.toLowerCase();
  known.set(spelling, key);
  known.set(key, key);
}
for (const [compact, key] of COMPACT_FORMS) {
  known.set(compact, key);
  known.set(compact.toUpperCase(), key);
  known.set(key, key);
}

/** The key under which a header field is compared: lower case, compact forms (RFC 3261 §7.3.3 and the IANA registry) made long. */
export function headerKey(name: string): string {
  return known.get(name) ?? unusualKey(name);
}

/** The key of a name that needs no further check, or `undefined`: the fast path of the parser. */
export function knownHeaderKey(name: string): string | undefined {
  return known.get(name);
}

function unusualKey(name: string): string {
  const lower = name.toLowerCase();
  return known.get(lower) ?? lower;
}
