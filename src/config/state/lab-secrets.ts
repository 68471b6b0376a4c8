import { randomBytes, randomInt } from 'node:crypto';
import { Secret } from '../../base/secret.ts';
import { type StateStore } from './state-store.ts';

const KEY_BYTES = 32;
/** A generated key: 32 bytes as 44 characters of base64. */
const KEY_FORM = /^[A-Za-z0-9+/]{43}=$/;
const USERS_FILE = 'users.json';
const LAB_USERS = ['alice', 'bob'];

export type KeyFile = 'km.key' | 'pseudonym.key' | 'flow-token.key';

/**
 * A generated key. Its value is the base64 text, not the bytes behind it, so that the very line can be pasted into coturn's
 * `static-auth-secret`.
 */
export function labKey(state: StateStore, name: KeyFile): Secret {
  return (
    keptKey(state, name) ?? parseKey(state, name, state.create(name, `${randomBytes(KEY_BYTES).toString('base64')}\n`))
  );
}

/** The key that was generated earlier; `undefined` when none was. */
export function keptKey(state: StateStore, name: KeyFile): Secret | undefined {
  const text = state.read(name);
  return text === undefined ? undefined : parseKey(state, name, text);
}

function parseKey(state: StateStore, name: KeyFile, text: string): Secret {
  const line = text.trim();
  if (!KEY_FORM.test(line)) throw state.broken(name, 'one line of 44 base64 characters');
  return new Secret(line);
}

/** Users of the embedded core that make a lab usable without configuration. */
export function labUsers(state: StateStore): Map<string, Secret> {
  const fresh = () =>
    JSON.stringify(Object.fromEntries(LAB_USERS.map((name) => [name, readablePassword()])), undefined, 2);
  const text = state.read(USERS_FILE) ?? state.create(USERS_FILE, `${fresh()}\n`);
  const users = new Map<string, Secret>();
  for (const [name, password] of parseUsers(state, text)) {
    if (typeof password !== 'string' || password === '' || !/^[\w.-]{1,64}$/.test(name)) throw brokenUsers(state);
    users.set(name, new Secret(password));
  }
  if (users.size === 0) throw brokenUsers(state);
  return users;
}

function parseUsers(state: StateStore, text: string): [string, unknown][] {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return Object.entries(parsed);
  } catch (cause) {
    throw brokenUsers(state, cause);
  }
  throw brokenUsers(state);
}

function brokenUsers(state: StateStore, cause?: unknown) {
  return state.broken(USERS_FILE, 'a JSON object of user names and passwords', cause);
}

const CONSONANTS = 'bdfghjklmnprstvz';
const VOWELS = 'aeiou';
const SYLLABLES = 9;

/** Three made-up words, as in `bakotu-zimeno-lafiru`: easy to read out and type, 56 bits. */
export function readablePassword(): string {
  const syllables = Array.from({ length: SYLLABLES }, () => pick(CONSONANTS) + pick(VOWELS));
  return [0, 3, 6].map((start) => syllables.slice(start, start + 3).join('')).join('-');
}

function pick(letters: string): string {
  return letters.charAt(randomInt(letters.length));
}
