import { fail, ok, type Result } from '../base/result.ts';
import { selfTest, type KernelAbilities } from './kernel/self-test.ts';
import { systemCalls, type SystemCalls } from './kernel/system-calls.ts';
import { type TurnServerOptions } from './turn-server-options.ts';
import { type TurnWrap } from './turn-wrap.ts';

export interface BatchMeans {
  readonly calls: SystemCalls;
  readonly abilities: KernelAbilities;
}

/** What the data plane `batch` needs of the system, or in one line why it cannot serve this configuration here. */
export function batchSupport(
  { listeners }: Pick<TurnServerOptions, 'listeners'>,
  isSystemClock: boolean,
  wrap: TurnWrap | undefined,
  load = systemCalls,
): Result<BatchMeans, string> {
  if (!listeners.some(({ transport }) => transport === 'udp')) return fail('there is no UDP listener');
  if (wrap?.plane) return fail('what tests put around the data plane works with node alone');
  if (!isSystemClock) return fail('the program has given the server a clock of its own, which threads do not have');
  const calls = load();
  if (!calls.ok) return calls;
  const tested = selfTest(calls.value);
  return tested.ok ? ok({ calls: calls.value, abilities: tested.value }) : fail(`self-test: ${tested.reason}`);
}
