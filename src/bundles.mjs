// What esbuild makes: the command and the demo page. For build.mjs, and for dev.mjs, which makes them again on every change.

const notice = '/* Licences of what is bundled here: dist/THIRD-PARTY-NOTICES.txt of the package epcscf-turn. */';
const page = 'src/demo-page';

/** The command starts in half the time as one file. What it needs only now and then stays outside, or in files of its own: the lab. */
export const commandBundle = {
  // A thread of the data plane is a file beside the one that starts it.
  entryPoints: [
    { in: 'src/cli/main.ts', out: 'main' },
    { in: 'src/turn/dataplane/batch/shard-entry.ts', out: 'shard-entry' },
  ],
  outdir: 'dist/cli',
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  // An import of types alone loads nothing: a part that is loaded when it is configured must not come along with its types.
  tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: false } },
  external: ['selfsigned', '@redis/client', 'pino-pretty', 'bufferutil', 'utf-8-validate', '@roamhq/wrtc'],
  // Some dependencies are CommonJS and ask for require.
  banner: {
    js: `${notice}\nimport { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);`,
  },
  legalComments: 'none',
  // The engine keeps the text of what it runs. Names stay, for stack traces.
  minifyWhitespace: true,
  minifySyntax: true,
  lineLimit: 160,
  metafile: true,
  logLevel: 'warning',
};

export const pageBundle = {
  entryPoints: ['page.ts', 'page.css', 'index.html', 'icon.svg'].map((name) => `${page}/${name}`),
  outdir: 'dist/pages/demo',
  loader: { '.html': 'copy', '.svg': 'copy' },
  bundle: true,
  platform: 'browser',
  format: 'esm',
  target: ['chrome109', 'firefox115', 'safari16.4'],
  minify: true,
  banner: { js: notice, css: notice },
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
};
