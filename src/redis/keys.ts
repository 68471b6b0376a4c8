import { type DeliveredName } from '../credentials/delivered/delivery.ts';

/*
 * The keys and channels of coturn's Redis driver, and a few beside them. Names come from clients and are data: what could mean something else in a
 * key, a pattern or a command line is written as %XX, so no name reaches the key of another.
 */

/**
 * Characters that are escaped in a key: separators, those of patterns, blanks, control characters, and `%` itself, so that no two names become
 * one.
 */
const MEANINGFUL = /[%/*?[\]\\^\s\p{Cc}]/gu;

export function escapeName(name: string): string {
  return name.replace(MEANINGFUL, (character) =>
    [...Buffer.from(character, 'utf8')].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}

function userPath({ user, realm }: DeliveredName): string {
  return `turn/realm/${escapeName(realm)}/user/${escapeName(user)}`;
}

/** The key in Redis that holds MD5 of `user:realm:password` in 32 hexadecimal digits. */
export function userKey(name: DeliveredName): string {
  return `${userPath(name)}/key`;
}

/** The key in Redis, not one of coturn's, that holds the person whom quotas count. */
export function personKey(name: DeliveredName): string {
  return `${userPath(name)}/person`;
}

/** The channel on which the state of an allocation is published. */
export function statusChannel(name: DeliveredName, allocationId: string): string {
  return `${userPath(name)}/allocation/${escapeName(allocationId)}/status`;
}

/** The channel on which the traffic of an allocation is published when it has ended. */
export function totalTrafficChannel(name: DeliveredName, allocationId: string): string {
  return `${userPath(name)}/allocation/${escapeName(allocationId)}/total_traffic`;
}
