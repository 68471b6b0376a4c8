// Writes what is generated: pages of docs/reference and the JSON Schema of the configuration. `npm run docs`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

process.chdir(fileURLToPath(new URL('../..', import.meta.url)));

// Where the dependencies are found that the bundle leaves outside.
const bundle = 'node_modules/.cache/epcscf-turn/docs.mjs';
await build({
  entryPoints: ['src/docs/pages.ts'],
  outfile: bundle,
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
  logLevel: 'warning',
});
const { generatedPages } = await import(pathToFileURL(bundle).href);

for (const [path, text] of generatedPages()) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
