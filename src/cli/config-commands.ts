import { stringify } from 'yaml';
import { knownKeys } from '../config/known-keys.ts';
import { loadMaterial, stateDirOf } from '../config/material.ts';
import { TrialState } from '../config/state/trial-state.ts';
import { startupWarnings } from '../config/warnings.ts';
import { systemClock } from '../core/clock.ts';
import { EpcscfTurnError } from '../core/errors.ts';
import { unusableAddresses } from '../server/unusable-addresses.ts';
import { configFrom, type ConfigFlags } from './config-options.ts';

/** Everything a start checks, short of listening, and everything at once; nothing is written. */
export async function checkConfig(flags: ConfigFlags): Promise<void> {
  const config = configFrom(flags);
  const { unixMs } = systemClock.now();
  const state = new TrialState(stateDirOf(config, process.env));
  const unusable = await unusableAddresses(config);
  const material = await loadMaterial(config, process.env, unixMs, state).catch((error: unknown) => {
    throw error instanceof EpcscfTurnError ? withLines(error, unusable) : error;
  });
  if (unusable.length > 0) throw new EpcscfTurnError('ERR_ADDRESS_UNAVAILABLE', unusable.join('\n'));
  for (const warning of startupWarnings(config, material, unixMs)) console.error(`warning: ${warning}`);
  console.log('configuration is valid');
}

function withLines({ code, message, cause }: EpcscfTurnError, lines: readonly string[]): EpcscfTurnError {
  return new EpcscfTurnError(code, [message, ...lines].join('\n'), { cause });
}

/** The effective configuration as YAML, secrets hidden; or the environment variable of each key. */
export function printConfig(flags: ConfigFlags & { readonly env?: boolean }): void {
  if (flags.env) {
    for (const { environment, path } of knownKeys()) console.log(`${environment}  ${path}`);
    return;
  }
  // Secrets print themselves as [secret] on the way through JSON.
  const config = configFrom(flags);
  const shown: unknown = JSON.parse(JSON.stringify({ ...config, stateDir: stateDirOf(config, process.env) }));
  console.log(stringify(shown).trimEnd());
}
