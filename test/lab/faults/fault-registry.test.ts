import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { type FaultEnded, type FaultFired } from '../../../src/lab/faults/active-fault.ts';
import { FaultRegistry } from '../../../src/lab/faults/fault-registry.ts';
import { FAULT_KINDS } from '../../../src/lab/faults/parse-fault.ts';

interface World {
  readonly faults: FaultRegistry;
  readonly fired: FaultFired[];
  readonly ended: FaultEnded[];
  nowMs: number;
}

function world(): World {
  const made: World = {
    faults: new FaultRegistry({
      fired: (event) => made.fired.push(event),
      ended: (event) => made.ended.push(event),
      users: ['alice', 'bob'],
      clock: { now: () => ({ monotonicMs: made.nowMs, unixMs: made.nowMs }) },
    }),
    fired: [],
    ended: [],
    nowMs: 0,
  };
  return made;
}

const register = { user: 'alice', method: 'REGISTER' };

describe('a fault', () => {
  it('hits whom and what it is aimed at, and nobody when the user is unknown', () => {
    const { faults } = world();
    faults.add({ kind: 'sip-answer', status: 503, user: 'alice', method: 'REGISTER' });
    expect(faults.take(['sip-answer'], { user: 'bob', method: 'REGISTER' })).toBeUndefined();
    expect(faults.take(['sip-answer'], { user: 'alice', method: 'INVITE' })).toBeUndefined();
    expect(faults.take(['sip-answer'], { user: undefined, method: 'REGISTER' })).toBeUndefined();
    expect(faults.take(['answer-lost'], register)).toBeUndefined();
    expect(faults.take(['answer-lost', 'sip-answer'], register)?.spec).toMatchObject({ status: 503 });
  });

  it('hits everything when it is aimed at nothing', () => {
    const { faults } = world();
    faults.add({ kind: 'turn-no-answer' });
    expect(faults.take(['turn-no-answer'], { user: undefined })).toBeDefined();
  });

  it('tells of each hit with its own figures, whom it hit, and what', () => {
    const { faults, fired } = world();
    const { id } = faults.add({ kind: 'sip-answer', status: 503, retryAfterSec: 2, times: 5, forMs: 1000 });
    faults.take(['sip-answer'], register);
    const detail = { status: 503, retryAfterSec: 2 };
    expect(fired).toEqual([{ faultId: id, kind: 'sip-answer', user: 'alice', method: 'REGISTER', detail }]);
  });

  it('ends after as many hits as it should have', () => {
    const { faults, ended } = world();
    const fault = faults.add({ kind: 'answer-lost', times: 2 });
    faults.take(['answer-lost'], register);
    expect(fault).toMatchObject({ fired: 1, active: true });
    faults.take(['answer-lost'], register);
    expect(fault).toMatchObject({ fired: 2, active: false });
    expect(faults.take(['answer-lost'], register)).toBeUndefined();
    expect(ended).toEqual([{ faultId: fault.id, kind: 'answer-lost', cause: 'times' }]);
  });

  it('ends when its time is over, however late its timer is', () => {
    const at = world();
    const fault = at.faults.add({ kind: 'answer-lost', forMs: 60_000 });
    at.nowMs = 59_999;
    expect(at.faults.find(['answer-lost'], register)).toBe(fault);
    at.nowMs = 60_000;
    expect(at.faults.find(['answer-lost'], register)).toBeUndefined();
    expect(at.ended).toEqual([{ faultId: fault.id, kind: 'answer-lost', cause: 'time' }]);
  });

  it('ends by its timer when nobody asks', async () => {
    const { faults, ended } = world();
    faults.add({ kind: 'answer-lost', forMs: 10 });
    await expect.poll(() => ended).toHaveLength(1);
    expect(ended).toMatchObject([{ cause: 'time' }]);
  });

  it('ends once when it is cleared, or goes out of scope', async () => {
    const { faults, ended } = world();
    const fault = faults.add({ kind: 'answer-lost', forMs: 20 });
    fault.clear();
    fault.clear();
    {
      using another = faults.add({ kind: 'answer-lost' });
      expect(another.active).toBe(true);
    }
    await pause(40);
    expect(ended.map(({ cause }) => cause)).toEqual(['cleared', 'cleared']);
  });

  it('counts packets without telling of each', () => {
    const { faults, fired, ended } = world();
    const fault = faults.add({ kind: 'relay-loss', ratio: 1, times: 3 });
    const [found] = faults.active(['relay-loss']);
    for (let i = 0; i < 3; i++) found!.count();
    found!.tell({ user: 'bob' }, { packets: 3 });
    expect(fault).toMatchObject({ fired: 3, active: false });
    expect(fired).toMatchObject([{ user: 'bob', detail: { packets: 3 } }]);
    expect(ended).toMatchObject([{ cause: 'times' }]);
  });

  it('that acts at once has ended when it has acted', () => {
    const { faults, fired, ended } = world();
    faults.actAtOnce('flow-closed', (fault) => {
      expectTypeOf(fault.spec.code).toEqualTypeOf<number>();
      for (const user of ['alice', 'bob']) if (fault.active && fault.hits({ user })) fault.fire({ user });
    });
    expect(faults.add({ kind: 'flow-closed' })).toMatchObject({ fired: 2, active: false });
    expect(faults.add({ kind: 'flow-closed', times: 1 })).toMatchObject({ fired: 1, active: false });
    expect(faults.add({ kind: 'flow-closed', user: 'bob' })).toMatchObject({ fired: 1, active: false });
    expect(fired.map(({ user }) => user)).toEqual(['alice', 'bob', 'alice', 'bob']);
    expect(ended).toHaveLength(3);
    expect(faults.add({ kind: 'flow-closed', method: 'INVITE' })).toMatchObject({ fired: 0, active: true });
  });
});

describe('the faults of a lab', () => {
  it('are listed as plain data while they are active', () => {
    const { faults } = world();
    const first = faults.add({ kind: 'relay-delay', delayMs: 50, user: 'bob' });
    const second = faults.add({ kind: 'flow-cut', method: 'INVITE' });
    expect(JSON.parse(JSON.stringify(faults.list()))).toEqual([
      {
        id: first.id,
        kind: 'relay-delay',
        delayMs: 50,
        jitterMs: 0,
        direction: 'both',
        user: 'bob',
        fired: 0,
        active: true,
      },
      { id: second.id, kind: 'flow-cut', method: 'INVITE', fired: 0, active: true },
    ]);
    faults.clear();
    expect(faults.list()).toEqual([]);
    expect(faults.get(second.id)).toMatchObject({ active: false });
    expect(faults.get('f99')).toBeUndefined();
  });

  it('tell when they change', () => {
    const { faults } = world();
    let changes = 0;
    faults.onChange(() => (changes += 1));
    const fault = faults.add({ kind: 'relay-loss', ratio: 0.5 });
    expect(changes).toBe(1);
    fault.clear();
    expect(changes).toBe(2);
  });

  it('are a thousand at most, and ended ones make room', () => {
    const { faults } = world();
    const all = Array.from({ length: 1000 }, () => faults.add({ kind: 'answer-lost' }));
    expect(() => faults.add({ kind: 'answer-lost' })).toThrow('faults.add: 1000 faults are active; clear some first');
    all[500]!.clear();
    expect(faults.add({ kind: 'answer-lost' }).active).toBe(true);
    for (let i = 0; i < 1001; i++) {
      faults.get(faults.list()[0]!.id)?.clear();
      faults.add({ kind: 'answer-lost' });
    }
    expect(faults.get(all[500]!.id)).toBeUndefined();
  });

  it.each<[string, unknown, string]>([
    ['an unknown kind', { kind: 'nope' }, `kind: expected one of ${FAULT_KINDS.join(', ')}, got "nope"`],
    ['no kind', {}, `kind: expected one of ${FAULT_KINDS.join(', ')}, got none`],
    ['nothing', undefined, 'faults.add: '],
    ['text', 'sip-answer', 'faults.add: '],
    ['a missing figure', { kind: 'sip-answer' }, 'status: Invalid input: expected number, received undefined'],
    ['a figure out of bounds', { kind: 'sip-answer', status: 200 }, 'status: Too small'],
    ['an unknown field', { kind: 'answer-lost', time: 1 }, 'no such field: time'],
    ['a close code that cannot be sent', { kind: 'flow-closed', code: 1006 }, 'code: '],
    ['a user of no such name', { kind: 'answer-lost', user: 'zoe' }, 'user: expected one of alice, bob, got "zoe"'],
  ])('refuse %s', (_what, request, message) => {
    const { faults } = world();
    const add = (): unknown => faults.add(request as never);
    expect(add).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }) as Error);
    expect(add).toThrow(message);
    expect(faults.list()).toEqual([]);
  });
});
