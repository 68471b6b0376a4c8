/** What a fault did when it hit, by its kind. On purpose: the words say what the client should make of it. */
export const FAULT_WORDS = {
  'credential-ttl': 'the credential ends after seconds. A client should fetch the next one before.',
  'credential-missing': 'the 200 OK came without a credential. A client should ask again by OPTIONS.',
  'credential-malformed': 'the credential of the 200 OK cannot be read. A client should ask again by OPTIONS.',
  'credential-error':
    'the 200 OK says error= in place of a credential. A client should tell its user or try again later.',
  'credential-wrong-password':
    'the password of the credential does not fit. The relay will answer 401; a client should ask for another.',
  'credential-revoked':
    'the TURN credential was revoked, and its allocations ended. A client should ask for another by OPTIONS and restart ICE.',
  'credential-unusable':
    'the TURN server refused a good credential. A client should ask for another, or try another TURN URI after 500.',
  'access-token-refused':
    'the TURN server refused a good access token. A client should fetch another, once, and then tell its user.',
  'credential-store-down':
    'the store of credentials is away. A client should keep what it has, and ask again after retry-after.',
  'web-token-refused': 'the edge refused a good web token. A client should fetch another, once.',
  'authorization-server-down':
    'the authorization server did not answer. A client should use the token that it has, and try again later.',
  'clock-skew': 'a clock is ahead or behind, so a credential seems over, or endless, to one side only.',
  'sip-answer': 'the edge refused the request. A client should do what the status and Retry-After ask for.',
  'sip-stale-nonce':
    'the edge asked for another digest with stale=true. A client should repeat at once, without asking for the password.',
  'sip-wrong-realm': 'the 401 named another realm. A client that answers it anyway is refused.',
  'answer-delayed': 'the answer was held back. A client should wait as long as the transaction lasts (32 s).',
  'answer-doubled': 'the answer came twice. A client should ignore the second.',
  'answer-lost': 'the answer was dropped. A client should give up after 32 s, then try again.',
  'flow-closed': 'the WebSocket was closed. A client should connect again and register.',
  'flow-cut': 'the WebSocket was cut without a close frame. A client should notice, connect again and register.',
  'server-restart':
    'the server was restarted. A client should connect again, register, and restart ICE with the new credential.',
  'turn-answer':
    'the TURN server refused the request. A client should get a fresh credential or restart ICE, by the code.',
  'turn-no-answer': 'the TURN server did not answer. A client should try another TURN URI.',
  'allocation-ended': 'the allocation ended under the call. A client should restart ICE.',
  'relay-loss': 'the relay drops packets.',
  'relay-delay': 'the relay holds packets back.',
  'relay-reorder': 'the relay sends packets out of order.',
  'relay-bandwidth': 'the relay lets only so many bits a second through.',
} as const;
