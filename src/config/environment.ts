import { nodeAt } from './json-schema.ts';
import { knownKeys } from './known-keys.ts';
import { nearest } from './nearest.ts';
import { readValue } from './overlay.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Override {
  readonly path: readonly string[];
  readonly value: unknown;
  /** The name of the variable, for error lines. */
  readonly source: string;
}

/** The variable that names the configuration file. The command reads it; it is no key of the configuration. */
export const CONFIG_FILE_VARIABLE = 'EPCSCF_CONFIG';
export const LAB_TOKEN_VARIABLE = 'EPCSCF_LAB_TOKEN';
const OTHERS: readonly string[] = [CONFIG_FILE_VARIABLE, LAB_TOKEN_VARIABLE];
const PREFIX = 'EPCSCF_';

/** Every `EPCSCF_…` variable as a key and value, entries of a list in their order. A name that stands for no key is a problem: a silent slip would run with the default. */
export function readEnvironment(environment: Environment): { overrides: Override[]; problems: string[] } {
  const overrides: Override[] = [];
  const problems: string[] = [];
  const keys = knownKeys().map((key) => ({ ...key, pattern: patternOf(key.environment) }));
  for (const [name, text] of Object.entries(environment).sort(([a], [b]) =>
    a.localeCompare(b, 'en', { numeric: true }),
  )) {
    if (!name.startsWith(PREFIX) || OTHERS.includes(name) || text === undefined) continue;
    const match = firstMatch(keys, name);
    if (!match) {
      const near = nearest(name, [...keys.map((key) => key.environment), ...OTHERS]);
      const hint = near === undefined ? 'print-config --env lists all names' : `did you mean "${near}"?`;
      problems.push(`${name}: unknown environment variable; ${hint}`);
      continue;
    }
    const node = nodeAt(match);
    if (node) overrides.push({ path: match, value: readValue(node, text), source: name });
  }
  return { overrides, problems };
}

/** The pattern of a key as a variable name, in which a position in a list is a number of up to three digits. */
function patternOf(environmentName: string): RegExp {
  return new RegExp(`^${environmentName.replaceAll('<n>', '(\\d{1,3})')}$`);
}

function firstMatch(keys: readonly { path: string; pattern: RegExp }[], name: string): string[] | undefined {
  for (const { path, pattern } of keys) {
    const match = pattern.exec(name);
    if (!match) continue;
    const places = match.slice(1);
    return path.replaceAll('[]', () => `.${places.shift() ?? ''}`).split('.');
  }
  return undefined;
}
