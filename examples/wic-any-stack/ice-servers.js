import { parseTurnCredential } from 'epcscf-turn/wic';

/** The `iceServers` of an RTCPeerConnection, from the 200 OK of a REGISTER: `getAll(name)` gives the values of a header field. */
export function iceServersOf(getAll) {
  const received = parseTurnCredential(getAll);
  if (received?.kind !== 'credential') return []; // no credential, and `received` says why
  const { uris: urls, username, password: credential } = received;
  return [{ urls, username, credential }];
}
