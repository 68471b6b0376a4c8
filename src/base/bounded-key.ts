import { hash } from 'node:crypto';

const MAX_LENGTH = 100;

/** A key of bounded length for a text of any length: a long text is replaced by its hash. */
export function boundedKey(text: string): string {
  return text.length <= MAX_LENGTH ? text : hash('sha256', text, 'base64url');
}
