import { stringify } from 'yaml';
import { knownKeys } from '../config/known-keys.ts';
import { type Findings } from '../config/findings.ts';
import { stateDirOf, trySecrets } from '../config/secrets.ts';
import { invalidConfig } from '../config/problems.ts';
import { startupWarnings } from '../config/warnings.ts';
import { systemClock } from '../base/clock.ts';
import { EpcscfTurnError, type ErrorCode } from '../base/errors.ts';
import { unusableAddresses } from '../server/unusable-addresses.ts';
import { configFrom, tryConfigFrom, type ConfigFlags } from './config-options.ts';

/**
 * Everything a start checks, short of listening, and everything at once: where something was written wrong, files and addresses are looked at
 * all the same, as far as the rest names them. Nothing is left on the disk.
 */
export async function checkConfig(flags: ConfigFlags): Promise<void> {
  const { known, problems } = tryConfigFrom(flags);
  if (!known) throw invalidConfig(problems);
  const { unixMs } = systemClock.now();
  const { secrets, findings } = await trySecrets(known, process.env, unixMs);
  const unusable = await unusableAddresses(known);
  const lines = [...problems, ...findings.lines, ...unusable];
  if (lines.length > 0) throw new EpcscfTurnError(codeOf(problems, findings), lines);
  if (secrets) for (const warning of startupWarnings(known, secrets, unixMs)) console.error(`warning: ${warning}`);
  console.log('configuration is valid');
}

/** The error code of the problem that a start would meet first. */
function codeOf(problems: readonly string[], findings: Findings): ErrorCode {
  return problems.length > 0 ? 'ERR_CONFIG_INVALID' : (findings.code ?? 'ERR_ADDRESS_UNAVAILABLE');
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
