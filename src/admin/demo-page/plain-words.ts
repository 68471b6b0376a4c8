const WORDS: ReadonlyMap<string, string> = new Map([
  ['Connection Error', 'The edge cannot be reached. Is the server still running?'],
  ['Request Timeout', 'The edge did not answer in time.'],
  ['Authentication Error', 'User name or password is wrong.'],
  ['Busy', 'The other side is busy.'],
  ['Rejected', 'The other side declined the call.'],
  ['Unavailable', 'The other side is not reachable now: is that user registered in another window?'],
  ['Not Found', 'There is no such user.'],
  ['Incompatible SDP', 'The two browsers could not agree on sound and picture.'],
  ['Bad Media Description', 'The two browsers could not agree on sound and picture.'],
  [
    'User Denied Media Access',
    'The browser was not allowed to use camera or microphone. The test picture needs neither.',
  ],
  ['WebRTC Error', 'The browser could not set the call up.'],
  ['No Answer', 'Nobody answered.'],
  ['Expires', 'Nobody answered.'],
  ['RTP Timeout', 'No sound or picture came through.'],
]);

/** What happened, for somebody who does not know SIP. The word of the library stays in, for somebody who does. */
export function inPlainWords(cause: string): string {
  return WORDS.get(cause) ?? `It did not work (${cause}).`;
}

/** RFC 8489 error codes as `icecandidateerror` reports them; 701 is the browser's own for no answer. */
export function relayProblem(code: number, text: string, url: string): string {
  switch (code) {
    case 401:
    case 441:
      return 'The relay refuses the credential. Get a fresh one.';
    case 486:
    case 508:
      return 'The relay has no room for another call now.';
    case 701:
      return url.startsWith('turns:')
        ? 'The relay cannot be reached by TLS. The browser must trust its certificate (the lab CA) for that.'
        : `The relay cannot be reached (${url}).`;
    default:
      return `The relay refuses the call (${code} ${text}).`;
  }
}

export function timeLeft(seconds: number): string {
  if (seconds <= 0) return 'ended';
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = Math.floor(seconds % 60);
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${rest} s` : `${rest} s`;
}
