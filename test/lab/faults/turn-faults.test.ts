import { beforeEach, describe, expect, it } from 'vitest';
import { type LabEvent } from '../../../src/lab/start-lab.ts';
import { type TurnClient } from '../../turn/support/turn-client.ts';
import { hearingPeer, openLab, turnClient, type TwoUsers } from './relay-lab.ts';

const CHANNEL = 0x4001;
/** What a test waits for an answer that is not to come. */
const SHORT_MS = 400;

let lab: TwoUsers;
let alice: TurnClient;

beforeEach(async () => {
  lab = await openLab();
  alice = await turnClient(lab, 'alice');
});

function fired(): LabEvent<'fault-fired'>[] {
  return [...lab.events('fault-fired')];
}

describe('turn-answer', () => {
  it('refuses with 401 a client whose credential is good, and says in the event that a fault did it', async () => {
    const fault = lab.faults.add({ kind: 'turn-answer', code: 401, times: 1 });
    await expect(alice.allocate()).rejects.toThrow('401 Unauthenticated');
    const refused = await lab.waitFor('authentication-refused', ({ cause }) => cause === 'fault');
    expect(refused.user).toBe('alice');
    expect(fired()).toMatchObject([{ faultId: fault.id, kind: 'turn-answer', user: 'alice', method: 'Allocate' }]);
    expect(fault.active).toBe(false);
    expect(await alice.allocate()).toMatchObject({ address: '127.0.0.1' });
  });

  it('spends no 401 on the first request of a client, which gets one anyway', async () => {
    const fault = lab.faults.add({ kind: 'turn-answer', code: 401, times: 1 });
    const nobody = await turnClient(lab, 'bob', SHORT_MS);
    expect((await nobody.binding()).messageClass).toBe('success');
    await expect(nobody.allocate()).rejects.toThrow('401');
    expect(fault.fired).toBe(1);
  });

  it('says 438 with a new nonce, with which the client goes on', async () => {
    await alice.allocate();
    const fault = lab.faults.add({ kind: 'turn-answer', code: 438, times: 1, method: 'Refresh' });
    await alice.refresh(300);
    expect(fault.fired).toBe(1);
    const answers = lab.events('turn-message').filter(({ method, direction }) => {
      return method === 'Refresh' && direction === 'out';
    });
    expect(answers.map(({ class: kind, code }) => [kind, code])).toEqual([
      ['error', 438],
      ['success', undefined],
    ]);
  });

  it('says 438 for as long as it is active, whatever nonce the client shows', async () => {
    using fault = lab.faults.add({ kind: 'turn-answer', code: 438 });
    await expect(alice.allocate()).rejects.toThrow('438 Stale Nonce');
    expect(fault.fired).toBeGreaterThan(1);
  });

  it.each([
    [441, 'Wrong Credentials'],
    [486, 'Allocation Quota Reached'],
    [508, 'Insufficient Capacity'],
  ])('refuses an Allocate with a signed %i %s, and the next one is granted', async (code, reason) => {
    lab.faults.add({ kind: 'turn-answer', code, method: 'Allocate', times: 1 });
    await expect(alice.allocate()).rejects.toThrow(`${code} ${reason}`);
    await lab.waitFor('request-refused', (event) => event.cause === 'fault' && event.user === 'alice');
    await alice.allocate();
  });

  it.each([
    ['Refresh', (client: TurnClient) => client.refresh(300)],
    ['CreatePermission', (client: TurnClient) => client.permit({ family: 4, address: '127.0.0.1', port: 9 })],
    ['ChannelBind', async (client: TurnClient) => client.bindChannel(CHANNEL, (await hearingPeer()).address)],
  ] as const)('says 437 to %s only, and the allocation lives on', async (method, request) => {
    await alice.allocate();
    const fault = lab.faults.add({ kind: 'turn-answer', code: 437, method });
    await expect(request(alice)).rejects.toThrow('437 Allocation Mismatch');
    fault.clear();
    await request(alice);
    expect(lab.snapshot().allocations).toHaveLength(1);
  });

  it('leaves others alone when it is aimed at one user', async () => {
    lab.faults.add({ kind: 'turn-answer', code: 486, user: 'alice' });
    const bob = await turnClient(lab, 'bob');
    await expect(alice.allocate()).rejects.toThrow('486');
    await bob.allocate();
    expect(fired().map(({ user }) => user)).toEqual(['alice']);
  });
});

describe('turn-no-answer', () => {
  it('leaves requests unanswered until its times are over', async () => {
    const fault = lab.faults.add({ kind: 'turn-no-answer', times: 2 });
    const hasty = await turnClient(lab, 'alice', SHORT_MS);
    await expect(hasty.allocate()).rejects.toThrow('no response');
    await expect(hasty.allocate()).rejects.toThrow('no response');
    expect(fault.active).toBe(false);
    await alice.allocate();
    expect(fired()).toHaveLength(2);
  });

  it('hits one method of one user, by the name in the request', async () => {
    const hasty = await turnClient(lab, 'alice', SHORT_MS);
    const bob = await turnClient(lab, 'bob');
    await Promise.all([hasty.allocate(), bob.allocate()]);
    lab.faults.add({ kind: 'turn-no-answer', user: 'alice', method: 'Refresh' });
    await expect(hasty.refresh(300)).rejects.toThrow('no response');
    await bob.refresh(300);
    await alice.permit({ family: 4, address: '127.0.0.1', port: 9 }).catch((error: unknown) => {
      expect(String(error)).toContain('437');
    });
    expect(fired()).toMatchObject([{ user: 'alice', method: 'Refresh' }]);
  });
});

describe('allocation-ended', () => {
  it('ends what the user has at once, so that the next Refresh meets 437', async () => {
    const bob = await turnClient(lab, 'bob');
    await Promise.all([alice.allocate(), bob.allocate()]);
    const fault = lab.faults.add({ kind: 'allocation-ended', user: 'alice' });
    expect(fault).toMatchObject({ active: false, fired: 1 });
    const ended = await lab.waitFor('allocation-ended', ({ user }) => user === 'alice');
    expect(ended.cause).toBe('operator');
    expect(fired()).toMatchObject([{ user: 'alice', detail: { allocationId: ended.allocationId } }]);
    await expect(alice.refresh(300)).rejects.toThrow('437 Allocation Mismatch');
    await bob.refresh(300);
  });

  it('ends all of them when it is aimed at nobody, or as many as it says', async () => {
    const bob = await turnClient(lab, 'bob');
    await Promise.all([alice.allocate(), bob.allocate()]);
    expect(lab.faults.add({ kind: 'allocation-ended', times: 1 }).fired).toBe(1);
    expect(lab.snapshot().allocations).toHaveLength(1);
    expect(lab.faults.add({ kind: 'allocation-ended' }).fired).toBe(1);
    expect(lab.snapshot().allocations).toEqual([]);
    expect(lab.faults.add({ kind: 'allocation-ended' })).toMatchObject({ fired: 0, active: false });
  });
});
