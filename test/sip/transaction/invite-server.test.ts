import { describe, expect, it } from 'vitest';
import { InviteServerTransaction } from '../../../src/sip/transaction/invite-server.ts';
import { respond, Stage } from './harness.ts';

function start(reliable: boolean): { stage: Stage; transaction: InviteServerTransaction } {
  const stage = new Stage();
  return { stage, transaction: new InviteServerTransaction(stage.options('INVITE', reliable)) };
}

describe.each([true, false])('InviteServerTransaction, reliable: %s', (reliable) => {
  it('sends a 100 when the TU says nothing for 200 ms', () => {
    const { stage } = start(reliable);
    stage.advanceTo(199);
    expect(stage.take()).toEqual([]);
    stage.advanceTo(10_000);
    expect(stage.take()).toEqual(['200 send 100']);
  });

  it('sends no 100 of its own after a response of the TU', () => {
    const { stage, transaction } = start(reliable);
    stage.advanceTo(100);
    expect(transaction.respond(respond(transaction, 180), 100)).toBe(true);
    stage.advanceTo(1000);
    expect(stage.take()).toEqual(['100 send 180']);
    expect(transaction.state).toBe('proceeding');
  });

  it('answers a retransmitted INVITE with the latest provisional response, and with nothing before there is one', () => {
    const { stage, transaction } = start(reliable);
    transaction.receiveRetransmission();
    transaction.respond(respond(transaction, 180), 0);
    transaction.respond(respond(transaction, 183), 0);
    stage.take();
    transaction.receiveRetransmission();
    expect(stage.take()).toEqual(['0 send 183']);
  });

  it('stays for Timer L after a 2xx, absorbs the INVITE, lets further 2xx pass and nothing else', () => {
    const { stage, transaction } = start(reliable);
    transaction.respond(respond(transaction, 200), 0);
    expect(transaction.state).toBe('accepted');
    transaction.receiveRetransmission();
    expect(transaction.respond(respond(transaction, 202), 0)).toBe(true);
    expect(transaction.respond(respond(transaction, 486), 0)).toBe(false);
    expect(transaction.respond(respond(transaction, 180), 0)).toBe(false);
    expect(transaction.receiveAck(0)).toBe(false);
    stage.advanceTo(31_999);
    expect(transaction.state).toBe('accepted');
    stage.advanceTo(100_000);
    expect(stage.take()).toEqual(['0 send 200', '0 send 202', '32000 terminated']);
    expect(stage.timers.size).toBe(0);
  });

  it('times out when the ACK of a failure never comes', () => {
    const { stage, transaction } = start(reliable);
    transaction.respond(respond(transaction, 486), 0);
    stage.take();
    stage.advanceTo(100_000);
    expect(stage.take().slice(-2)).toEqual(['32000 timeout', '32000 terminated']);
    expect(stage.timers.size).toBe(0);
  });

  it('answers a retransmitted INVITE with the failure it has sent, and takes no other response', () => {
    const { stage, transaction } = start(reliable);
    transaction.respond(respond(transaction, 486), 0);
    expect(transaction.respond(respond(transaction, 200), 0)).toBe(false);
    transaction.receiveRetransmission();
    expect(stage.take()).toEqual(['0 send 486', '0 send 486']);
    expect(transaction.state).toBe('completed');
  });

  it('ends once, and is silent afterwards whatever comes', () => {
    const { stage, transaction } = start(reliable);
    transaction.terminate();
    transaction.terminate();
    transaction.transportFailed();
    transaction.receiveRetransmission();
    expect(transaction.receiveAck(0)).toBe(true);
    expect(transaction.respond(respond(transaction, 200), 0)).toBe(false);
    stage.advanceTo(100_000);
    expect(stage.take()).toEqual(['0 terminated']);
  });

  it('ignores an ACK that comes before any final response', () => {
    const { transaction } = start(reliable);
    expect(transaction.receiveAck(0)).toBe(true);
    expect(transaction.state).toBe('proceeding');
  });
});

describe('InviteServerTransaction', () => {
  it('repeats a failure on an unreliable transport at 0.5, 1.5, 3.5, 7.5 s and then every 4 s (Timer G) until Timer H', () => {
    const { stage, transaction } = start(false);
    transaction.respond(respond(transaction, 486), 0);
    stage.advanceTo(100_000);
    const times = [0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];
    expect(stage.take()).toEqual([...times.map((time) => `${time} send 486`), '32000 timeout', '32000 terminated']);
  });

  it('repeats nothing on a reliable transport', () => {
    const { stage, transaction } = start(true);
    transaction.respond(respond(transaction, 486), 0);
    stage.advanceTo(31_999);
    expect(stage.take()).toEqual(['0 send 486']);
  });

  it('is confirmed by the ACK, absorbs further ones and ends after Timer I', () => {
    const { stage, transaction } = start(false);
    transaction.respond(respond(transaction, 486), 0);
    stage.advanceTo(600);
    expect(transaction.receiveAck(600)).toBe(true);
    expect(transaction.state).toBe('confirmed');
    transaction.receiveRetransmission();
    expect(transaction.receiveAck(700)).toBe(true);
    stage.advanceTo(100_000);
    expect(stage.take()).toEqual(['0 send 486', '500 send 486', '5600 terminated']);
  });

  it('ends with the ACK at once on a reliable transport', () => {
    const { stage, transaction } = start(true);
    transaction.respond(respond(transaction, 486), 0);
    expect(transaction.receiveAck(0)).toBe(true);
    expect(stage.take()).toEqual(['0 send 486', '0 terminated']);
    expect(stage.timers.size).toBe(0);
  });

  it('tells of a transport failure and ends when the connection is gone, but stays where retransmissions may come', () => {
    const reliable = start(true);
    reliable.transaction.transportFailed();
    expect(reliable.stage.take()).toEqual(['0 transport error', '0 terminated']);
    const unreliable = start(false);
    unreliable.transaction.respond(respond(unreliable.transaction, 486), 0);
    unreliable.stage.take();
    unreliable.transaction.transportFailed();
    expect(unreliable.stage.take()).toEqual(['0 transport error']);
    expect(unreliable.transaction.state).toBe('completed');
  });
});
