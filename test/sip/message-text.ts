import { formatSipMessage } from '../../src/sip/format-message.ts';
import { type SipMessage } from '../../src/sip/message.ts';
import { type ParseLimits, parseSipMessage } from '../../src/sip/parse-message.ts';

/** For messages that are text to their end. */
export function parseText(text: string, limits: ParseLimits): ReturnType<typeof parseSipMessage> {
  return parseSipMessage(Buffer.from(text), limits);
}

export function formatText(message: SipMessage): string {
  return formatSipMessage(message).toString();
}
