import { describe, expect, it } from 'vitest';
import { NonceMint } from '../../../src/edge/core/nonce.ts';

describe('a nonce', () => {
  const mint = new NonceMint(300);

  it('is fresh for its lifetime, then expired', () => {
    const nonce = mint.issue('flow', 1000.7);
    expect(mint.check(nonce, 'flow', 300_999)).toEqual({ kind: 'fresh', issuedAtMs: 1000 });
    expect(mint.check(nonce, 'flow', 301_000)).toEqual({ kind: 'expired', issuedAtMs: 1000 });
  });

  it('is never issued twice', () => {
    expect(mint.issue('flow', 0)).not.toBe(mint.issue('flow', 0));
  });

  it('is foreign on another flow, to another mint, and after any change', () => {
    const nonce = mint.issue('flow', 1000);
    expect(mint.check(nonce, 'other', 1000).kind).toBe('foreign');
    expect(new NonceMint(300).check(nonce, 'flow', 1000).kind).toBe('foreign');
    for (let i = 0; i < nonce.length; i++) {
      const changed = `${nonce.slice(0, i)}${nonce[i] === 'A' ? 'B' : 'A'}${nonce.slice(i + 1)}`;
      expect(mint.check(changed, 'flow', 1000).kind).toBe('foreign');
    }
    for (const text of ['', 'x', `${nonce}A`, nonce.slice(1)]) {
      expect(mint.check(text, 'flow', 1000).kind).toBe('foreign');
    }
  });
});
