/** Import directions between rooms are eslint's part; this adds what one file at a time cannot see. */
module.exports = {
  forbidden: [
    { name: 'no-circle', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-orphan', severity: 'error', from: { orphan: true, pathNot: '\\.d\\.ts$' }, to: {} },
    {
      name: 'no-dev-dependency',
      severity: 'error',
      from: { path: '^src', pathNot: 'demo-page|(build|dev)\\.mjs$|^src/docs/' },
      // An optional peer is a development dependency besides, for the tests.
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm-peer'] },
    },
    { name: 'turn-and-edge-never-meet', severity: 'error', from: { path: '^src/turn' }, to: { path: '^src/edge' } },
    { name: 'edge-and-turn-never-meet', severity: 'error', from: { path: '^src/edge' }, to: { path: '^src/turn' } },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { extensions: ['.ts', '.mjs', '.js', '.json'] },
  },
};
