import { type SipMessage } from './message.ts';

/** The body as UTF-8 text. Octets that are not UTF-8 read U+FFFD. */
export function bodyText({ body }: SipMessage): string {
  return Buffer.from(body.buffer, body.byteOffset, body.length).toString();
}
