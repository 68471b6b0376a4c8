import { type LadderEvent } from '../../src/demo-page/ladder/arrow.ts';

const START_MS = 1_800_000_000_000;

export const CREDENTIAL = 'TURN-Cred-Rsp: name="u1";pwd="[masked]";lifetime=1800003600';
const RELAY = 'a=candidate:1 1 udp 41885439 127.0.0.1 50000 typ relay raddr 127.0.0.1 rport 40000';

/** Lines as SIP ends them. */
export function sipText(...lines: readonly string[]): string {
  return lines.join('\r\n') + '\r\n\r\n';
}

export function register(...headers: readonly string[]): string {
  return sipText('REGISTER sip:localhost SIP/2.0', 'To: <sip:alice@localhost>', 'CSeq: 1 REGISTER', ...headers);
}

export function answer(status: number, reason: string, method: string, ...headers: readonly string[]): string {
  return sipText(`SIP/2.0 ${status} ${reason}`, 'To: <sip:alice@localhost>', `CSeq: 1 ${method}`, ...headers);
}

export function invite(): string {
  return `${sipText('INVITE sip:bob@localhost SIP/2.0', 'CSeq: 1 INVITE')}v=0\r\n${RELAY}\r\n`;
}

/** `wic edge REGISTER`, `core edge 401 REGISTER` */
export function message(
  way: string,
  user: string | undefined,
  text?: string,
  flowId = `flow-${user ?? ''}`,
): LadderEvent {
  const [from = '', to = '', ...label] = way.split(' ');
  const [method, status] = label.length > 1 ? [label[1], Number(label[0])] : [label[0]];
  return event('message', user, { from, to, method, flowId, ...(status && { status }), ...(text && { text }) });
}

export function event(
  type: string,
  user: string | undefined,
  fields: Readonly<Record<string, unknown>> = {},
): LadderEvent {
  return { type, atUnixMs: START_MS, ...(user !== undefined && { user }), ...fields };
}

const CLIENT = { transport: 'udp', client: { address: '127.0.0.1', port: 40_000 } };
const RELAYED = { address: '127.0.0.1', port: 50_000 };

export function turnRequest(user: string | undefined, method: string, ...attributes: readonly string[]): LadderEvent {
  const text = [`${method} request, 100 bytes`, 'transaction 0102', ...attributes].join('\n');
  return event('turn-message', user, { ...CLIENT, direction: 'in', method, class: 'request', text });
}

export function turnAnswer(
  user: string | undefined,
  method: string,
  code?: number,
  ...attributes: readonly string[]
): LadderEvent {
  const kind = code === undefined ? 'success' : 'error';
  const text = [`${method} ${kind}, 100 bytes`, 'transaction 0102', ...attributes].join('\n');
  return event('turn-message', user, { ...CLIENT, direction: 'out', method, class: kind, ...(code && { code }), text });
}

export function authenticationRefused(cause: string): LadderEvent {
  return event('authentication-refused', undefined, { ...CLIENT, method: 3, cause });
}

/** What the server tells while a user registers. */
export function registering(user: string): LadderEvent[] {
  const flowId = `flow-${user}`;
  const challenge = answer(401, 'Unauthorized', 'REGISTER', 'WWW-Authenticate: Digest realm="localhost"');
  return [
    event('flow-opened', undefined, { flowId, remoteAddress: '127.0.0.1' }),
    message('wic edge REGISTER', undefined, undefined, flowId),
    message('edge core REGISTER', undefined, undefined, flowId),
    event('register-challenged', user, { flowId, aor: `sip:${user}@localhost`, stale: false }),
    message('core edge 401 REGISTER', user, challenge),
    message('edge wic 401 REGISTER', user, challenge),
    message('wic edge REGISTER', user, register('Authorization: Digest username="x"', 'TURN-Cred-Req: turn')),
    message('edge core REGISTER', user, register('Authorization: Digest username="x"')),
    message('core edge 200 REGISTER', user, answer(200, 'OK', 'REGISTER')),
    event('registered', user, { flowId, expiresSec: 120 }),
    event('credential-issued', user, { flowId, name: 'u1', expiresAtSec: 1_800_003_600, via: 'REGISTER' }),
    message('edge wic 200 REGISTER', user, answer(200, 'OK', 'REGISTER', CREDENTIAL)),
  ];
}

/** What it tells when the browser then gathers a relay candidate. */
export function allocating(user: string): LadderEvent[] {
  return [
    turnRequest(undefined, 'Allocate', 'REQUESTED-TRANSPORT: UDP (17)'),
    turnAnswer(undefined, 'Allocate', 401, 'ERROR-CODE: 401 Unauthenticated', 'REALM: localhost', 'NONCE: n1'),
    authenticationRefused('no-credentials'),
    turnRequest(user, 'Allocate', 'USERNAME: 1800003600:u1', 'MESSAGE-INTEGRITY: present, 20 bytes'),
    event('allocation-created', user, { ...CLIENT, relayed: RELAYED, keyId: 'k1', lifetimeSec: 600, turnName: 'u1' }),
    turnAnswer(user, 'Allocate', undefined, 'XOR-RELAYED-ADDRESS: 127.0.0.1:50000', 'LIFETIME: 600'),
  ];
}

/** A call between the two, as the caller's and the callee's edge tell it. */
export function calling(caller: string, callee: string): LadderEvent[] {
  const ok = answer(200, 'OK', 'INVITE');
  const ack = sipText('ACK sip:bob@localhost SIP/2.0', 'CSeq: 1 ACK');
  return [
    message('wic edge INVITE', caller, invite()),
    message('edge wic 100 INVITE', caller, answer(100, 'Trying', 'INVITE')),
    message('edge core INVITE', caller, invite()),
    message('core edge INVITE', callee, invite()),
    message('edge wic INVITE', callee, invite()),
    message('wic edge 180 INVITE', callee, answer(180, 'Ringing', 'INVITE')),
    message('edge wic 180 INVITE', caller, answer(180, 'Ringing', 'INVITE')),
    ...allocating(callee),
    message('wic edge 200 INVITE', callee, ok),
    message('edge wic 200 INVITE', caller, ok),
    message('wic edge ACK', caller, ack),
    message('edge wic ACK', callee, ack),
  ];
}
