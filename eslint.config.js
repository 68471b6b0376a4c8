import tseslint from 'typescript-eslint';

/**
 * The doors of the house (see ARCHITECTURE.md): which room may import from which. A room that is not listed for a folder is closed to it.
 * The table is the only place that says so; dependency-cruiser adds that no door may lead round in a circle.
 */
const doors = {
  core: [],
  stun: ['core'],
  sip: ['core'],
  credentials: ['core'],
  turn: ['core', 'stun', 'credentials'],
  edge: ['core', 'sip', 'credentials'],
  admin: ['core'],
  config: ['core'],
  wic: [],
  cli: ['core', 'config', 'server', 'credentials'],
  testing: ['core', 'stun', 'config', 'server', 'credentials'],
};
const rooms = [...Object.keys(doors), 'server', 'index'];
const ioModules = [
  'node:net',
  'node:tls',
  'node:dgram',
  'node:http',
  'node:https',
  'node:fs',
  'node:fs/promises',
  'ws',
];

function door(room, open) {
  const closed = rooms.filter((other) => other !== room && !open.includes(other));
  const patterns = closed.map((other) => ({
    regex: `^(\\.\\./)+${other}(/|\\.ts$)`,
    message: `${room} has no door to ${other}: see ARCHITECTURE.md.`,
  }));
  return { files: [`src/${room}/**/*.ts`], rules: { 'no-restricted-imports': ['error', { patterns }] } };
}

/** The protocol rooms take bytes and a time and hand effects out; sockets and clocks live elsewhere. */
function pure(files, room, open) {
  const { patterns } = door(room, open).rules['no-restricted-imports'][1];
  const engineDoor =
    room === 'turn' ? [{ regex: '^\\.\\./(listeners|dataplane)/', message: 'The engine knows no transport.' }] : [];
  const paths = ioModules
    .filter((name) => name !== 'node:net' || room === 'turn')
    .map((name) => ({ name, message: 'This room does no I/O.' }));
  return {
    files,
    rules: {
      'no-restricted-imports': ['error', { patterns: [...patterns, ...engineDoor], paths }],
      'no-restricted-globals': [
        'error',
        ...['setTimeout', 'setInterval', 'setImmediate', 'fetch', 'performance'].map((name) => ({
          name,
          message: 'This room reads no clock and arms no timer.',
        })),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Time comes in as an argument.' },
      ],
    },
  };
}

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', 'node_modules/'] },
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: { allowDefaultProject: ['*.js', '.dependency-cruiser.cjs'] } },
    },
  },
  {
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      'no-console': 'error',
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportAllDeclaration', message: 'Export by name, so that a reader sees what is public.' },
      ],
    },
  },
  ...Object.entries(doors).map(([room, open]) => door(room, open)),
  pure(['src/turn/engine/**/*.ts'], 'turn', doors.turn),
  pure(['src/stun/**/*.ts'], 'stun', doors.stun),
  pure(['src/sip/**/*.ts'], 'sip', doors.sip),
  { files: ['src/cli/**/*.ts'], rules: { 'no-console': 'off' } },
  {
    files: ['**/*.{js,mjs,cjs}'],
    ...tseslint.configs.disableTypeChecked,
    rules: { ...tseslint.configs.disableTypeChecked.rules, 'no-console': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      'no-console': 'off',
      'max-lines': 'off',
    },
  },
);
