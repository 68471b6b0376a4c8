/** A SIP message as far as the page reads one. */
export interface SipText {
  readonly startLine: string;
  /** Values in order, by the name in lower case, compact forms spelt out. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: string;
}

/** RFC 3261 §7.3.3, those the page asks for. */
const COMPACT: ReadonlyMap<string, string> = new Map([
  ['f', 'from'],
  ['t', 'to'],
  ['m', 'contact'],
]);
const RELAY_CANDIDATE = /^a=candidate:.* typ relay\b/m;
const STATUS_LINE = /^SIP\/2\.0 (\d{3}) ?(.*)$/;
const USER_OF_URI = /sips?:([^@;>\s]+)@/i;

/** Takes whatever is there: a line that is no header field counts as none. */
export function readSipText(text: string): SipText {
  const end = /\r?\n\r?\n/.exec(text);
  const [startLine = '', ...lines] = text.slice(0, end?.index ?? text.length).split(/\r?\n/);
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon < 1) continue;
    const written = line.slice(0, colon).trim().toLowerCase();
    const name = COMPACT.get(written) ?? written;
    headers.set(name, [...(headers.get(name) ?? []), line.slice(colon + 1).trim()]);
  }
  return { startLine, headers, body: end ? text.slice(end.index + end[0].length) : '' };
}

/** `undefined` for a request. */
export function statusOf({ startLine }: SipText): { status: number; reason: string } | undefined {
  const [, status, reason = ''] = STATUS_LINE.exec(startLine) ?? [];
  return status === undefined ? undefined : { status: Number(status), reason };
}

/** SIP method of the start line; of a response, the method in its CSeq. Empty when there is none. */
export function methodOf(message: SipText): string {
  if (!statusOf(message)) return message.startLine.split(' ', 1)[0] ?? '';
  return message.headers.get('cseq')?.[0]?.split(/\s+/)[1] ?? '';
}

export function hasHeader({ headers }: SipText, ...names: readonly string[]): boolean {
  return names.some((name) => headers.has(name));
}

/** Whom a REGISTER or its answer is about. */
export function registeringUser({ headers }: SipText): string | undefined {
  return USER_OF_URI.exec(headers.get('to')?.[0] ?? '')?.[1];
}

/** Whether a REGISTER takes its bindings away. */
export function removesRegistration({ headers }: SipText): boolean {
  const contact = headers.get('contact')?.join(',') ?? '';
  return headers.get('expires')?.[0] === '0' || /;\s*expires=0\b/i.test(contact);
}

export function hasRelayCandidate({ body }: SipText): boolean {
  return RELAY_CANDIDATE.test(body);
}

/** The reason of `error=…` in the edge's answer to TURN-Cred-Req. */
export function credentialError({ headers }: SipText): string | undefined {
  const answers = [...(headers.get('turn-cred-rsp') ?? []), ...(headers.get('turn-cred-rsp-hdr') ?? [])];
  return answers.map((answer) => /\berror="?([\w-]+)/.exec(answer)?.[1]).find((error) => error !== undefined);
}

/** Whether TURN-Cred-Req asks for an access token (RFC 7635) in place of name and password. */
export function asksForToken({ headers }: SipText): boolean {
  const asks = [...(headers.get('turn-cred-req') ?? []), ...(headers.get('turn-cred-req-hdr') ?? [])];
  return asks.some((ask) => /^oauth\b/i.test(ask));
}

/** Whether what the edge has answered to TURN-Cred-Req is an access token: it is the kind that has a kid. */
export function carriesToken({ headers }: SipText): boolean {
  const answers = [...(headers.get('turn-cred-rsp') ?? []), ...(headers.get('turn-cred-rsp-hdr') ?? [])];
  return headers.has('turn-token') || answers.some((answer) => /;\s*kid=/.test(answer));
}

/** Whether the sender proves by a web token (RFC 8898) who it is, and not by a digest. */
export function showsWebToken({ headers }: SipText): boolean {
  return (headers.get('authorization') ?? []).some((value) => /^bearer\b/i.test(value));
}
