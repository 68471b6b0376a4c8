import { readFileSync } from 'node:fs';

/** The block of code that follows `<!-- example:<name> -->` on a page of the documentation. */
export function exampleOf(page: string, name: string): string {
  const [, after] = readFileSync(page, 'utf8').split(`<!-- example:${name} -->`);
  const block = /^\s+```\w+\n(.*?)```/s.exec(after ?? '')?.[1];
  if (block === undefined) throw new Error(`${page}: no example after <!-- example:${name} -->`);
  return block;
}
