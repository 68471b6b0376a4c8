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
  'Allow-Events',
  'Authorization',
  'Call-ID',
  'Contact',
  'Content-Disposition',
  'Content-Encoding',
  'Content-Length',
  'Content-Type',
  'CSeq',
  'Date',
  'Diversion',
  'Event',
  'Expires',
  'Feature-Caps',
  'From',
  'Geolocation',
  'History-Info',
  'Max-Breadth',
  'Max-Forwards',
  'Min-Expires',
  'P-Access-Network-Info',
  'P-Asserted-Identity',
  'P-Associated-URI',
  'P-Called-Party-ID',
  'P-Charging-Function-Addresses',
  'P-Charging-Vector',
  'P-Early-Media',
  'P-Preferred-Identity',
  'P-Visited-Network-ID',
  'Path',
  'Priority',
  'Privacy',
  'Proxy-Authenticate',
  'Proxy-Authorization',
  'Proxy-Require',
  'RAck',
  'Reason',
  'Record-Route',
  'Refer-To',
  'Replaces',
  'Require',
  'Retry-After',
  'Route',
  'RSeq',
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

/** A header name that is known: how it was spelled, and the key under which it compares. */
export interface KnownName {
  readonly spelling: string;
  /** Lower-case long form. */
  readonly key: string;
}

/** By spelling. Bounded: it holds only what is written above, never foreign text. */
const known = new Map<string, KnownName>();
for (const spelling of USUAL_SPELLINGS) {
  const key = spelling.toLowerCase();
  known.set(spelling, { spelling, key });
  known.set(key, { spelling: key, key });
}
for (const [compact, key] of COMPACT_FORMS) {
  const long = known.get(key)?.key ?? key;
  for (const spelling of [compact, compact.toUpperCase(), long]) known.set(spelling, { spelling, key: long });
}

/** The known names by length and by first and last character, so that a name is found where it stands in a message. */
const BUCKETS = 256;
const buckets = Array.from({ length: BUCKETS }, (): KnownName[] => []);
for (const name of known.values()) {
  const { spelling } = name;
  buckets[bucketOf(spelling, 0, spelling.length)]?.push(name);
}

function bucketOf(text: string, start: number, end: number): number {
  return ((end - start) * 37 + text.charCodeAt(start) * 5 + text.charCodeAt(end - 1)) % BUCKETS;
}

/** The known name that is spelled between `start` and `end`, so that no part of the text has to be cut out for it. */
export function knownNameAt(text: string, start: number, end: number): KnownName | undefined {
  for (const name of buckets[bucketOf(text, start, end)] ?? []) {
    if (name.spelling.length === end - start && text.startsWith(name.spelling, start)) return name;
  }
  return undefined;
}

/** The key under which a header field is compared: lower case, compact forms (RFC 3261 §7.3.3 and the IANA registry) made long. */
export function headerKey(name: string): string {
  return knownHeaderKey(name) ?? unusualKey(name);
}

/** The key of a name that needs no further check, or `undefined`. */
export function knownHeaderKey(name: string): string | undefined {
  if (name === '') return undefined;
  // Nearly every name is a constant of this program, of which V8 keeps one copy: comparing it is quicker than to hash it.
  for (const { spelling, key } of buckets[bucketOf(name, 0, name.length)] ?? []) if (spelling === name) return key;
  return undefined;
}

function unusualKey(name: string): string {
  const lower = name.toLowerCase();
  return knownHeaderKey(lower) ?? lower;
}
