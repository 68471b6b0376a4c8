import { describe, expect, it } from 'vitest';
import { routeText, type Approach, type Arrow, type LadderEvent } from '../../src/demo-page/ladder/arrow.ts';
import { LadderModel, MOST_ARROWS } from '../../src/demo-page/ladder/ladder-model.ts';
import {
  allocating,
  answer,
  authenticationRefused,
  calling,
  CREDENTIAL,
  event,
  invite,
  message,
  register,
  registering,
  sipText,
  turnAnswer,
  turnRequest,
} from './ladder-events.ts';

function draw(events: readonly LadderEvent[], hasLab = true, approach: Approach = 'shared-key'): LadderModel {
  const model = new LadderModel({ hasLab, approach });
  for (const told of events) model.labEvent(told);
  return model;
}

/** The newest arrow after these events. */
function last(...events: readonly LadderEvent[]): Arrow {
  return draw(events).arrows.at(-1)!;
}

const readable = ({ arrows }: LadderModel) =>
  arrows.map((arrow) => `${arrow.number}. ${routeText(arrow)}: ${arrow.title}`);

describe('the arrows of the ladder', () => {
  it('begin with the key that edge and TURN server share', () => {
    expect(draw([]).arrows).toMatchObject([{ number: 1, kind: 'note', from: 'edge', to: 'turn', label: 'Km' }]);
  });

  it('tell a registration and an allocation in readable lines', () => {
    expect(readable(draw([...registering('alice'), ...allocating('alice')]))).toEqual([
      '1. eP-CSCF and TURN server: Km, the key both were given out of band',
      '2. alice → eP-CSCF: WebSocket opened',
      '3. alice → eP-CSCF: REGISTER',
      '4. eP-CSCF → I/S-CSCF: REGISTER',
      '5. I/S-CSCF → eP-CSCF: 401 REGISTER: Unauthorized, challenge',
      '6. eP-CSCF → alice: 401 REGISTER: Unauthorized, challenge',
      '7. alice → eP-CSCF: REGISTER with Authorization and TURN-Cred-Req',
      '8. eP-CSCF → I/S-CSCF: REGISTER with Authorization',
      '9. I/S-CSCF → eP-CSCF: 200 REGISTER: OK',
      '10. eP-CSCF, for alice: Makes u, t and p = HASH(u + t, Km)',
      '11. eP-CSCF → alice: 200 REGISTER: OK, TURN credential',
      '12. alice → TURN server: Allocate without credentials (UDP)',
      '13. TURN server → alice: 401 Allocate: Unauthenticated (no-credentials)',
      '14. alice → TURN server: Allocate with USERNAME (UDP)',
      '15. TURN server, for alice: Splits USERNAME, recomputes p, opens relay 127.0.0.1:50000',
      '16. TURN server → alice: Allocate success: relay 127.0.0.1:50000',
    ]);
  });

  it('tell of a call at both users', () => {
    const arrows = draw(calling('alice', 'bob')).arrows;
    expect(arrows.filter(({ label }) => label === 'INVITE').map(routeText)).toEqual([
      'alice → eP-CSCF',
      'eP-CSCF → I/S-CSCF',
      'I/S-CSCF → eP-CSCF',
      'eP-CSCF → bob',
    ]);
    expect(arrows.find(({ label }) => label === 'INVITE')?.title).toBe('INVITE with a relay candidate');
  });

  it('know whose the first REGISTER of a WebSocket is from its To, before the server does', () => {
    expect(last(message('wic edge REGISTER', undefined, register(), 'f1'))).toMatchObject({ user: 'alice' });
  });

  it('give a user afterwards to what passed before anybody knew the user', () => {
    const [opened, ...rest] = registering('bob');
    const model = draw([opened!]);
    const before = model.version;
    expect(model.arrows.at(-1)?.user).toBeUndefined();
    for (const told of rest) model.labEvent(told);
    expect(model.arrows[1]).toMatchObject({ label: 'WebSocket', user: 'bob' });
    expect(model.version).toBeGreaterThan(before);
  });

  it.each([
    ['a keepalive', message('wic edge OPTIONS', 'alice', sipText('OPTIONS sip:localhost SIP/2.0')), true],
    ['its answer', message('edge wic 200 OPTIONS', 'alice', answer(200, 'OK', 'OPTIONS')), true],
    ['100 Trying', message('edge wic 100 INVITE', 'alice', answer(100, 'Trying', 'INVITE')), true],
    ['Binding', turnRequest('alice', 'Binding'), true],
    [
      'a refresh',
      message('wic edge OPTIONS', 'alice', sipText('OPTIONS sip:localhost SIP/2.0', 'TURN-Cred-Req: turn')),
      false,
    ],
    ['the answer to it', message('edge wic 200 OPTIONS', 'alice', answer(200, 'OK', 'OPTIONS', CREDENTIAL)), false],
    ['an INVITE', message('wic edge INVITE', 'alice', invite()), false],
  ])('count %s as routine, or not', (_what, told, routine) => {
    expect(last(told).routine).toBe(routine);
  });

  it.each([
    ['a challenge', message('edge wic 401 REGISTER', 'alice', answer(401, 'Unauthorized', 'REGISTER')), 'plain'],
    ['a credential', message('edge wic 200 REGISTER', 'alice', answer(200, 'OK', 'REGISTER', CREDENTIAL)), 'good'],
    ['busy', message('edge wic 486 INVITE', 'alice', answer(486, 'Busy Here', 'INVITE')), 'failure'],
    ['a cancelled INVITE', message('edge wic 487 INVITE', 'alice', answer(487, 'Terminated', 'INVITE')), 'plain'],
    ['a quota of the TURN server', turnAnswer('alice', 'Allocate', 486, 'ERROR-CODE: 486 Quota'), 'failure'],
    ['a stale nonce', turnAnswer('alice', 'Refresh', 438, 'ERROR-CODE: 438 Stale Nonce'), 'plain'],
    ['an answer of STUN', turnAnswer('alice', 'CreatePermission'), 'plain'],
    [
      'a peer that is denied',
      event('peer-denied', 'alice', { peer: { address: '::1', port: 9 }, cause: 'private' }),
      'failure',
    ],
    ['a WebSocket that the client closed', event('flow-closed', 'alice', { cause: 'client', code: 1000 }), 'plain'],
    ['a WebSocket that broke', event('flow-closed', 'alice', { cause: 'abrupt', code: 1006 }), 'failure'],
    [
      'a fault',
      event('fault-fired', 'alice', { kind: 'turn-answer', method: 'Allocate', detail: { code: 486 } }),
      'fault',
    ],
  ])('look at %s as it should', (_what, told, look) => {
    expect(last(told).look).toBe(look);
  });

  it('say why a credential was not given, though the registration holds', () => {
    const text = answer(200, 'OK', 'REGISTER', 'TURN-Cred-Rsp: error=quota;retry-after=5');
    expect(last(message('edge wic 200 REGISTER', 'alice', text))).toMatchObject({
      title: '200 REGISTER: OK, no credential (quota)',
      look: 'failure',
    });
  });

  it('tell a REGISTER that leaves from one that comes', () => {
    const told = message('wic edge REGISTER', 'alice', register('Expires: 0'));
    expect(last(told).title).toBe('REGISTER, to leave');
  });

  it('tell of a request to the TURN server what it is for', () => {
    const title = (method: string, ...attributes: string[]) => last(turnRequest('alice', method, ...attributes)).title;
    expect(title('Refresh', 'LIFETIME: 0', 'USERNAME: 1:u')).toBe('Refresh, to give the relay back (UDP)');
    expect(title('Refresh', 'LIFETIME: 600', 'USERNAME: 1:u')).toBe('Refresh (UDP)');
    expect(title('ChannelBind', 'USERNAME: 1:u', 'XOR-PEER-ADDRESS: 10.0.0.1:9')).toBe(
      'ChannelBind for 10.0.0.1:9 (UDP)',
    );
    expect(title('CreatePermission')).toBe('CreatePermission without credentials (UDP)');
  });

  it('say on a 401 of the TURN server why it was given', () => {
    const refused = turnAnswer('alice', 'Allocate', 401, 'ERROR-CODE: 401 Unauthenticated');
    expect(
      last(turnRequest('alice', 'Allocate', 'USERNAME: 1:u'), refused, authenticationRefused('expired')),
    ).toMatchObject({
      label: '401 Allocate',
      title: '401 Allocate: Unauthenticated (expired)',
      look: 'failure',
      event: { type: 'authentication-refused', cause: 'expired' },
    });
  });

  it('show a refusal by itself when nobody told of its answer', () => {
    expect(last(authenticationRefused('expired'))).toMatchObject({
      from: 'turn',
      to: 'turn',
      title: 'Refused: expired',
    });
    expect(last(authenticationRefused('no-credentials')).label).toBe('Km');
  });

  it('put a fault where it hits', () => {
    const fault = (kind: string, detail = {}) => last(event('fault-fired', 'alice', { kind, detail })).from;
    expect(['turn-answer', 'relay-loss', 'allocation-ended'].map((kind) => fault(kind))).toEqual([
      'turn',
      'turn',
      'turn',
    ]);
    expect(['credential-ttl', 'sip-answer', 'flow-cut'].map((kind) => fault(kind))).toEqual(['edge', 'edge', 'edge']);
    expect([fault('clock-skew', { of: 'turn' }), fault('clock-skew', { of: 'edge' })]).toEqual(['turn', 'edge']);
  });

  it('draw the media of a user once for each pair', () => {
    const model = draw([]);
    const pair = { user: 'alice', local: 'relay', remote: 'relay', atUnixMs: 1 };
    model.icePair(pair);
    model.icePair(pair);
    model.icePair({ ...pair, local: 'host', remote: 'host' });
    model.callEnded('alice');
    model.icePair({ ...pair, local: 'host', remote: 'host' });
    expect(model.arrows.slice(1).map((arrow) => `${routeText(arrow)}: ${arrow.label}`)).toEqual([
      'alice ⇄ TURN server: media over relay',
      'alice: media without relay',
      'alice: media without relay',
    ]);
  });

  it('come from the tab itself where the server does not tell', () => {
    const model = draw([], false);
    const at = { user: 'alice', atUnixMs: 1 };
    model.sip({ ...at, direction: 'out', text: register('TURN-Cred-Req: turn') });
    model.sip({ ...at, direction: 'in', text: answer(200, 'OK', 'REGISTER', CREDENTIAL) });
    model.iceCandidate({ ...at, type: 'host', candidate: 'c', address: '10.0.0.1', port: 1 });
    model.iceCandidate({ ...at, type: 'relay', candidate: 'c', address: '10.0.0.1', port: 2 });
    model.iceError({ ...at, code: 401, text: 'Unauthorized', url: 'turn:x' });
    expect(readable(model).slice(1)).toEqual([
      '2. alice → eP-CSCF: REGISTER with TURN-Cred-Req',
      '3. eP-CSCF → alice: 200 REGISTER: OK, TURN credential',
      '4. TURN server, for alice: Relay candidate 10.0.0.1:2',
      '5. TURN server, for alice: No relay: 401 Unauthorized',
    ]);
  });

  it('leave to the server what it tells better, but not that it never answered', () => {
    const model = draw([]);
    const at = { user: 'alice', atUnixMs: 1, text: '', url: 'turn:x' };
    model.sip({ ...at, direction: 'out', text: register() });
    model.iceError({ ...at, code: 401 });
    model.iceError({ ...at, code: 701 });
    expect(model.arrows.map(({ title }) => title)).toEqual([expect.stringContaining('Km'), 'No relay: 701 ']);
  });

  it('are the newest 500, and the key', () => {
    const model = draw(
      Array.from({ length: 3 * MOST_ARROWS }, (_, i) => message('wic edge OPTIONS', undefined, '', `f${i}`)),
    );
    expect(model.arrows).toHaveLength(MOST_ARROWS);
    expect(model.arrows[0]?.label).toBe('Km');
    expect(model.arrows.at(-1)?.number).toBe(3 * MOST_ARROWS + 1);
  });

  it('begin anew with the key when they are cleared', () => {
    const model = draw(registering('alice'));
    const before = model.version;
    model.clear();
    expect(readable(model)).toEqual(['1. eP-CSCF and TURN server: Km, the key both were given out of band']);
    expect(model.version).not.toBe(before);
  });

  it('make nothing of events that lack their fields, or hold others', () => {
    const types = [
      'message',
      'turn-message',
      'flow-closed',
      'credential-issued',
      'allocation-created',
      'fault-fired',
      'authentication-refused',
      'toString',
    ];
    const odd = types.flatMap((type) => [
      event(type, undefined),
      event(type, 'alice', {
        from: 7,
        to: {},
        client: null,
        relayed: 'x',
        expiresAtSec: 1e300,
        detail: 'x',
        text: 5,
        channel: 'a',
      }),
    ]);
    expect(() => draw(odd)).not.toThrow();
  });
});
