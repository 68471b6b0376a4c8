import { setTimeout as sleep } from 'node:timers/promises';
import { type Random } from './random.ts';
import { type Victim } from './victim.ts';

/** What every attacker works with. */
export interface Campaign {
  readonly victim: Victim;
  readonly random: Random;
  /** UNIX milliseconds when the attack ends, and with it the credentials of the attackers. */
  readonly endMs: number;
  /** Counts what was thrown at the server. */
  readonly tally: Map<string, number>;
}

export function isOver({ endMs }: Campaign): boolean {
  return Date.now() >= endMs;
}

export function count({ tally }: Campaign, what: string, amount = 1): void {
  tally.set(what, (tally.get(what) ?? 0) + amount);
}

/** Runs `wave` with a pause after each until the attack is over: the bound on how much is sent. */
export async function inWaves(campaign: Campaign, pauseMs: number, wave: () => void | Promise<void>): Promise<void> {
  while (!isOver(campaign)) {
    await wave();
    await sleep(pauseMs);
  }
}

/** Loopback answers on all of 127/8, so an attacker may have as many addresses as it likes. */
export function sourceAddress(index: number): string {
  return `127.0.0.${10 + index}`;
}
