import { dirname, resolve } from 'node:path';
import { readEnvironment, type Environment, type Override } from './environment.ts';
import { nodeAt } from './json-schema.ts';
import { anchorFiles } from './named-files.ts';
import { gapAt, readValue, setAt } from './overlay.ts';
import { describeIssues, invalidConfig, isMapping, kindOf, unknownKey } from './problems.ts';
import { parseTree } from './schema/schema.ts';
import { type Config, type ConfigInput } from './schema/tree.ts';
import { readTextFile } from './text-file.ts';
import { parseYaml } from './yaml-text.ts';

export interface ConfigSources {
  /** YAML (or JSON) file. */
  readonly file?: string;
  readonly environment?: Environment;
  /** Assignments such as `turn.realm=example.com`. They win over environment and file. */
  readonly assignments?: readonly string[];
}

/**
 * Reads file < environment < assignments. Throws ERR_CONFIG_UNREADABLE when the file cannot be read, ERR_CONFIG_INVALID with one line for
 * each problem.
 */
export function loadConfig(sources: ConfigSources): Config {
  return whole(tryConfig(sources));
}

/** A configuration that may have mistakes. */
export interface TriedConfig {
  /** The configuration as far as it is right: reading a wrong value throws `UnknownValue`. `undefined` when nothing of it is right. */
  readonly known: Config | undefined;
  /** A line for each mistake. When there is none, the whole configuration is known. */
  readonly problems: readonly string[];
}

/** Loads a configuration like `loadConfig`, but returns its problems. Throws only when a source cannot be read at all. */
export function tryConfig({ file, environment = {}, assignments = [] }: ConfigSources): TriedConfig {
  const tree = file === undefined ? {} : readConfigFile(file);
  const fromEnvironment = readEnvironment(environment);
  const fromFlags = readAssignments(assignments);
  const sources = new Map<string, string>();
  const gaps: string[] = [];
  for (const { path, value, source } of [...fromEnvironment.overrides, ...fromFlags.overrides]) {
    const gap = gapAt(tree, path);
    if (gap) {
      gaps.push(`${source}: expected the next entry of ${gap.list}, which is ${gap.length}, got ${gap.place}`);
      continue;
    }
    setAt(tree, path, value);
    sources.set(path.join('.'), source);
  }
  return check(tree, sources, [...fromEnvironment.problems, ...fromFlags.problems, ...gaps]);
}

/** Checks a configuration object and fills in the defaults. Throws ERR_CONFIG_INVALID with one line for each problem. */
export function parseConfig(input: ConfigInput | Config): Config {
  return whole(check(input, new Map(), []));
}

function check(input: unknown, sources: ReadonlyMap<string, string>, problems: readonly string[]): TriedConfig {
  const { known, issues } = parseTree(input);
  return { known, problems: [...problems, ...describeIssues(issues, input, sources)] };
}

function whole({ known, problems }: TriedConfig): Config {
  if (known && problems.length === 0) return known;
  throw invalidConfig(problems);
}

function readConfigFile(file: string): Record<string, unknown> {
  const { value, problems } = parseYaml(readTextFile(file, 'configuration file', 'ERR_CONFIG_UNREADABLE'));
  if (problems.length > 0) throw invalidConfig(problems.map((problem) => `${file}:${problem}`));
  if (value === null || value === undefined) return {};
  if (!isMapping(value)) throw invalidConfig([`${file}: expected a mapping of sections, got ${kindOf(value)}`]);
  anchorFiles(value, dirname(resolve(file)));
  return value;
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
      overrides.push({ path, value: readValue(node, assignment.slice(equals + 1)), source: '--set' });
      continue;
    }
    const depth = path.findIndex((_, i) => nodeAt(path.slice(0, i + 1)) === undefined);
    problems.push(`${path.slice(0, depth + 1).join('.')}: ${unknownKey(path.slice(0, depth), path[depth] ?? '')}`);
  }
  return { overrides, problems };
}
