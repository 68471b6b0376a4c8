import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ELSEWHERE = ['node_modules', 'dist', 'coverage'];

/** Every Markdown file of the repository, by its path from the root. */
export function markdownFiles(folder = '.'): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name.startsWith('.') || ELSEWHERE.includes(path) ? [] : markdownFiles(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

/** The text without its blocks of code, where a link is no link. */
function prose(path: string): string {
  return readFileSync(path, 'utf8').replaceAll(/^```.*?^```/gms, '');
}

/** Targets of the links and pictures of a page, those in HTML too; code spans hold none. */
export function linksOf(path: string): string[] {
  const text = prose(path).replaceAll(/`[^`\n]*`/g, (span) => span.replaceAll(/[()[\]]/g, ' '));
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g), ...text.matchAll(/(?:src|srcset|href)="([^"\s]+)"/g)];
  return links.map(([, target = '']) => target);
}

/** The anchors that GitHub gives to the headings of a page. */
export function anchorsOf(path: string): Set<string> {
  const seen = new Map<string, number>();
  const anchors = [...prose(path).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => {
    const slug = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
      .replaceAll(' ', '-');
    const before = seen.get(slug) ?? 0;
    seen.set(slug, before + 1);
    return before === 0 ? slug : `${slug}-${before}`;
  });
  return new Set(anchors);
}
