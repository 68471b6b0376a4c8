import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { publishedJsonSchema, withConfigTables } from '../../src/config/documentation.ts';
import { knownKeys } from '../../src/config/known-keys.ts';

describe('the documentation of the configuration', () => {
  it('in README.md is what the schema says (else: npm run docs)', () => {
    const readme = readFileSync('README.md', 'utf8');
    expect(withConfigTables(readme)).toBe(readme);
  });

  it('in config/epcscf-turn.schema.json is what the schema says (else: npm run docs)', () => {
    expect(JSON.parse(readFileSync('config/epcscf-turn.schema.json', 'utf8'))).toEqual(publishedJsonSchema());
  });

  it('describes every key, and names the default of every key that is not part of a list entry', () => {
    for (const { path, node } of knownKeys()) {
      expect(node.description, path).toMatch(/\.$/);
      const optional = /(?:secret|pseudonymKey|captureKey)(?:File)?$/i.test(path) || path.includes('[]');
      if (!optional) expect(node.default ?? node.defaultText, path).toBeDefined();
    }
  });

  it('gives every key an environment variable of its own', () => {
    const names = knownKeys().map(({ environment }) => environment);
    expect(new Set(names).size).toBe(names.length);
  });
});
