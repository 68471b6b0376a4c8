import { describe, expect, it } from 'vitest';
import { HeldCredentials } from '../../../src/credentials/revocation/held-credentials.ts';

const at = (sec: number) => ({ unixMs: sec * 1000, monotonicMs: 0 });
const ALICE = { registrationId: 'phone', person: 'sip:alice@example.com' };
const names = (held: HeldCredentials, person: string, sec = 0) => held.of(person, at(sec)).map(({ user }) => user);

describe('what was handed out', () => {
  it('is found by the person, over all registrations of it', () => {
    const held = new HeldCredentials(10);
    held.note(ALICE, { user: 'u1', untilSec: 100 });
    held.note({ ...ALICE, registrationId: 'tablet' }, { user: 'u2', untilSec: 100 });
    held.note({ registrationId: 'x', person: 'sip:bob@example.com' }, { user: 'u3', untilSec: 100 });
    expect(names(held, ALICE.person)).toEqual(['u1', 'u2']);
    expect(held.find('u2', at(0))).toMatchObject({ registrationId: 'tablet' });
  });

  it('counts until its end and no longer', () => {
    const held = new HeldCredentials(10);
    held.note(ALICE, { user: 'u1', untilSec: 100 });
    expect(names(held, ALICE.person, 99)).toEqual(['u1']);
    expect(held.find('u1', at(100))).toBeUndefined();
    expect(names(held, ALICE.person, 100)).toEqual([]);
    expect(held.size).toBe(0);
  });

  it('has the end of the longest credential of its name', () => {
    const held = new HeldCredentials(10);
    held.note(ALICE, { user: 'u1', untilSec: 300 });
    held.note(ALICE, { user: 'u1', untilSec: 200 });
    expect(held.of(ALICE.person, at(250))).toMatchObject([{ user: 'u1', untilSec: 300 }]);
    expect(held.size).toBe(1);
  });

  it('is found no more when its name is forgotten', () => {
    const held = new HeldCredentials(10);
    held.note(ALICE, { user: 'u1', untilSec: 100 });
    held.forget('u1');
    held.forget('nobody');
    expect(names(held, ALICE.person)).toEqual([]);
  });
});

it('of more names than there is room for, the one that was handed out the longest ago is forgotten', () => {
  const held = new HeldCredentials(2);
  held.note(ALICE, { user: 'u1', untilSec: 100 });
  held.note(ALICE, { user: 'u2', untilSec: 100 });
  held.note(ALICE, { user: 'u1', untilSec: 120 });
  held.note(ALICE, { user: 'u3', untilSec: 100 });
  expect(names(held, ALICE.person)).toEqual(['u1', 'u3']);
  expect(held.size).toBe(2);
});
