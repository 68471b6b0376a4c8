/** A field of a fault as a form asks for it. */
export type FaultField =
  | {
      readonly type: 'number';
      readonly name: string;
      readonly label: string;
      readonly min: number;
      readonly max: number;
      /** The request has the number of the form times this: a form says 20 %, a request 0.2. */
      readonly scale: number;
      /** What the form begins with; `undefined` for a field that may stay empty. */
      readonly start: number | undefined;
    }
  | {
      readonly type: 'choice';
      readonly name: string;
      readonly label: string;
      readonly values: readonly string[];
      readonly start: string;
    }
  | {
      readonly type: 'text';
      readonly name: string;
      readonly label: string;
      readonly maxLength: number;
      readonly start: string;
    };

export interface FaultForm {
  readonly label: string;
  readonly fields: readonly FaultField[];
  /** Which methods it can be aimed at. */
  readonly methods: readonly string[];
}

/** The schema takes any SIP method; these are what a WIC sends. */
const SIP_METHODS = ['REGISTER', 'OPTIONS', 'INVITE', 'ACK', 'BYE', 'CANCEL', 'MESSAGE'] as const;
export const TURN_METHODS = ['Allocate', 'Refresh', 'CreatePermission', 'ChannelBind'] as const;

/** Whom and how often; `user` and `method` are choices that depend on the lab and the fault. */
export const AIM_FIELDS: readonly FaultField[] = [
  number('times', 'Ends after so many hits', [1, 1_000_000]),
  number('forMs', 'Ends after (s)', [1, 86_400], { scale: 1000 }),
];

const direction: FaultField = {
  type: 'choice',
  name: 'direction',
  label: 'Direction',
  values: ['both', 'to-peer', 'to-client'],
  start: 'both',
};

/** By kind. A test holds it against the server's schema. */
export const FAULT_FORMS: ReadonlyMap<string, FaultForm> = new Map([
  ['credential-ttl', form('Credential of seconds', [number('ttlSec', 'Seconds', [1, 86_400], { start: 5 })])],
  ['credential-missing', form('No credential', [])],
  ['credential-malformed', form('Malformed credential', [])],
  [
    'credential-error',
    form('error= in place of a credential', [
      choice('error', 'Error', ['denied', 'quota', 'insecure', 'unsupported', 'unavailable']),
      number('retryAfterSec', 'Retry after (s)', [1, 86_400]),
    ]),
  ],
  ['credential-wrong-password', form('Credential with a wrong password', [])],
  ['credential-revoked', form('Credential revoked', [])],
  [
    'credential-unusable',
    form('Good credential refused', [
      choice('cause', 'Cause', ['unavailable', 'revoked', 'expired', 'unknown-user', 'wrong-realm']),
    ]),
  ],
  [
    'access-token-refused',
    form('Access token refused', [
      choice('cause', 'Cause', ['unknown-kid', 'forged-token', 'expired', 'not-yet-valid']),
    ]),
  ],
  ['credential-store-down', form('Credential store (Redis) down', [])],
  [
    'web-token-refused',
    form('Web token refused', [
      choice('cause', 'Cause', [
        'token-expired',
        'token-audience',
        'token-key',
        'token-inactive',
        'issuer-unavailable',
      ]),
    ]),
  ],
  ['authorization-server-down', form('Authorization server down', [])],
  [
    'clock-skew',
    form('Clock skew', [
      number('seconds', 'Seconds ahead', [-315_360_000, 315_360_000], { start: 7200 }),
      choice('of', 'Whose clock', ['turn', 'edge']),
    ]),
  ],
  [
    'sip-answer',
    form(
      'SIP answer',
      [number('status', 'Status', [300, 699], { start: 503 }), number('retryAfterSec', 'Retry-After (s)', [0, 86_400])],
      SIP_METHODS,
    ),
  ],
  ['sip-stale-nonce', form('401 with stale=true', [])],
  [
    'sip-wrong-realm',
    form('401 with a wrong realm', [
      { type: 'text', name: 'realm', label: 'Realm', maxLength: 127, start: 'wrong.invalid' },
    ]),
  ],
  ['answer-delayed', form('Answer delayed', [milliseconds('delayMs', 'Delay (ms)', 3000)], SIP_METHODS)],
  ['answer-doubled', form('Answer doubled', [], SIP_METHODS)],
  ['answer-lost', form('Answer lost', [], SIP_METHODS)],
  ['flow-closed', form('WebSocket closed', [number('code', 'Close code', [1000, 4999], { start: 1012 })], SIP_METHODS)],
  ['flow-cut', form('WebSocket cut', [], SIP_METHODS)],
  ['server-restart', form('Server restart', [milliseconds('downMs', 'Down for (ms)', 0)])],
  ['turn-answer', form('TURN error', [number('code', 'Code', [300, 699], { start: 486 })], TURN_METHODS)],
  ['turn-no-answer', form('No answer of TURN', [], TURN_METHODS)],
  ['allocation-ended', form('Allocation ended', [])],
  ['relay-loss', form('Packets lost', [percent('Lost (%)', 20), direction])],
  [
    'relay-delay',
    form('Packets delayed', [
      milliseconds('delayMs', 'Delay (ms)', 300),
      milliseconds('jitterMs', 'Jitter (ms)', 0),
      direction,
    ]),
  ],
  [
    'relay-reorder',
    form('Packets reordered', [
      percent('Out of order (%)', 10),
      number('delayMs', 'By (ms)', [1, 10_000], { start: 50 }),
      direction,
    ]),
  ],
  [
    'relay-bandwidth',
    form('Bandwidth limit', [number('bitsPerSec', 'kbit/s', [1, 10_000_000], { start: 100, scale: 1000 }), direction]),
  ],
]);

/** What people want most, one click each. */
export const FREQUENT_FAULTS: readonly { readonly label: string; readonly request: FrequentRequest }[] = [
  { label: 'Credential of 5 s', request: { kind: 'credential-ttl', ttlSec: 5 } },
  { label: 'No credential', request: { kind: 'credential-missing' } },
  { label: 'Wrong password (401)', request: { kind: 'credential-wrong-password' } },
  {
    label: '503 Retry-After',
    request: { kind: 'sip-answer', status: 503, retryAfterSec: 5, method: 'REGISTER', times: 1 },
  },
  { label: 'WebSocket cut', request: { kind: 'flow-cut' } },
  { label: 'Server restart', request: { kind: 'server-restart' } },
  { label: 'TURN 486', request: { kind: 'turn-answer', code: 486, method: 'Allocate' } },
  { label: 'Allocation ended', request: { kind: 'allocation-ended' } },
  { label: 'Credential revoked', request: { kind: 'credential-revoked' } },
  { label: '20 % loss', request: { kind: 'relay-loss', ratio: 0.2 } },
  { label: '300 ms delay', request: { kind: 'relay-delay', delayMs: 300 } },
  { label: '100 kbit/s', request: { kind: 'relay-bandwidth', bitsPerSec: 100_000 } },
];

/** The faults that people want most where users sign in by the web, one click each. */
export const FREQUENT_WEB_FAULTS: typeof FREQUENT_FAULTS = [
  { label: 'Web token expired', request: { kind: 'web-token-refused', cause: 'token-expired' } },
  { label: 'Wrong audience', request: { kind: 'web-token-refused', cause: 'token-audience' } },
  { label: 'Unknown kid', request: { kind: 'web-token-refused', cause: 'token-key' } },
  { label: 'Authorization server down', request: { kind: 'authorization-server-down' } },
];

interface FrequentRequest {
  readonly kind: string;
  readonly [field: string]: string | number;
}

function form(label: string, fields: readonly FaultField[], methods: readonly string[] = []): FaultForm {
  return { label, fields, methods };
}

function number(
  name: string,
  label: string,
  [min, max]: readonly [min: number, max: number],
  { start, scale = 1 }: { readonly start?: number; readonly scale?: number } = {},
): FaultField {
  return { type: 'number', name, label, min, max, scale, start };
}

function milliseconds(name: string, label: string, start: number): FaultField {
  return number(name, label, [0, 600_000], { start });
}

function percent(label: string, start: number): FaultField {
  return number('ratio', label, [1, 100], { start, scale: 0.01 });
}

function choice(name: string, label: string, values: readonly [string, ...string[]]): FaultField {
  return { type: 'choice', name, label, values, start: values[0] };
}
