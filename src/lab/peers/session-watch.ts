import { type SipHeaders } from '../../sip/message.ts';
import { type CallTimers } from './call-timers.ts';
import { hangUpAfterSec, readSessionTimer, type SessionTimer } from './session-timer.ts';

export interface SessionPorts {
  /** It is the peer's turn to refresh. */
  readonly refresh: (expiresSec: number) => void;
  /** No refresh came. */
  readonly expired: () => void;
}

/** Keeps the session timer of one call (RFC 4028 §10) on the side of the callee. */
export class SessionWatch {
  readonly #timers: CallTimers;
  readonly #ports: SessionPorts;

  constructor(timers: CallTimers, ports: SessionPorts) {
    this.#timers = timers;
    this.#ports = ports;
  }

  /** In a request of the caller. Without a timer the session needs no refresh any more. */
  agree(timer: SessionTimer | undefined): void {
    this.#watch(timer, timer?.refresher === 'uas');
  }

  /** By a 2xx to a request of the peer's own; one that says nothing keeps what was agreed, refreshed by the peer. */
  refreshed(response: { readonly headers: SipHeaders }, agreedSec: number): void {
    const answer = readSessionTimer(response.headers);
    const timer: SessionTimer = answer.kind === 'timer' ? answer.timer : { expiresSec: agreedSec, refresher: 'uac' };
    this.#watch(timer, timer.refresher === 'uac');
  }

  #watch(timer: SessionTimer | undefined, isOurs: boolean): void {
    this.#timers.disarm('refresh');
    this.#timers.disarm('expiry');
    if (!timer) return;
    const { refresh, expired } = this.#ports;
    this.#timers.arm('expiry', hangUpAfterSec(timer.expiresSec) * 1000, expired);
    if (!isOurs) return;
    this.#timers.arm('refresh', (timer.expiresSec * 1000) / 2, () => {
      refresh(timer.expiresSec);
    });
  }
}
