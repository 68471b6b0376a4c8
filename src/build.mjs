// Builds dist/: the library as tsc emits it, the command as one file, the demo page. `npm run build`.
import { spawnSync } from 'node:child_process';
import { chmodSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { commandBundle, pageBundle } from './bundles.mjs';
import { writeNotices } from './third-party-notices.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

rmSync('dist', { recursive: true, force: true });

const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const compiled = spawnSync(process.execPath, [tsc, '-p', 'src/tsconfig.json'], { stdio: 'inherit' });
if (compiled.status !== 0) process.exit(compiled.status ?? 1);

// What tsc made of the command is not what is shipped.
rmSync('dist/cli', { recursive: true });
const made = await Promise.all([build(commandBundle), build(pageBundle)]);
chmodSync('dist/cli/main.js', 0o755);

writeNotices(
  'dist/THIRD-PARTY-NOTICES.txt',
  made.map(({ metafile }) => metafile),
);
