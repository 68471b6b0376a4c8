import { type SipResponse } from '../../sip/message.ts';
import { type CallTimers } from './call-timers.ts';

const T1_MS = 500;
const T2_MS = 4000;

export interface AnswerPorts {
  readonly timers: CallTimers;
  readonly send: (response: SipResponse) => void;
  /** No ACK came within 64 × T1. */
  readonly onSilence: () => void;
}

/** A 2xx to INVITE, sent again until its ACK comes (RFC 3261 §13.3.1.4). One at a time. */
export class RepeatedAnswer {
  readonly #ports: AnswerPorts;
  #sequence: number | undefined;

  constructor(ports: AnswerPorts) {
    this.#ports = ports;
  }

  /** `sequence`: of the CSeq of the INVITE. */
  send(response: SipResponse, sequence: number): void {
    this.#sequence = sequence;
    this.#ports.send(response);
    this.#repeat(response, T1_MS, 64 * T1_MS);
  }

  /** True when this is the ACK that was waited for. */
  acknowledge(sequence: number): boolean {
    if (sequence !== this.#sequence) return false;
    this.#sequence = undefined;
    this.#ports.timers.disarm('repeat');
    return true;
  }

  #repeat(response: SipResponse, intervalMs: number, leftMs: number): void {
    const { timers, send, onSilence } = this.#ports;
    timers.arm('repeat', Math.min(intervalMs, leftMs), () => {
      if (intervalMs >= leftMs) {
        onSilence();
        return;
      }
      send(response);
      this.#repeat(response, Math.min(2 * intervalMs, T2_MS), leftMs - intervalMs);
    });
  }
}
