/** Every cause that JsSIP gives for a call or a registration that failed: what, why, and what to do next. */
export const CALL_WORDS: Readonly<Record<string, string>> = {
  'Connection Error':
    'The edge cannot be reached. See whether the server still runs, and whether the browser accepts its certificate: open the page’s address in a new tab.',
  'Request Timeout': 'The edge did not answer in time. Try again; a fault may be holding answers back.',
  'SIP Failure Code': 'The edge or the other side refused it. The ladder shows the status.',
  'Internal Error': 'The SIP library failed. The console of the browser says more.',
  Busy: 'The other side is busy. Try later.',
  Rejected: 'The other side declined the call. Call somebody else, or ask why.',
  Redirected: 'The other side sends callers elsewhere, which this page does not follow. Call that address yourself.',
  Unavailable: 'The other side is not reachable now. Register that user in another window, then call again.',
  'Not Found': 'There is no such user. See whether the name is spelt as at registration.',
  'Address Incomplete': 'That is no complete address. Call a user name, or sip:user@domain.',
  'Incompatible SDP': 'The two sides could not agree on sound and picture. Compare the codecs of offer and answer.',
  'Missing SDP': 'The answer came without a session description. The ladder shows the message.',
  'Authentication Error':
    'User name or password is wrong. Choose a lab user, or look at what the server printed at its start.',
  Terminated: 'The other side hung up.',
  'WebRTC Error': 'The browser could not set the call up. The console of the browser says more.',
  Canceled: 'The call was cancelled before an answer.',
  'No Answer': 'Nobody answered. Answer in the other window, then call again.',
  Expires: 'Nobody answered in the time the caller gave. Call again.',
  'No ACK': 'The answer was not confirmed: the caller has gone. Wait for another call.',
  'Dialog Error': 'The other side has lost the call. Call again.',
  'User Denied Media Access':
    'The browser was not allowed to use camera or microphone. Allow it, or take the test picture, which needs neither.',
  'Bad Media Description':
    'The two sides could not agree on sound and picture. Compare the codecs of offer and answer.',
  'RTP Timeout':
    'No sound or picture came through: no pair of candidates works. See whether both sides have a relay candidate, and what the relay refused.',
};

const BY_CAUSE: ReadonlyMap<string, string> = new Map(Object.entries(CALL_WORDS));

/** What happened, for somebody who does not know SIP. A word of the library that is not known stays in, for somebody who does. */
export function inPlainWords(cause: string): string {
  return BY_CAUSE.get(cause) ?? `It did not work (${cause}). The ladder shows what was answered.`;
}

/** RFC 8656 §19 and RFC 8489 §14.8 error codes as `icecandidateerror` reports them; 701 is the browser’s own for no answer. */
export function relayProblem(code: number, text: string, url: string): string {
  switch (code) {
    case 401:
    case 438:
    case 441:
      return `The relay refuses the credential (${code}). Get a fresh one, and call again.`;
    case 403:
      return 'The relay refuses this client or peer (403). The ladder shows the cause.';
    case 486:
      return 'The relay has no room for another call of this user now (486). End other calls, or wait for their allocations to end.';
    case 508:
      return 'The relay has no room for another call now (508). Wait, or widen its ports.';
    case 701:
      return url.startsWith('turns:')
        ? 'The relay cannot be reached by TLS: the browser does not accept its certificate, or nothing listens. Trust the lab CA, or choose UDP.'
        : `The relay cannot be reached (${url}). See whether the TURN server runs and no firewall is between.`;
    default:
      return `The relay refuses the call (${`${code} ${text}`.trim()}). The ladder shows the cause.`;
  }
}

/** For a gathering that ended without a relay candidate and without an error of a relay. */
export function noRelayCandidate(hasCredential: boolean): string {
  return hasCredential
    ? 'There is no relay candidate: no TURN server answered in time. See whether the relay is reachable by the chosen transport.'
    : 'There is no relay candidate: this call has no TURN credential. Get one first, and call again.';
}

export function timeLeft(seconds: number): string {
  if (seconds <= 0) return 'ended';
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = Math.floor(seconds % 60);
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${rest} s` : `${rest} s`;
}
