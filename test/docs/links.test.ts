import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchorsOf, linksOf, markdownFiles } from './markdown.ts';

const { files } = JSON.parse(readFileSync('package.json', 'utf8')) as { files: string[] };
/** npm packs these unasked. */
const PACKED = [...files, 'README.md', 'LICENSE', 'package.json'];

function isPacked(path: string): boolean {
  return PACKED.some((entry) => path === entry || path.startsWith(`${entry}/`));
}

/** What is wrong with a link of a page; `undefined` when nothing is. */
function complaint(page: string, link: string): string | undefined {
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? page : relative('.', join(dirname(page), file));
  if (!existsSync(target)) return `${link}: there is no ${target}`;
  if (isPacked(page) && !isPacked(target)) return `${link}: ${target} is not in the package`;
  if (anchor === undefined) return undefined;
  if (statSync(target).isDirectory() || !anchorsOf(target).has(anchor)) return `${link}: ${target} has no such heading`;
  return undefined;
}

describe('the documentation', () => {
  it.each(markdownFiles())('%s links to what exists, and in the package to what is packed', (page) => {
    const own = linksOf(page).filter((link) => !/^[a-z]+:/.test(link));
    expect(own.map((link) => complaint(page, link)).filter((text) => text !== undefined)).toEqual([]);
  });

  it('has every page of docs/ in its index', () => {
    const linked = linksOf('docs/README.md').map((link) => join('docs', link.split('#')[0] ?? ''));
    const pages = markdownFiles('docs').filter((page) => page !== 'docs/README.md');
    expect(pages.filter((page) => !linked.includes(page))).toEqual([]);
  });

  it('has pictures of less than 150 KB', () => {
    const pictures = readdirSync('docs/pictures').map((name) => join('docs/pictures', name));
    expect(pictures.filter((path) => statSync(path).size > 150_000)).toEqual([]);
  });

  it('has a README of at most 10 KB', () => {
    expect(readFileSync('README.md').length).toBeLessThanOrEqual(10_000);
  });
});
