import { type Command } from 'commander';
import { CONFIG_FILE_VARIABLE } from '../config/environment.ts';
import { loadConfig, tryConfig, type ConfigSources, type TriedConfig } from '../config/load.ts';
import { type Config } from '../config/schema/tree.ts';

export interface ConfigFlags {
  readonly config?: string;
  readonly set?: string[];
}

/** The flags of every command that reads the configuration. */
export function withConfigOptions(command: Command): Command {
  return command
    .option('-c, --config <file>', `YAML configuration file (or $${CONFIG_FILE_VARIABLE})`)
    .option(
      '-s, --set <key=value>',
      'one key, as in turn.realm=example.com; may be repeated',
      (value: string, before: string[] | undefined) => [...(before ?? []), value],
    );
}

/** The configuration of file, environment and flags; later ones win. Throws what `loadConfig` throws. */
export function configFrom(flags: ConfigFlags): Config {
  return loadConfig(sourcesOf(flags));
}

/** The configuration of the flags, with everything that is wrong with it as a list. Throws what `tryConfig` throws. */
export function tryConfigFrom(flags: ConfigFlags): TriedConfig {
  return tryConfig(sourcesOf(flags));
}

function sourcesOf({ config, set = [] }: ConfigFlags): ConfigSources {
  const file = config ?? process.env[CONFIG_FILE_VARIABLE];
  return { ...(file !== undefined && { file }), environment: process.env, assignments: set };
}
