import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { knownKeys } from '../../src/config/known-keys.ts';
import { ISSUE_FAILURES } from '../../src/base/issue-failure.ts';
import { CREDENTIAL_HEADER_NAMES } from '../../src/sip/turn-credential.ts';
import { markdownFiles } from './markdown.ts';

const PATHS = knownKeys().map(({ path }) => path.replaceAll('[]', ''));
const SECTIONS = ['tls', 'log', 'edge', 'turn', 'credentials', 'oauth'];

/** The code spans of a page that name a key of the configuration, or a section of it. */
function keysOn(page: string): string[] {
  const name = new RegExp(`\`((?:${SECTIONS.join('|')})(?:\\.[a-zA-Z]+)+)(?::[^\`]*)?\``, 'g');
  return [...readFileSync(page, 'utf8').matchAll(name)].map(([, key = '']) => key);
}

describe('the documentation', () => {
  it.each(['README.md', ...markdownFiles('docs')])('%s names only keys that exist', (page) => {
    const unknown = keysOn(page).filter((key) => !PATHS.some((path) => path === key || path.startsWith(`${key}.`)));
    expect(unknown).toEqual([]);
  });

  it.each(markdownFiles())('%s names only files that exist', (page) => {
    const names = [...readFileSync(page, 'utf8').matchAll(/`((?:src|test|config|docker|examples)\/[\w./-]*)`/g)];
    expect(names.map(([, path = '']) => path).filter((path) => !existsSync(path))).toEqual([]);
  });

  it('tells every header field of a credential, and every reason why there is none', () => {
    const page = readFileSync('docs/reference/header-fields.md', 'utf8');
    for (const name of [...CREDENTIAL_HEADER_NAMES, ...ISSUE_FAILURES]) expect(page).toContain(`"${name}"`);
  });
});
