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

/** A request of the web, `wic wwsf turn-credentials`, or its answer, `wwsf wic 200 turn-credentials`. */
export function webMessage(
  way: string,
  user: string | undefined,
  exchange: string,
  fields: Readonly<Record<string, unknown>> = {},
): LadderEvent {
  const [from = '', to = '', ...label] = way.split(' ');
  const [what, status] = label.length > 1 ? [label[1], Number(label[0])] : [label[0]];
  const impi = user === undefined ? {} : { impi: `${user}@localhost` };
  return event('web-message', user, { from, to, what, exchange, ...(status && { status }), ...impi, ...fields });
}

/** What the server tells while a page of that user gets an access token of its web server: figure X.5.3.2-1 up to step 6. */
export function gettingToken(user: string): LadderEvent[] {
  const asked = { grant: 'client_credentials', scope: 'turn' };
  const impi = `${user}@localhost`;
  return [
    webMessage('wic wwsf turn-credentials', user, 'e1', { form: 'token' }),
    webMessage('wwsf waf token', user, 'e2', asked),
    event('token-issued', user, { client: 'wwsf', scope: 'turn', impi, name: 'u2', expiresAtSec: 1_800_001_800 }),
    webMessage('waf wwsf 200 token', user, 'e2', asked),
    webMessage('wwsf wic 200 turn-credentials', user, 'e1', { form: 'token' }),
  ];
}

/** What it tells while that user logs in at the authorization server for an access token: figure 6.3.2.2-1 up to step 4. */
export function loggingIn(user: string): LadderEvent[] {
  const asked = { grant: 'implicit', scope: 'turn' };
  const impi = `${user}@localhost`;
  return [
    webMessage('wic waf authorization', undefined, 'e3', asked),
    webMessage('waf wic 200 authorization', undefined, 'e3', asked),
    webMessage('wic waf login', undefined, 'e3', asked),
    event('signed-in', user, { at: 'waf', by: 'password', impi }),
    event('token-issued', user, { client: 'page', scope: 'turn', impi, name: 'u2', expiresAtSec: 1_800_001_800 }),
    webMessage('waf wic 303 login', user, 'e3', asked),
  ];
}

/** What it tells when a TURN client then allocates by that token. Whose it is, the TURN server alone can say. */
export function allocatingByToken(user: string): LadderEvent[] {
  const client = { transport: 'udp', client: { address: '127.0.0.1', port: 40_001 } };
  const told = (fields: Readonly<Record<string, unknown>>, whom?: string) =>
    event('turn-message', whom, { ...client, method: 'Allocate', ...fields });
  return [
    told({ direction: 'in', class: 'request', text: 'Allocate request, 28 bytes' }),
    told({
      direction: 'out',
      class: 'error',
      code: 401,
      text: 'ERROR-CODE: 401 Unauthenticated\nTHIRD-PARTY-AUTHORIZATION: t',
    }),
    event('authentication-refused', undefined, { ...client, method: 3, cause: 'no-credentials' }),
    told({
      direction: 'in',
      class: 'request',
      text: 'USERNAME: north\nACCESS-TOKEN: present\nMESSAGE-INTEGRITY: present',
    }),
    event('allocation-created', user, {
      ...client,
      relayed: RELAYED,
      keyId: 'north',
      lifetimeSec: 600,
      turnName: 'u2',
    }),
    told({ direction: 'out', class: 'success', text: 'XOR-RELAYED-ADDRESS: 127.0.0.1:50000' }, user),
  ];
}

/** What it tells while a user registers under approach 2: figure 6.3.3-2 up to step 5. */
export function registeringDelivered(user: string, store: 'memory' | 'redis' = 'redis'): LadderEvent[] {
  const made = { registrationId: `device of ${user}`, name: 'u1', expiresAtSec: 1_800_003_600 };
  return registering(user).flatMap((told) => {
    if (told.type !== 'credential-issued') return [told];
    return [event('credential-made', user, made), event('credential-delivered', user, { ...made, store }), told];
  });
}

/** What it tells when the browser then gathers a relay candidate. */
export function allocatingDelivered(user: string): LadderEvent[] {
  return allocating(user).map((told) => (told.type === 'allocation-created' ? { ...told, keyId: 'delivered' } : told));
}
