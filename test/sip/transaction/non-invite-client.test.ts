import { describe, expect, it } from 'vitest';
import { NonInviteClientTransaction } from '../../../src/sip/transaction/non-invite-client.ts';
import { respond, Stage } from './harness.ts';

function start(reliable: boolean): { stage: Stage; transaction: NonInviteClientTransaction } {
  const stage = new Stage();
  return { stage, transaction: new NonInviteClientTransaction(stage.options('OPTIONS', reliable)) };
}

describe('NonInviteClientTransaction', () => {
  it('repeats the request on an unreliable transport at 0.5, 1.5, 3.5, 7.5 s and then every 4 s (Timer E) until Timer F', () => {
    const { stage } = start(false);
    stage.advanceTo(100_000);
    const times = [0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];
    expect(stage.take()).toEqual([...times.map((time) => `${time} send OPTIONS`), '32000 timeout', '32000 terminated']);
  });

  it('repeats nothing on a reliable transport, and times out all the same', () => {
    const { stage } = start(true);
    stage.advanceTo(100_000);
    expect(stage.take()).toEqual(['0 send OPTIONS', '32000 timeout', '32000 terminated']);
  });

  it('slows down to T2 after a provisional response, which does not postpone Timer F', () => {
    const { stage, transaction } = start(false);
    stage.advanceTo(20_000);
    stage.take();
    transaction.receive(respond(transaction, 100), 20_000);
    expect(transaction.state).toBe('proceeding');
    stage.advanceTo(25_000);
    transaction.receive(respond(transaction, 100), 25_000);
    stage.advanceTo(100_000);
    expect(stage.take()).toEqual([
      '20000 pass 100',
      '24000 send OPTIONS',
      '25000 pass 100',
      '28000 send OPTIONS',
      '32000 timeout',
      '32000 terminated',
    ]);
  });

  it('passes the final response on once and absorbs its retransmissions until Timer K', () => {
    const { stage, transaction } = start(false);
    transaction.receive(respond(transaction, 200), 0);
    expect(transaction.state).toBe('completed');
    stage.advanceTo(4999);
    transaction.receive(respond(transaction, 200), 4999);
    stage.advanceTo(100_000);
    transaction.receive(respond(transaction, 200), 100_000);
    expect(stage.take()).toEqual(['0 send OPTIONS', '0 pass 200', '5000 terminated']);
  });

  it.each([200, 302, 401, 503, 603])('ends with its final response at once on a reliable transport: %d', (status) => {
    const { stage, transaction } = start(true);
    transaction.receive(respond(transaction, 100), 0);
    transaction.receive(respond(transaction, status), 0);
    transaction.receive(respond(transaction, status), 0);
    expect(stage.take()).toEqual(['0 send OPTIONS', '0 pass 100', `0 pass ${status}`, '0 terminated']);
    expect(stage.timers.size).toBe(0);
  });

  it.each([true, false])('tells of a transport failure and ends: reliable %s', (reliable) => {
    const { stage, transaction } = start(reliable);
    transaction.transportFailed();
    expect(stage.take()).toEqual(['0 send OPTIONS', '0 transport error', '0 terminated']);
    expect(stage.timers.size).toBe(0);
  });

  it('refuses to be made of a request that no response could find', () => {
    const stage = new Stage();
    const options = stage.options('OPTIONS', true);
    options.request.headers.remove('CSeq');
    expect(() => new NonInviteClientTransaction(options)).toThrow('and a CSeq');
    expect(stage.take()).toEqual([]);
  });
});
