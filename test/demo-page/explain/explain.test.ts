import { describe, expect, it } from 'vitest';
import { explainLabEvent } from '../../../src/demo-page/explain/explain.ts';
import { FAULT_WORDS } from '../../../src/demo-page/explain/fault-words.ts';
import { CLOSE_CODES } from '../../../src/edge/flow/close-codes.ts';
import { REFUSAL_STATUS } from '../../../src/edge/flow/upgrade-check.ts';
import { faultSchema, type FaultKind } from '../../../src/lab/faults/fault.ts';
import { LAB_EVENT_CAUSES } from '../../../src/lab/lab-events.ts';

/** That a registration, a relay, a fault or a call to a peer ended is explained nowhere: the page shows it in other ways. A full list is the operator's. */
const NOT_EXPLAINED = ['unregistered', 'relay-ended', 'fault-ended', 'peer-call-ended', 'revocations-forgotten'];
const faultWords: Readonly<Record<FaultKind, string>> = FAULT_WORDS;
const TABLES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ...Object.fromEntries(Object.entries(LAB_EVENT_CAUSES).filter(([type]) => !NOT_EXPLAINED.includes(type))),
  'fault-fired': faultWords,
};
/** By the event: what is no failure. */
const ROUTINE: Readonly<Record<string, readonly string[]>> = {
  'authentication-refused': ['no-credentials', 'stale-nonce'],
  'flow-closed': ['client', 'stopped'],
  'reg-event-ended': ['unneeded'],
  'reg-event-obeyed': ['identities'],
  'allocation-ended': ['deleted-by-client', 'client-closed', 'stopped'],
};
const CASES = Object.entries(TABLES).flatMap(([type, table]) =>
  Object.keys(table).map((cause) => [type, cause] as const),
);
const FAILURES = CASES.filter(([type, cause]) => ROUTINE[type]?.includes(cause) !== true);

describe('the words for an event of the lab', () => {
  it.each(FAILURES)('say of %s by %s what failed and why', (type, cause) => {
    const words = explainLabEvent({ type, cause, kind: cause, user: 'alice', method: 3, code: 400 });
    expect(words).toMatch(/^[A-Z].{10,}: .{10,}\.$/);
    expect(words).not.toMatch(/undefined|\[object/);
  });

  it.each(FAILURES)('have a remedy, or what a client should do, for %s by %s', (type, cause) => {
    const words = TABLES[type]![cause]!;
    // A second sentence; what a fault or a limit says in one is its own remedy: taking the fault or the load away.
    if (type !== 'fault-fired' && type !== 'limited') expect(words).toMatch(/[.;:] [A-Z“t].+\.$/);
  });

  it('name the user, the method and the peer where the event knows them', () => {
    expect(explainLabEvent({ type: 'authentication-refused', cause: 'expired', user: 'alice', method: 3 })).toMatch(
      /^The TURN server refused alice’s Allocate \(401\): the time t of the credential has passed\./,
    );
    expect(explainLabEvent({ type: 'request-refused', cause: 'no-allocation', method: 'Refresh', code: 437 })).toMatch(
      /^The TURN server refused a client’s Refresh \(437\): /,
    );
    const peer = { family: 4, address: '10.0.0.1', port: 9 };
    expect(explainLabEvent({ type: 'peer-denied', cause: 'private', user: 'bob', peer })).toMatch(
      /^The relay does not carry bob’s media to 10\.0\.0\.1:9: it is a private/,
    );
    expect(explainLabEvent({ type: 'fault-fired', kind: 'sip-answer', user: 'bob', method: 'REGISTER' })).toMatch(
      /^The fault sip-answer hit \(bob, REGISTER\): the edge refused/,
    );
  });

  it('leave capitals that are part of a name', () => {
    const failed = explainLabEvent({ type: 'credential-refused', cause: 'malformed', user: 'alice' });
    expect(failed).toContain(': TURN-Cred-Req cannot be read.');
  });

  it.each([
    { type: 'registered', user: 'alice' },
    ...Object.entries(ROUTINE).flatMap(([type, causes]) => causes.map((cause) => ({ type, cause }))),
    { type: 'authentication-refused', cause: 'constructor' },
    { type: 'constructor', cause: 'constructor' },
  ])('are absent for %j, which is no failure or not known', (event) => {
    expect(explainLabEvent(event)).toBeUndefined();
  });
});

describe('the tables', () => {
  it('have the causes that the server has', () => {
    expect(Object.keys(LAB_EVENT_CAUSES['flow-refused']).sort()).toEqual(Object.keys(REFUSAL_STATUS).sort());
    expect(Object.keys(LAB_EVENT_CAUSES['flow-closed']).sort()).toEqual(
      [...Object.keys(CLOSE_CODES), 'abrupt', 'client'].sort(),
    );
    expect(Object.keys(FAULT_WORDS)).toEqual(faultSchema.options.map(({ shape }) => shape.kind.value));
  });
});
