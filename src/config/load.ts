import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { EpcscfTurnError } from '../core/errors.ts';
import { readEnvironment, type Environment, type Override } from './environment.ts';
import { nodeAt } from './json-schema.ts';
import { readText, setAt } from './overlay.ts';
import { describeIssues, invalidConfig, isMapping, unknownKey } from './problems.ts';
import { configSchema } from './schema/schema.ts';
import { type Config, type ConfigInput } from './schema/tree.ts';

export interface ConfigSources {
  /** YAML (or JSON) file. */
  readonly file?: string;
  readonly environment?: Environment;
  /** `turn.realm=example.com`, the strongest. */
  readonly assignments?: readonly string[];
}

/**
 * Reads file < environment < assignments. Throws ERR_CONFIG_UNREADABLE when the file cannot be read, ERR_CONFIG_INVALID with one line for
 * each problem.
 */
export function loadConfig({ file, environment = {}, assignments = [] }: ConfigSources): Config {
  const tree = file === undefined ? {} : readConfigFile(file);
  const fromEnvironment = readEnvironment(environment);
  const fromFlags = readAssignments(assignments);
  const sources = new Map<string, string>();
  for (const { path, value, source } of [...fromEnvironment.overrides, ...fromFlags.overrides]) {
    setAt(tree, path, value);
    sources.set(path.join('.'), source);
  }
  return validate(tree, sources, [...fromEnvironment.problems, ...fromFlags.problems]);
}

/** Checks a configuration object and fills in the defaults. Throws ERR_CONFIG_INVALID with one line for each problem. */
export function parseConfig(input: ConfigInput | Config): Config {
  return validate(input, new Map(), []);
}

function validate(input: unknown, sources: ReadonlyMap<string, string>, problems: readonly string[]): Config {
  const parsed = configSchema.safeParse(input, { reportInput: true });
  if (parsed.success && problems.length === 0) return parsed.data;
  throw invalidConfig([...problems, ...(parsed.success ? [] : describeIssues(parsed.error.issues, input, sources))]);
}

function readConfigFile(file: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new EpcscfTurnError('ERR_CONFIG_UNREADABLE', `${file}: cannot read the configuration file (${reason})`, {
      cause,
    });
  }
  const document = parseDocument(text, { prettyErrors: true });
  if (document.errors.length > 0) {
    throw invalidConfig(
      document.errors.map(({ message, linePos }) => {
        const [at] = linePos ?? [];
        const summary = message.split('\n', 1)[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? '';
        return `${file}:${at?.line ?? 1}:${at?.col ?? 1}: ${summary}`;
      }),
    );
  }
  const tree: unknown = document.toJS({ maxAliasCount: 100 });
  if (tree === null || tree === undefined) return {};
  if (!isMapping(tree)) throw invalidConfig([`${file}: expected a mapping of sections, got ${typeof tree}`]);
  return tree;
}

function readAssignments(assignments: readonly string[]): { overrides: Override[]; problems: string[] } {
  const overrides: Override[] = [];
  const problems: string[] = [];
  for (const assignment of assignments) {
    const equals = assignment.indexOf('=');
    if (equals <= 0) {
      problems.push(`--set ${assignment}: expected key=value`);
      continue;
    }
    const path = assignment.slice(0, equals).trim().split('.');
    const node = nodeAt(path);
    if (node) {
      overrides.push({ path, value: readText(node, assignment.slice(equals + 1)), source: '--set' });
      continue;
    }
    const depth = path.findIndex((_, i) => nodeAt(path.slice(0, i + 1)) === undefined);
    problems.push(`${path.slice(0, depth + 1).join('.')}: ${unknownKey(path.slice(0, depth), path[depth] ?? '')}`);
  }
  return { overrides, problems };
}
