import { describe, expect, it } from 'vitest';
import { NonceMint } from '../../../src/edge/core/nonce.ts';

describe('a nonce', () => {
  const mint = new NonceMint();

  it('tells the mint that issued it when that was, and which of its flow it is', () => {
    const nonce = mint.issue('flow', 7, 1000.7);
    expect(nonce).toMatchObject({ serial: 7, issuedAtMs: 1000 });
    expect(mint.read(nonce.text, 'flow')).toEqual(nonce);
  });

  it('is never issued twice', () => {
    expect(mint.issue('flow', 1, 0).text).not.toBe(mint.issue('flow', 2, 0).text);
    expect(mint.issue('flow', 1, 0).text).not.toBe(mint.issue('other', 1, 0).text);
    expect(mint.issue('flow', 1, 0).text).not.toBe(new NonceMint().issue('flow', 1, 0).text);
  });

  it('is foreign on another flow, to another mint, and after any change', () => {
    const { text } = mint.issue('flow', 1, 1000);
    expect(mint.read(text, 'other')).toBeUndefined();
    expect(new NonceMint().read(text, 'flow')).toBeUndefined();
    for (let i = 0; i < text.length; i++) {
      for (const other of ['A', 'B', '2', '']) {
        if (text[i] === other) continue;
        expect(mint.read(`${text.slice(0, i)}${other}${text.slice(i + 1)}`, 'flow')).toBeUndefined();
      }
    }
    for (const changed of ['', 'x', `${text}A`, `0${text}`]) expect(mint.read(changed, 'flow')).toBeUndefined();
  });
});
