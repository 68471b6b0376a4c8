import { hash } from 'node:crypto';

const MAX_LENGTH = 100;

/** A key that takes little room, however long the text: a long one is known by its hash. */
export function boundedKey(text: string): string {
  return text.length <= MAX_LENGTH ? text : hash('sha256', text, 'base64url');
}
