import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InviteClientTransaction } from '../../../src/sip/transaction/invite-client.ts';
import { InviteServerTransaction } from '../../../src/sip/transaction/invite-server.ts';
import { NonInviteClientTransaction } from '../../../src/sip/transaction/non-invite-client.ts';
import { NonInviteServerTransaction } from '../../../src/sip/transaction/non-invite-server.ts';
import { Transaction, type Moves } from '../../../src/sip/transaction/transaction.ts';
import { respond, Stage } from './harness.ts';

const step = fc.record({
  event: fc.constantFrom('respond', 'retransmission', 'ack', 'transport', 'wait'),
  status: fc.constantFrom(100, 180, 200, 202, 302, 486, 603),
  waitMs: fc.integer({ min: 0, max: 40_000 }),
});

describe('every transaction', () => {
  it('stays within its legal moves, ends once and leaves no timer behind, whatever comes in whatever order', () => {
    fc.assert(
      fc.property(fc.nat(3), fc.boolean(), fc.array(step, { maxLength: 20 }), (which, reliable, steps) => {
        const stage = new Stage();
        const play = [inviteServer, nonInviteServer, inviteClient, nonInviteClient][which]!(stage, reliable);
        for (const { event, status, waitMs } of steps) {
          if (event === 'wait') stage.advanceTo(stage.nowMs + waitMs);
          else play(event, status);
        }
        play('respond', 486);
        play('respond', 200);
        stage.advanceTo(stage.nowMs + 100_000);
        const ends = stage.log.filter((entry) => entry.endsWith(' terminated'));
        expect([ends.length, stage.timers.size]).toEqual([1, 0]);
        expect(stage.log.at(-1)).toBe(ends[0]);
      }),
      { numRuns: 500 },
    );
  });

  it('throws on a move that its table does not have, since that is a mistake of ours', () => {
    const transaction = new Misled(new Stage());
    expect(() => {
      transaction.wander();
    }).toThrow(expect.objectContaining({ code: 'ERR_INVALID_STATE' }) as Error);
    expect(transaction.state).toBe('here');
  });
});

type Play = (event: string, status: number) => void;

function inviteServer(stage: Stage, reliable: boolean): Play {
  const transaction = new InviteServerTransaction(stage.options('INVITE', reliable));
  return (event, status) => {
    if (event === 'respond') transaction.respond(respond(transaction, status), stage.nowMs);
    else if (event === 'retransmission') transaction.receiveRetransmission();
    else if (event === 'ack') transaction.receiveAck(stage.nowMs);
    else transaction.transportFailed();
  };
}

function nonInviteServer(stage: Stage, reliable: boolean): Play {
  const transaction = new NonInviteServerTransaction(stage.options('BYE', reliable));
  return (event, status) => {
    if (event === 'respond') transaction.respond(respond(transaction, status), stage.nowMs);
    else if (event === 'transport') transaction.transportFailed();
    else transaction.receiveRetransmission();
  };
}

function inviteClient(stage: Stage, reliable: boolean): Play {
  const transaction = new InviteClientTransaction(stage.options('INVITE', reliable));
  return (event, status) => {
    if (event === 'transport') transaction.transportFailed();
    else transaction.receive(respond(transaction, status), stage.nowMs);
  };
}

function nonInviteClient(stage: Stage, reliable: boolean): Play {
  const transaction = new NonInviteClientTransaction(stage.options('BYE', reliable));
  return (event, status) => {
    if (event === 'transport') transaction.transportFailed();
    else transaction.receive(respond(transaction, status), stage.nowMs);
  };
}

const MOVES: Moves<'here' | 'there' | 'terminated'> = { here: ['terminated'], there: [], terminated: [] };

class Misled extends Transaction<'here' | 'there'> {
  constructor(stage: Stage) {
    super('key', 'here', MOVES, stage.options('INVITE', true));
  }

  wander(): void {
    this.move('there');
  }
}
