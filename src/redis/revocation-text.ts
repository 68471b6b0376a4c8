import { type Revocation } from '../credentials/revocation/revocation.ts';

/*
 * How revocations are written in Redis. Whoever can write there can write anything: what is no revocation is none, and nothing more.
 */

const MAX_TEXT_LENGTH = 2048;
const MEMBER = /^(\d{1,12}) ([^]{1,512})$/;

/** A revocation as a member of the sorted set. */
export function formatMember({ user, untilSec }: Revocation): string {
  return `${Math.ceil(untilSec)} ${user}`;
}

export function parseMember(text: unknown): Revocation | undefined {
  const match = typeof text === 'string' ? MEMBER.exec(text) : undefined;
  const [, untilSec, user] = match ?? [];
  return user === undefined ? undefined : { user, untilSec: Number(untilSec) };
}

/** A revocation as a message on the channel. `from`: the id of the sender, which hears its own messages too. */
export function formatMessage(entry: Revocation, from: string): string {
  return `${from} ${formatMember(entry)}`;
}

export function parseMessage(text: string): { readonly from: string; readonly entry: Revocation } | undefined {
  if (text.length > MAX_TEXT_LENGTH) return undefined;
  const space = text.indexOf(' ');
  const entry = parseMember(text.slice(space + 1));
  return space > 0 && entry ? { from: text.slice(0, space), entry } : undefined;
}
