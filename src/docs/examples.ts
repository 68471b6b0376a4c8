import { readFileSync } from 'node:fs';

/** Pages written by hand that show a file of examples/. */
export const PAGES_WITH_EXAMPLES = [
  'README.md',
  'docs/guide/client.md',
  'docs/guide/faults.md',
  'docs/guide/testing.md',
  'docs/reference/library.md',
] as const;

const EXAMPLE = /^(<!-- example:(examples\/[\w./-]+\.(\w+)) -->\n\n)```.*?^```$/gms;

/** The page with each of its examples as the file is now: `<!-- example:examples/… -->`, and the block of code that follows. */
export function pageWithExamples(path: string): string {
  return readFileSync(path, 'utf8').replaceAll(
    EXAMPLE,
    (_, mark: string, file: string, language: string) =>
      `${mark}\`\`\`${language}\n${readFileSync(file, 'utf8')}\`\`\``,
  );
}
