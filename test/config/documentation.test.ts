import { describe, expect, it } from 'vitest';
import { knownKeys } from '../../src/config/known-keys.ts';

describe('the documentation of the configuration', () => {
  it('describes every key, and names the default of every key that is not part of a list entry', () => {
    for (const { path, node } of knownKeys()) {
      expect(node.description, path).toMatch(/\.$/);
      const optional = /(?:secret|pseudonymKey|captureKey)(?:File)?$/i.test(path) || path.includes('[]');
      if (!optional) expect(node.default ?? node.defaultText, path).toBeDefined();
    }
  });

  it('says what a key expects that takes values of several kinds, which would be told as "text"', () => {
    const several = knownKeys().filter(({ node }) => node.anyOf);
    expect(several.map(({ path }) => path)).toContain('turn.shards');
    for (const { path, node } of several) expect(node.expected, path).toBeDefined();
  });

  it('gives every key an environment variable of its own', () => {
    const names = knownKeys().map(({ environment }) => environment);
    expect(new Set(names).size).toBe(names.length);
  });
});
