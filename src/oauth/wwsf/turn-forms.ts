import { type TurnCredential } from '../../credentials/credential.ts';

/** Shapes of the answer of `/turn-credentials`. */
export const TURN_FORMS = {
  rest: '`username`, `password`, `ttl` and `uris`.',
  ice: '`iceServers`, as an RTCPeerConnection takes it.',
  token: 'A token of RFC 7635 with its key and `kid`.',
} as const;
export type TurnForm = keyof typeof TURN_FORMS;

export function readTurnForm(text: string | undefined): TurnForm | undefined {
  if (text === undefined) return 'rest';
  return Object.hasOwn(TURN_FORMS, text) ? (text as TurnForm) : undefined;
}

/** A credential of TS 33.203 X.5.2 in the shape that a page has asked for. */
export function credentialFields(
  form: Exclude<TurnForm, 'token'>,
  { username, password, expiresAtSec }: TurnCredential,
  uris: readonly string[],
  nowMs: number,
) {
  const ttl = Math.max(0, Math.floor(expiresAtSec - nowMs / 1000));
  const secret = password.revealText();
  if (form === 'rest') return { username, password: secret, ttl, uris };
  return { iceServers: [{ urls: uris, username, credential: secret }], ttl };
}
