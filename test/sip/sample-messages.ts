import { createRequire } from 'node:module';
import { type SipMessage, type SipRequest, type SipResponse } from '../../src/sip/message.ts';
import { type ParseLimits } from '../../src/sip/parse-message.ts';
import { unwrap } from '../support/unwrap.ts';
import { parseText } from './message-text.ts';

export const limits: ParseLimits = { maxHeaders: 100, maxLineBytes: 8192 };

export function lines(...parts: readonly string[]): string {
  return parts.join('\r\n');
}

export const registerText = lines(
  'REGISTER sip:example.com SIP/2.0',
  'Via: SIP/2.0/WSS df7jal23ls0d.invalid;branch=z9hG4bKasudf',
  'Max-Forwards: 69',
  'To: <sip:alice@example.com>',
  'From: "Alice" <sip:alice@example.com>;tag=8321234356',
  'Call-ID: 9u8fhs9d8fhs9d8fh',
  'CSeq: 1 REGISTER',
  'Contact: <sip:alice@df7jal23ls0d.invalid;transport=ws>;reg-id=1;+sip.instance="<urn:uuid:f81d4fae>";expires=600',
  'TURN-Cred-Req: turn;ttl=7200',
  'Supported: path,gruu,outbound',
  'Content-Length: 0',
  '',
  '',
);

export const inviteText = lines(
  'INVITE sip:bob@example.com SIP/2.0',
  'Via: SIP/2.0/WSS edge.example.com;branch=z9hG4bKtop;rport, SIP/2.0/WSS x.invalid;branch=z9hG4bKclient',
  'Via: SIP/2.0/WSS y.invalid;branch=z9hG4bKthird',
  'Record-Route: <sip:edge.example.com;transport=ws;lr>',
  'Route: <sip:core.example.com;lr>, <sip:other.example.com;lr>',
  'Max-Forwards: 70',
  'To: Bob <sip:bob@example.com>',
  'From: <sip:alice@example.com>;tag=1928301774',
  'Call-ID: a84b4c76e66710',
  'CSeq: 314159 INVITE',
  'Contact: <sip:alice@x.invalid;transport=ws>',
  'Content-Type: application/sdp',
  'Content-Length: 7',
  '',
  'v=0 ä\n',
);

export function parsed(text: string): SipMessage {
  return unwrap(parseText(text, limits));
}

export function request(text: string): SipRequest {
  const message = parsed(text);
  if (message.kind !== 'request') throw new Error('expected a request');
  return message;
}

export function response(text: string): SipResponse {
  const message = parsed(text);
  if (message.kind !== 'response') throw new Error('expected a response');
  return message;
}

/** Both oracles are CommonJS without useful types. */
export const require = createRequire(import.meta.url);
