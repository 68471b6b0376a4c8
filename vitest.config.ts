import { defineConfig } from 'vitest/config';

export default defineConfig({
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
