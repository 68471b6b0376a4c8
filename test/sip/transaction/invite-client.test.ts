import { describe, expect, it } from 'vitest';
import { InviteClientTransaction } from '../../../src/sip/transaction/invite-client.ts';
import { respond, Stage } from './harness.ts';

function start(reliable: boolean): { stage: Stage; transaction: InviteClientTransaction } {
  const stage = new Stage();
  return { stage, transaction: new InviteClientTransaction(stage.options('INVITE', reliable)) };
}

describe.each([true, false])('InviteClientTransaction, reliable: %s', (reliable) => {
  it('passes every provisional response on and then waits as long as it rings', () => {
    const { stage, transaction } = start(reliable);
    transaction.receive(respond(transaction, 100), 0);
    transaction.receive(respond(transaction, 180), 0);
    transaction.receive(respond(transaction, 180), 0);
    stage.advanceTo(1_000_000);
    expect([transaction.state, stage.timers.size]).toEqual(['proceeding', 0]);
    expect(stage.take()).toEqual(['0 send INVITE', '0 pass 100', '0 pass 180', '0 pass 180']);
  });

  it.each([[], [180]])('passes every 2xx on until Timer M, and drops all else meanwhile', (...before) => {
    const { stage, transaction } = start(reliable);
    for (const status of before) transaction.receive(respond(transaction, status), 0);
    stage.take();
    transaction.receive(respond(transaction, 200), 0);
    expect(transaction.state).toBe('accepted');
    stage.advanceTo(31_000);
    transaction.receive(respond(transaction, 180), 31_000);
    transaction.receive(respond(transaction, 486), 31_000);
    transaction.receive(respond(transaction, 200), 31_000);
    stage.advanceTo(100_000);
    transaction.receive(respond(transaction, 200), 100_000);
    expect(stage.take()).toEqual(['0 pass 200', '31000 pass 200', '32000 terminated']);
  });

  it('times out when nothing is heard for 64 × T1', () => {
    const { stage, transaction } = start(reliable);
    stage.advanceTo(100_000);
    expect(stage.take().slice(-2)).toEqual(['32000 timeout', '32000 terminated']);
    expect([transaction.state, stage.timers.size]).toEqual(['terminated', 0]);
  });

  it('tells of a transport failure and ends', () => {
    const { stage, transaction } = start(reliable);
    transaction.transportFailed();
    transaction.transportFailed();
    stage.advanceTo(100_000);
    expect(stage.take()).toEqual(['0 send INVITE', '0 transport error', '0 terminated']);
  });

  it('bears that its owner ends it from within a response', () => {
    const stage = new Stage();
    const transaction: InviteClientTransaction = new InviteClientTransaction(
      stage.options('INVITE', reliable, {
        response: () => {
          transaction.terminate();
        },
      }),
    );
    transaction.receive(respond(transaction, 486), 0);
    expect(stage.take()).toEqual(['0 send INVITE', '0 send ACK', '0 terminated']);
    expect(stage.timers.size).toBe(0);
  });
});

describe('InviteClientTransaction', () => {
  it('repeats the INVITE on an unreliable transport at intervals that double without bound (Timer A)', () => {
    const { stage } = start(false);
    stage.advanceTo(31_999);
    expect(stage.take()).toEqual([0, 500, 1500, 3500, 7500, 15_500, 31_500].map((time) => `${time} send INVITE`));
  });

  it('stops repeating with the first provisional response', () => {
    const { stage, transaction } = start(false);
    stage.advanceTo(600);
    transaction.receive(respond(transaction, 100), 600);
    stage.advanceTo(100_000);
    expect(stage.take()).toEqual(['0 send INVITE', '500 send INVITE', '600 pass 100']);
  });

  it('repeats nothing on a reliable transport', () => {
    const { stage } = start(true);
    stage.advanceTo(31_999);
    expect(stage.take()).toEqual(['0 send INVITE']);
  });

  it('acknowledges a failure, each retransmission of it again, and passes it on once, until Timer D', () => {
    const { stage, transaction } = start(false);
    transaction.receive(respond(transaction, 486), 0);
    stage.advanceTo(10_000);
    transaction.receive(respond(transaction, 486), 10_000);
    transaction.receive(respond(transaction, 200), 10_000);
    transaction.receive(respond(transaction, 180), 10_000);
    stage.advanceTo(100_000);
    transaction.receive(respond(transaction, 486), 100_000);
    expect(stage.take()).toEqual(['0 send INVITE', '0 send ACK', '0 pass 486', '10000 send ACK', '32000 terminated']);
  });

  it('ends with a failure at once on a reliable transport', () => {
    const { stage, transaction } = start(true);
    transaction.receive(respond(transaction, 180), 0);
    transaction.receive(respond(transaction, 603), 0);
    expect(stage.take()).toEqual(['0 send INVITE', '0 pass 180', '0 send ACK', '0 pass 603', '0 terminated']);
    expect(stage.timers.size).toBe(0);
  });
});
