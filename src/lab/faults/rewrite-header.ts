import { type SipHeaders } from '../../sip/message.ts';

/** Puts another value in the place of each of that name, in order. */
export function rewriteHeader(headers: SipHeaders, name: string, rewrite: (value: string) => string): void {
  const values = headers.getAll(name);
  headers.remove(name);
  for (const value of values) headers.append(name, rewrite(value));
}
