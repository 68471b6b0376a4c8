import { fail, ok, type Result } from '../base/result.ts';
import { selfTest, type KernelAbilities } from './kernel/self-test.ts';
import { loadSystemCalls, type NoSystemCalls, type SystemCalls } from './kernel/system-calls.ts';
import { type TurnServerOptions } from './turn-server-options.ts';
import { type TurnWrap } from './turn-wrap.ts';

const WHY_NO_CALLS: Readonly<Record<NoSystemCalls, string>> = {
  'not-linux': 'this is not Linux',
  'unknown-architecture': 'this processor is not known',
  'no-koffi': 'the optional package koffi is not installed',
  'no-glibc': 'the C library of the system is not glibc',
  'old-kernel': 'the C library of the system lacks a call',
};

export interface BatchMeans {
  readonly calls: SystemCalls;
  readonly abilities: KernelAbilities;
}

/** What the data plane `batch` needs of the system, or in one line why it cannot serve this configuration here. */
export function batchSupport(
  { listeners }: Pick<TurnServerOptions, 'listeners'>,
  isSystemClock: boolean,
  wrap: TurnWrap | undefined,
  load = loadSystemCalls,
): Result<BatchMeans, string> {
  if (!listeners.some(({ transport }) => transport === 'udp')) return fail('there is no UDP listener');
  if (wrap?.plane) return fail('something is put around the data plane node');
  if (!isSystemClock) return fail('the clock is not that of the system');
  const calls = load();
  if (!calls.ok) return fail(WHY_NO_CALLS[calls.reason]);
  const tested = selfTest(calls.value);
  return tested.ok ? ok({ calls: calls.value, abilities: tested.value }) : fail(`self-test: ${tested.reason}`);
}
