// Builds dist/: the library as tsc emits it, the command as one file, the demo page. `npm run build`.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { writeNotices } from './third-party-notices.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = 'src/admin/demo-page';
const pageOut = 'dist/pages/demo';
const notices = 'dist/THIRD-PARTY-NOTICES.txt';
const notice = '/* Licences of what is bundled here: dist/THIRD-PARTY-NOTICES.txt of the package epcscf-turn. */';
process.chdir(root);

rmSync('dist', { recursive: true, force: true });

const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const compiled = spawnSync(process.execPath, [tsc, '-p', 'src/tsconfig.json'], { stdio: 'inherit' });
if (compiled.status !== 0) process.exit(compiled.status ?? 1);

// The command starts in half the time as one file. What it needs only now and then stays outside, or in files of its own: the lab.
rmSync('dist/cli', { recursive: true });
const command = await build({
  entryPoints: ['src/cli/main.ts'],
  outdir: 'dist/cli',
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  external: ['selfsigned', 'pino-pretty', 'bufferutil', 'utf-8-validate', '@roamhq/wrtc'],
  // Some dependencies are CommonJS and ask for require.
  banner: {
    js: `${notice}\nimport { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);`,
  },
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
});
chmodSync('dist/cli/main.js', 0o755);

mkdirSync(pageOut, { recursive: true });
const pageFiles = await build({
  entryPoints: [`${page}/page.ts`, `${page}/page.css`],
  outdir: pageOut,
  bundle: true,
  platform: 'browser',
  format: 'esm',
  target: ['chrome109', 'firefox115', 'safari16.4'],
  minify: true,
  banner: { js: notice, css: notice },
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
});
for (const name of ['index.html', 'icon.svg']) cpSync(`${page}/${name}`, `${pageOut}/${name}`);

writeNotices(notices, [command.metafile, pageFiles.metafile]);
