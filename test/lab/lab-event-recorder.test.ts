import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { LabEventRecorder } from '../../src/lab/lab-event-recorder.ts';
import { startLab } from '../../src/lab/start-lab.ts';
import { LabIdentities } from '../../src/lab/lab-identities.ts';
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
