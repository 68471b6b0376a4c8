import { TimerQueue } from '../../../src/base/timer-queue.ts';
import { createResponse } from '../../../src/sip/create-response.ts';
import { type SipMessage, type SipRequest, type SipResponse } from '../../../src/sip/message.ts';
import {
  type ClientTransactionEvents,
  type ClientTransactionOptions,
} from '../../../src/sip/transaction/client-transaction.ts';
import { type ServerTransactionOptions } from '../../../src/sip/transaction/server-transaction.ts';
import { type TransactionTimings } from '../../../src/sip/transaction/timings.ts';
import { lines, request } from '../sample-messages.ts';

const timings: TransactionTimings = { t1Ms: 500, t2Ms: 4000, t4Ms: 5000, timerDMs: 32_000, tryingDelayMs: 200 };

export function requestOf(method: string): SipRequest {
  return request(
    lines(
      `${method} sip:bob@example.com SIP/2.0`,
      'Via: SIP/2.0/WSS x.invalid;branch=z9hG4bKabc',
      'To: <sip:bob@example.com>',
      'From: <sip:alice@example.com>;tag=1',
      'Call-ID: c',
      `CSeq: 7 ${method}`,
      '',
      '',
    ),
  );
}

/** Fake time and a written record of everything that a transaction does, each entry with its time in ms: `500 send INVITE`. */
export class Stage {
  readonly log: string[] = [];
  readonly timers = new TimerQueue();
  nowMs = 0;

  options(
    method: string,
    reliable: boolean,
    on: Partial<ClientTransactionEvents> = {},
  ): ClientTransactionOptions & ServerTransactionOptions {
    return {
      key: `${method} x.invalid z9hG4bKabc`,
      request: requestOf(method),
      reliable,
      timers: this.timers,
      timings,
      nowMs: this.nowMs,
      send: (message) => {
        this.note(`send ${summary(message)}`);
      },
      on: {
        response: (response) => {
          this.note(`pass ${summary(response)}`);
        },
        timeout: () => {
          this.note('timeout');
        },
        transportError: () => {
          this.note('transport error');
        },
        terminated: () => {
          this.note('terminated');
        },
        ...on,
      },
    };
  }

  note(entry: string): void {
    this.log.push(`${this.nowMs} ${entry}`);
  }

  /** Moves to an absolute time and runs each timer at its own. */
  advanceTo(timeMs: number): void {
    for (let next = this.timers.nextMs; next !== undefined && next <= timeMs; next = this.timers.nextMs) {
      this.nowMs = next;
      this.timers.runDue(next);
    }
    this.nowMs = timeMs;
  }

  /** Takes what was written since the last time. */
  take(): string[] {
    return this.log.splice(0);
  }
}

export function respond(to: { readonly request: SipRequest }, status: number): SipResponse {
  return createResponse(to.request, status, { toTag: 'theirs' });
}

function summary(message: SipMessage): string {
  return message.kind === 'request' ? message.method : String(message.status);
}
