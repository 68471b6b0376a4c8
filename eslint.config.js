import { posix } from 'node:path';
import tseslint from 'typescript-eslint';

/**
 * The doors of the house (see ARCHITECTURE.md): which room may import from which. A room that is not listed for a folder is closed to it.
 * The table is the only place that says so; dependency-cruiser adds that no door may lead round in a circle.
 */
const doors = {
  base: [],
  stun: ['base'],
  sip: ['base'],
  credentials: ['base'],
  turn: ['base', 'stun', 'credentials'],
  edge: ['base', 'sip', 'credentials'],
  redis: ['base', 'credentials'],
  http: ['base'],
  oauth: ['base', 'credentials'],
  admin: ['base', 'http'],
  'demo-page': ['wic'],
  config: ['base'],
  wic: [],
  cli: ['base', 'config', 'server', 'credentials', 'lab'],
  lab: ['base', 'http', 'stun', 'sip', 'config', 'server', 'credentials', 'edge', 'turn', 'oauth', 'redis'],
};
const rooms = [...Object.keys(doors), 'server', 'index'];

/**
 * Rooms inside a room: what they may import from outside, and from beside them. `beside` opens the files of a room, not the rooms inside it. Each
 * list names only rooms that stand above it here, so that no arrow runs up.
 */
const innerDoors = {
  'turn/contract': { outside: ['base'], beside: [] },
  'turn/kernel': { outside: ['base'], beside: ['turn/contract'] },
  'turn/dataplane/shared': { outside: ['base', 'stun'], beside: ['turn/contract'] },
  'turn/dataplane/batch': {
    outside: ['base', 'stun'],
    beside: ['turn/contract', 'turn/kernel', 'turn/dataplane/shared'],
  },
  'turn/dataplane/node': {
    outside: ['base', 'stun'],
    beside: ['turn/contract', 'turn/kernel', 'turn/dataplane/shared'],
  },
  'turn/transports': {
    outside: ['base', 'stun'],
    beside: ['turn/contract', 'turn/kernel', 'turn/dataplane/shared', 'turn/dataplane/node'],
  },
  ...engineDoors(),
  'edge/flood': edgeRoom(),
  'edge/trace': edgeRoom(),
  'edge/registration': edgeRoom(),
  'edge/websocket': edgeRoom(),
  'edge/flow': edgeRoom('edge/flood', 'edge/registration', 'edge/websocket'),
  'edge/web-identity': edgeRoom('edge/flood', 'edge/registration'),
  'edge/border': edgeRoom('edge/flow', 'edge/registration'),
  'edge/credential-insertion': edgeRoom('edge/registration'),
  'edge/core': edgeRoom('edge/border', 'edge/flood', 'edge/flow', 'edge/registration'),
  'edge/core/external/transport': edgeRoom('edge/core', 'edge/flow'),
  'edge/core/external': edgeRoom('edge/border', 'edge/core', 'edge/core/external/transport', 'edge/registration'),
  'edge/reg-event': edgeRoom('edge/registration'),
  'edge/proxy': edgeRoom(
    ...['edge/border', 'edge/core', 'edge/credential-insertion', 'edge/flood', 'edge/flow', 'edge/registration'],
    'edge/web-identity',
  ),
  'edge/drain': edgeRoom('edge/flow', 'edge/proxy', 'edge/registration'),
};
/** Files of `edge/` that put its rooms together. The others beside them are values that every room of it may use, and know no room. */
const edgeStages = [
  'edge',
  'edge-wrap',
  'edge-snapshot',
  'build-state',
  'build-core',
  'build-reg-event',
  'build-sign-in',
  'build-proxy',
];
const edgeValue = `(?!(?:${edgeStages.join('|')})\\.ts$)[^/]+`;

/** The rooms of the TURN engine are chapters of one state machine, open to one another; its walls stand round all of them. */
function engineDoors() {
  const names = [
    'allocation',
    'authentication',
    'discovery',
    'mobility',
    'observe',
    'peers',
    'relay',
    'requests',
    'tcp',
  ];
  const chapters = names.map((name) => `turn/engine/${name}`);
  const all = ['turn/engine', ...chapters];
  return Object.fromEntries(
    all.map((room) => [room, { outside: doors.turn, beside: ['turn/contract', ...all.filter((one) => one !== room)] }]),
  );
}

function edgeRoom(...beside) {
  return { outside: doors.edge, beside, values: true };
}

const ioModules = ['net', 'tls', 'dgram', 'http', 'https', 'fs', 'fs/promises', 'timers', 'timers/promises'];
/** Reading and writing the text of an address is no I/O, though Node keeps it with the sockets. */
const textOfAddresses = ['net', 'node:net'];

/** Files that hold words alone and import nothing, so that the demo page may show them. */
const words = {
  'demo-page': [
    'edge/edge-words',
    'turn/engine/observe/turn-words',
    'oauth/oauth-words',
    'credentials/delivered/delivery-words',
  ],
};

function door(room, open) {
  const closed = rooms.filter((other) => other !== room && !open.includes(other));
  const but = words[room] ? `(?!(?:${words[room].join('|')})\\.ts$)` : '';
  const patterns = closed.map((other) => ({
    regex: `^(\\.\\./)+${but}${other}(/|\\.ts$)`,
    message: `${room} has no door to ${other}: see ARCHITECTURE.md.`,
  }));
  return { files: [`src/${room}/**/*.ts`], rules: { 'no-restricted-imports': ['error', { patterns }] } };
}

/** Every relative import of a room that is not one of these ways, each a regular expression. */
function allBut(room, ways) {
  return [{ regex: `^(?!(?:${ways.join('|')})$)\\.`, message: `${room} has no door there: see ARCHITECTURE.md.` }];
}

function wayTo(other, room) {
  const way = posix.relative(room, other);
  return (way.startsWith('.') ? way : `./${way}`).replaceAll('.', '\\.');
}

function innerPatterns(room) {
  const { outside, beside, values } = innerDoors[room];
  return allBut(room, [
    '\\./[^/]+',
    ...outside.map((other) => `${wayTo(other, room)}/.+`),
    ...beside.map((other) => `${wayTo(other, room)}/[^/]+`),
    ...(values ? [`${wayTo('edge', room)}/${edgeValue}`] : []),
  ]);
}

/** The protocol rooms take bytes and a time and hand effects out; sockets and clocks live elsewhere. */
function pure(room, patterns, exempt = []) {
  const paths = ioModules
    .flatMap((name) => [name, `node:${name}`])
    .concat('ws')
    .filter((name) => !exempt.includes(name))
    .map((name) => ({ name, message: 'This room does no I/O.' }));
  return {
    files: [`src/${room}/**/*.ts`],
    rules: {
      'no-restricted-imports': ['error', { patterns, paths }],
      'no-restricted-globals': [
        'error',
        ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'fetch', 'performance'].map((name) => ({
          name,
          message: 'This room reads no clock and arms no timer.',
        })),
      ],
      'no-restricted-syntax': [
        'error',
        noExportAll,
        { selector: 'NewExpression[callee.name="Date"]', message: 'Time comes in as an argument.' },
        {
          selector: 'MemberExpression[object.name="Date"][property.name="now"]',
          message: 'Time comes in as an argument.',
        },
      ],
    },
  };
}

/** Where a clock may be taken from the machine: what a program builds first, and what runs outside of a server. */
const clockOwners = [
  'src/base/clock.ts',
  'src/server/server.ts',
  'src/turn/turn-server.ts',
  'src/lab/{create,start}-lab.ts',
  'src/{cli,docs,wic,demo-page}/**',
];

const ownClocks = [
  'MemberExpression[object.name="Date"][property.name="now"]',
  'MemberExpression[object.name="performance"][property.name="now"]',
  'Identifier[name="systemClock"]',
].map((selector) => ({
  selector,
  message: 'Take the time from the Clock that is handed in, so that tests can set it.',
}));

const noExportAll = {
  selector: 'ExportAllDeclaration',
  message: 'Export by name, so that a reader sees what is public.',
};

function patternsOf(room) {
  return door(room, doors[room]).rules['no-restricted-imports'][1].patterns;
}

export default tseslint.config(
  // Examples see the package from outside, as its users do: test/lab/packed.test.ts compiles those in TypeScript.
  { ignores: ['dist/', 'coverage/', 'node_modules/', 'examples/**/*.ts'] },
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
      'no-restricted-syntax': ['error', noExportAll],
    },
  },
  ...Object.entries(doors).map(([room, open]) => door(room, open)),
  door('server', ['base', 'credentials', 'turn', 'edge', 'redis', 'http', 'oauth', 'admin', 'config']),
  {
    files: ['src/edge/*.ts'],
    ignores: edgeStages.map((name) => `src/edge/${name}.ts`),
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: allBut('edge', [`\\./${edgeValue}`, ...doors.edge.map((other) => `\\.\\./${other}/.+`)]) },
      ],
    },
  },
  // Sorted, so that the doors of a room inside a room count and not those of the outer one.
  ...Object.keys(innerDoors)
    .sort()
    .map((room) => ({
      files: [`src/${room}/**/*.ts`],
      rules: { 'no-restricted-imports': ['error', { patterns: innerPatterns(room) }] },
    })),
  {
    files: ['src/**/*.ts'],
    ignores: clockOwners,
    rules: { 'no-restricted-syntax': ['error', noExportAll, ...ownClocks] },
  },
  pure('turn/contract', innerPatterns('turn/contract')),
  ...Object.keys(engineDoors()).map((room) => pure(room, innerPatterns(room))),
  pure('credentials', patternsOf('credentials')),
  pure('stun', patternsOf('stun'), textOfAddresses),
  pure('sip', patternsOf('sip'), textOfAddresses),
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
