import { describe, expect, it } from 'vitest';
import { NonInviteServerTransaction } from '../../../src/sip/transaction/non-invite-server.ts';
import { respond, Stage } from './harness.ts';

function start(reliable: boolean): { stage: Stage; transaction: NonInviteServerTransaction } {
  const stage = new Stage();
  return { stage, transaction: new NonInviteServerTransaction(stage.options('REGISTER', reliable)) };
}

describe('NonInviteServerTransaction', () => {
  it.each([true, false])(
    'says nothing of its own, and nothing to a retransmission, before the TU does: reliable %s',
    (reliable) => {
      const { stage, transaction } = start(reliable);
      transaction.receiveRetransmission();
      stage.advanceTo(1_000_000);
      expect([transaction.state, stage.take()]).toEqual(['trying', []]);
    },
  );

  it('answers retransmissions with the latest response, and ends after Timer J', () => {
    const { stage, transaction } = start(false);
    transaction.respond(respond(transaction, 100), 0);
    transaction.respond(respond(transaction, 182), 0);
    transaction.receiveRetransmission();
    expect(transaction.state).toBe('proceeding');
    stage.advanceTo(1000);
    transaction.respond(respond(transaction, 200), 1000);
    expect(transaction.state).toBe('completed');
    stage.advanceTo(20_000);
    transaction.receiveRetransmission();
    expect(transaction.respond(respond(transaction, 500), 20_000)).toBe(false);
    stage.advanceTo(100_000);
    expect(stage.take()).toEqual([
      '0 send 100',
      '0 send 182',
      '0 send 182',
      '1000 send 200',
      '20000 send 200',
      '33000 terminated',
    ]);
  });

  it.each([200, 404])('ends with its final response at once on a reliable transport: %d', (status) => {
    const { stage, transaction } = start(true);
    expect(transaction.respond(respond(transaction, status), 0)).toBe(true);
    expect(transaction.respond(respond(transaction, 200), 0)).toBe(false);
    transaction.receiveRetransmission();
    expect(stage.take()).toEqual([`0 send ${status}`, '0 terminated']);
    expect(stage.timers.size).toBe(0);
  });

  it('tells of a transport failure, and ends only when the connection is gone', () => {
    const reliable = start(true);
    reliable.transaction.transportFailed();
    expect(reliable.stage.take()).toEqual(['0 transport error', '0 terminated']);
    const unreliable = start(false);
    unreliable.transaction.transportFailed();
    expect([unreliable.stage.take(), unreliable.transaction.state]).toEqual([['0 transport error'], 'trying']);
  });
});
