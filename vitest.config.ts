import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { defineConfig } from 'vitest/config';

/** A thread of the data plane is started from a file that Node can read, so it is made of the sources as they are. */
const shard = new URL('node_modules/.cache/epcscf-turn/shard-entry.mjs', import.meta.url);
await build({
  entryPoints: [fileURLToPath(new URL('src/turn/dataplane/batch/shard-entry.ts', import.meta.url))],
  outfile: fileURLToPath(shard),
  bundle: true,
  platform: 'node',
  format: 'esm',
  sourcemap: 'inline',
});

export default defineConfig({
  plugins: [
    {
      name: 'shard-of-the-sources',
      transform: (code, id) =>
        id.endsWith('/dataplane/batch/shard-thread.ts')
          ? code
              .replace("'./shard-entry.js'", JSON.stringify(shard.href))
              .replace('"./shard-entry.js"', JSON.stringify(shard.href))
          : undefined,
    },
  ],
  test: {
    include: ['{test,examples}/**/*.test.ts'],
    exclude: ['test/bench/**'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    fileParallelism: true,
    maxWorkers: 2,
    // Clients of others wait most of their time.
    maxConcurrency: 8,
    coverage: { include: ['src/**/*.ts'], reporter: ['text-summary', 'html'] },
  },
});
