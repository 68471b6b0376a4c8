import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { FORBIDDEN_CAUSES, forbidden, forbiddenPhrase } from '../../src/edge/forbidden.ts';
import { WicMessages } from './support/wic.ts';

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

it('a 403 of the edge says which of its causes it is, each in words of its own that README explains', () => {
  const phrases = FORBIDDEN_CAUSES.map(forbiddenPhrase);
  expect(new Set(phrases).size).toBe(FORBIDDEN_CAUSES.length);
  for (const phrase of phrases) {
    const words = /^Forbidden \((.+)\)$/.exec(phrase)?.[1] ?? '';
    expect(README).toContain(`| \`${words}\``);
  }
  const request = new WicMessages('alice').build('INVITE', 'sip:bob@example.com', 'sip:bob@example.com');
  expect(forbidden(request, 'other-dialog')).toMatchObject({ status: 403, reason: forbiddenPhrase('other-dialog') });
});
