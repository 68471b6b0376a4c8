import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { generatedPages } from '../../src/docs/pages.ts';

describe('a generated page', () => {
  it.each([...generatedPages()])('%s is what the code says (else: npm run docs)', (path, text) => {
    const written = readFileSync(path, 'utf8');
    if (path.endsWith('.json')) expect(JSON.parse(written)).toEqual(JSON.parse(text));
    else expect(written).toBe(text);
  });
});
