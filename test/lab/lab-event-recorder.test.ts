import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { LabEventRecorder } from '../../src/lab/lab-event-recorder.ts';
import { startLab } from '../../src/lab/start-lab.ts';
import { LabIdentities } from '../../src/lab/lab-identities.ts';
import { type ServerEvents } from '../../src/server/server-types.ts';
import { accessToken } from '../../src/stun/attributes/rfc7635.ts';
import { username } from '../../src/stun/attributes/rfc8489.ts';
import { Method } from '../../src/stun/message-type.ts';
import { StunWriter } from '../../src/stun/writer.ts';

const ID = Buffer.alloc(12);

function recorder(): LabEventRecorder {
  const identities = new LabIdentities({ order: 't:u', separator: ':', hash: 'sha1', realmBound: false });
  identities.noteTurnName('u1', 'alice');
  return new LabEventRecorder(identities, systemClock);
}

function stun(direction: 'in' | 'out', writer: StunWriter, port = 4000) {
  const client = { family: 4, address: '127.0.0.1', port } as const;
  return { direction, transport: 'udp', client, at: 1, bytes: writer.finish() } as const;
}

const named = new StunWriter(Method.Allocate, 'request', ID).add(username, '1789000000:u1');
const nameless = new StunWriter(Method.Allocate, 'request', ID);
const answer = new StunWriter(Method.Allocate, 'success', ID);

describe('a STUN message among the events of a lab', () => {
  it('carries text in the place of bytes', () => {
    const recorded = recorder().record('turn-message', stun('in', named));
    expect(recorded).toMatchObject({ type: 'turn-message', user: 'alice', turnName: 'u1', method: 'Allocate' });
    expect(recorded).not.toHaveProperty('bytes');
    expect(JSON.parse(JSON.stringify(recorded))).toEqual(recorded);
  });

  it('is of the user whose name its client used last, the answer too', () => {
    const record = recorder();
    expect(record.record('turn-message', stun('in', nameless))).toMatchObject({ user: undefined });
    record.record('turn-message', stun('in', named));
    expect(record.record('turn-message', stun('out', answer))).toMatchObject({ user: 'alice' });
    expect(record.record('turn-message', stun('out', answer, 4001))).toMatchObject({ user: undefined });
  });

  it('is of nobody again when another client begins at the address', () => {
    const record = recorder();
    record.record('turn-message', stun('in', named));
    expect(record.record('turn-message', stun('in', nameless))).toMatchObject({ user: undefined });
    expect(record.record('turn-message', stun('out', answer))).toMatchObject({ user: undefined });
  });

  it('is of whom the TURN server takes the holder of an access token for, as its kid names nobody', () => {
    const record = recorder();
    const withToken = new StunWriter(Method.Allocate, 'request', ID)
      .add(username, 'u1')
      .add(accessToken, Buffer.alloc(40));
    expect(record.record('turn-message', stun('in', withToken))).toMatchObject({ user: undefined });
    const { transport, client } = stun('in', named);
    record.record('allocation-created', { transport, client, user: 'u1' } as ServerEvents['allocation-created']);
    expect(record.record('turn-message', stun('out', answer))).toMatchObject({ user: 'alice' });
  });

  it('is told for each request and each answer of an allocation', async () => {
    await using lab = await startLab();
    await lab.tryAllocate(lab.mint('alice'));
    await lab.waitFor('allocation-ended');
    const told = lab.events('turn-message').map(({ direction, method, class: kind, code, user }) => {
      return [direction, method, kind, code, user];
    });
    expect(told.slice(0, 5)).toEqual([
      ['in', 'Allocate', 'request', undefined, undefined],
      ['out', 'Allocate', 'error', 401, undefined],
      ['in', 'Allocate', 'request', undefined, 'alice'],
      ['out', 'Allocate', 'success', undefined, 'alice'],
      ['in', 'Refresh', 'request', undefined, 'alice'],
    ]);
  });
});

describe('an event of the web server or the authorization server', () => {
  it('is of the user of its private identity, and so is what goes by the names it tells', () => {
    const record = recorder();
    const impi = 'bob@localhost';
    const told = record.record('signed-in', { at: 'wwsf', by: 'password', impi, registrationId: 'wwsf k' });
    expect(told).toMatchObject({ type: 'signed-in', user: 'bob' });
    const delivered = { registrationId: 'wwsf k', name: 'u2', store: 'redis', expiresAtSec: 1 } as const;
    expect(record.record('credential-delivered', delivered)).toMatchObject({ user: 'bob', turnName: 'u2' });
    const token = { client: 'wwsf', scope: 'turn', impi, name: 'u3', expiresAtSec: 1 } as const;
    expect(record.record('token-issued', token)).toMatchObject({ user: 'bob', turnName: 'u3' });
    const client = { transport: 'udp', client: stun('in', named).client, method: 3, cause: 'expired' } as const;
    expect(record.record('authentication-refused', { ...client, username: 'u3' })).toMatchObject({ turnName: 'u3' });
  });
});
