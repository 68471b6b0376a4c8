import { describe, expect, it } from 'vitest';
import { explainLabEvent } from '../../../../src/admin/demo-page/explain/explain.ts';
import {
  CORE_DOWN_WORDS,
  CREDENTIAL_WORDS,
  DIGEST_WORDS,
  FLOW_CLOSE_WORDS,
  FLOW_REFUSAL_WORDS,
  LIMIT_WORDS,
} from '../../../../src/admin/demo-page/explain/edge-words.ts';
import { FAULT_WORDS } from '../../../../src/admin/demo-page/explain/fault-words.ts';
import {
  ALLOCATION_END_WORDS,
  AUTHENTICATION_WORDS,
  PEER_WORDS,
  REFUSAL_WORDS,
} from '../../../../src/admin/demo-page/explain/turn-words.ts';
import {
  type AuthenticationFailure,
  type CoreDownCause,
  type CredentialRefusal,
  type FlowCloseCause,
  type FlowRefusal,
  type LimitCause,
} from '../../../../src/edge/edge-events.ts';
import { REFUSAL_STATUS } from '../../../../src/edge/flow/upgrade-check.ts';
import { CLOSE_CODES } from '../../../../src/edge/flow/close-codes.ts';
import { faultSchema, type FaultKind } from '../../../../src/lab/faults/fault.ts';
import {
  type AllocationEndCause,
  type AuthenticationCause,
  type PeerDenial,
  type RefusalCause,
} from '../../../../src/turn/engine/turn-events.ts';

/** The compiler holds a table against a closed union, both ways: a cause without words, or words without a cause, does not type-check. */
function wordsFor<Cause extends string>() {
  return <Table extends Readonly<Record<Cause, string>>>(
    table: Table & Readonly<Record<Exclude<keyof Table, Cause>, never>>,
  ): Readonly<Record<string, string>> => table;
}

const TABLES = {
  'authentication-refused': wordsFor<AuthenticationCause>()(AUTHENTICATION_WORDS),
  'request-refused': wordsFor<RefusalCause>()(REFUSAL_WORDS),
  'peer-denied': wordsFor<PeerDenial>()(PEER_WORDS),
  'allocation-ended':
    wordsFor<Exclude<AllocationEndCause, 'deleted-by-client' | 'client-closed' | 'stopped'>>()(ALLOCATION_END_WORDS),
  'authentication-failed': wordsFor<AuthenticationFailure>()(DIGEST_WORDS),
  'credential-refused': wordsFor<CredentialRefusal>()(CREDENTIAL_WORDS),
  'flow-refused': wordsFor<FlowRefusal>()(FLOW_REFUSAL_WORDS),
  'flow-closed': wordsFor<Exclude<FlowCloseCause, 'client' | 'stopped'>>()(FLOW_CLOSE_WORDS),
  limited: wordsFor<LimitCause>()(LIMIT_WORDS),
  'core-down': wordsFor<CoreDownCause>()(CORE_DOWN_WORDS),
  'fault-fired': wordsFor<FaultKind>()(FAULT_WORDS),
};
const ROUTINE = ['no-credentials', 'stale-nonce'];
const CASES = Object.entries(TABLES).flatMap(([type, table]) =>
  Object.keys(table).map((cause) => [type, cause] as const),
);

describe('the words for an event of the lab', () => {
  it.each(CASES.filter(([, cause]) => !ROUTINE.includes(cause)))(
    'say of %s by %s what failed and why',
    (type, cause) => {
      const words = explainLabEvent({ type, cause, kind: cause, user: 'alice', method: 3, code: 400 });
      expect(words).toMatch(/^[A-Z].{10,}: .{10,}\.$/);
      expect(words).not.toMatch(/undefined|\[object/);
    },
  );

  it.each(CASES)('have a remedy, or what a client should do, for %s by %s', (type, cause) => {
    const words = TABLES[type as keyof typeof TABLES][cause]!;
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
    { type: 'flow-closed', cause: 'client' },
    { type: 'allocation-ended', cause: 'deleted-by-client' },
    { type: 'authentication-refused', cause: 'no-credentials' },
    { type: 'authentication-refused', cause: 'stale-nonce' },
    { type: 'authentication-refused', cause: 'constructor' },
    { type: 'constructor', cause: 'constructor' },
  ])('are absent for %j, which is no failure or not known', (event) => {
    expect(explainLabEvent(event)).toBeUndefined();
  });
});

describe('the tables', () => {
  it('have the causes that the server has', () => {
    expect(Object.keys(FLOW_REFUSAL_WORDS).sort()).toEqual(Object.keys(REFUSAL_STATUS).sort());
    expect([...Object.keys(FLOW_CLOSE_WORDS), 'stopped'].sort()).toEqual(
      [...Object.keys(CLOSE_CODES), 'abrupt'].sort(),
    );
    expect(Object.keys(FAULT_WORDS)).toEqual(faultSchema.options.map(({ shape }) => shape.kind.value));
  });
});
