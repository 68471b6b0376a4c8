import { setTimeout as sleep } from 'node:timers/promises';
import { type Logger } from '../base/logger.ts';
import { type Secret } from '../base/secret.ts';
import { type TypedEvents } from '../base/typed-events.ts';
import { type EdgeEvents, type RegistrationEnd } from '../edge/edge-events.ts';
import { type SendExchange } from './web-exchange.ts';

export interface RegistrationReportsContext {
  readonly url: string;
  readonly secret: Secret;
  readonly send: SendExchange;
  readonly events: TypedEvents<EdgeEvents>;
  readonly logger: Logger;
  /** Milliseconds before the second try; each further wait is twice as long. */
  readonly firstWaitMs?: number;
}

/** Reports that wait. Beyond it the oldest is dropped: the web server lends its identity again when the token has ended. */
const MAX_WAITING = 1000;
const MAX_TRIES = 6;
const FIRST_WAIT_MS = 1000;

/**
 * Tells a web server (WWSF) on another machine of each registration that a web token had made and that has ended, one report after the other, each until it is
 * taken or was tried often enough.
 */
export class RegistrationReports {
  readonly #context: RegistrationReportsContext;
  readonly #stopListening: () => void;
  readonly #stopped = new AbortController();
  readonly #waiting: RegistrationEnd[] = [];
  #isSending = false;

  constructor(context: RegistrationReportsContext) {
    this.#context = context;
    this.#stopListening = context.events.on('registration-ended', (end) => {
      if (end.webIdentity) this.#report(end);
    });
  }

  stop(): void {
    this.#stopListening();
    this.#stopped.abort();
    this.#waiting.length = 0;
  }

  #report(end: RegistrationEnd): void {
    this.#waiting.push(end);
    if (this.#waiting.length > MAX_WAITING) {
      this.#waiting.shift();
      this.#context.logger.warn({ waiting: MAX_WAITING }, 'a report of the end of a registration was dropped');
    }
    if (!this.#isSending) void this.#sendAll();
  }

  async #sendAll(): Promise<void> {
    this.#isSending = true;
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) await this.#send(next);
    this.#isSending = false;
  }

  async #send(end: RegistrationEnd): Promise<void> {
    const { logger, firstWaitMs = FIRST_WAIT_MS } = this.#context;
    const { signal } = this.#stopped;
    for (let tries = 1; ; tries++) {
      const problem = await this.#try(end);
      if (problem === undefined) return;
      if (tries === MAX_TRIES) {
        logger.warn({ problem, tries }, 'the end of a registration could not be reported');
        return;
      }
      const isOver = await sleep(firstWaitMs * 2 ** (tries - 1), false, { signal, ref: false }).catch(() => true);
      if (isOver) return;
    }
  }

  /** What went wrong; `undefined` if it was taken. */
  async #try({ impi, impu, registrationId }: RegistrationEnd): Promise<string | undefined> {
    const { url, secret, send } = this.#context;
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${secret.revealText()}` };
    const body = JSON.stringify({ event: 'registration-ended', impi, impu, registrationId });
    try {
      const { status } = await send({ url, headers, body });
      return status >= 200 && status <= 299 ? undefined : `status ${status}`;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
}
