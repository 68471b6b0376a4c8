import { expect, it } from 'vitest';
import { FORBIDDEN_CAUSES, forbidden, forbiddenPhrase } from '../../src/edge/forbidden.ts';
import { WicMessages } from './support/wic.ts';

it('a 403 of the edge says which of its causes it is, each in words of its own', () => {
  const phrases = FORBIDDEN_CAUSES.map(forbiddenPhrase);
  expect(new Set(phrases).size).toBe(FORBIDDEN_CAUSES.length);
  for (const phrase of phrases) expect(phrase).toMatch(/^Forbidden \(.+\)$/);
  const request = new WicMessages('alice').build('INVITE', 'sip:bob@example.com', 'sip:bob@example.com');
  expect(forbidden(request, 'other-dialog')).toMatchObject({ status: 403, reason: forbiddenPhrase('other-dialog') });
});
