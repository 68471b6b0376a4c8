import type * as z from 'zod';
import { EpcscfTurnError } from '../base/errors.ts';
import { Secret } from '../base/secret.ts';
import { expectedOf, nodeAt, schemaRoot } from './json-schema.ts';
import { knownKeys } from './known-keys.ts';
import { nearest } from './nearest.ts';

/** Where a value was written, when that is not the configuration file: `EPCSCF_…` or `--set`. */
type Sources = ReadonlyMap<string, string>;

const MAX_VALUE_CHARACTERS = 60;

/** One line for each problem: the path of the key, what was expected and what came. */
export function describeIssues(issues: readonly z.core.$ZodIssue[], input: unknown, sources: Sources): string[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => `${dotted([...issue.path, key])}: ${unknownKey(issue.path, key)}`);
    }
    const node = nodeAt(issue.path);
    const expected = issue.code === 'custom' && issue.message !== 'Invalid input' ? issue.message : expectation(node);
    const hidden = node?.secret === true;
    const got = showValue(
      'input' in issue && issue.input !== undefined ? issue.input : valueAt(input, issue.path),
      hidden,
    );
    const path = dotted(issue.path);
    const source = sources.get(path);
    const from = source === undefined ? '' : ` (from ${source})`;
    return [`${path || 'configuration'}: expected ${expected}, got ${got}${from}`];
  });
}

function expectation(node: ReturnType<typeof nodeAt>): string {
  return node ? expectedOf(node) : 'a valid value';
}

function dotted(path: readonly PropertyKey[]): string {
  return path.map(String).join('.');
}

/** Looks among the neighbours first, then for a key of that name anywhere. */
export function unknownKey(parent: readonly PropertyKey[], key: string): string {
  const prefix = parent.length === 0 ? '' : `${dotted(parent)}.`;
  const near = nearestSibling(parent, key);
  if (near !== undefined) return `unknown key; did you mean "${prefix}${near}"?`;
  const elsewhere = knownKeys().find(({ path }) => path.slice(path.lastIndexOf('.') + 1) === key);
  if (elsewhere) return `unknown key; did you mean "${elsewhere.path}"?`;
  return `unknown key; known here: ${keysAt(parent).join(', ')}`;
}

/** The key of the same section that a misspelt one was meant for. */
export function nearestSibling(parent: readonly PropertyKey[], key: string): string | undefined {
  return nearest(key, keysAt(parent));
}

function keysAt(parent: readonly PropertyKey[]): string[] {
  return Object.keys(nodeAt(parent)?.properties ?? schemaRoot().properties ?? {});
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const step of path) value = isMapping(value) || Array.isArray(value) ? Reflect.get(value, step) : undefined;
  return value;
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Secret);
}

function showValue(value: unknown, hidden: boolean): string {
  if (value === undefined || value === null) return 'nothing';
  if (hidden) return value === '' ? 'empty text' : `[secret] (${typeof value})`;
  // A mapping may hold secrets further down.
  if (isMapping(value)) return 'a mapping';
  if (Array.isArray(value)) return value.some((entry) => typeof entry === 'object') ? 'a list' : show(value);
  return show(value);
}

/** For a value that may be long or hold secrets. */
export function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return isMapping(value) ? 'a mapping' : typeof value === 'string' ? 'text' : `a ${typeof value}`;
}

function show(value: unknown): string {
  const text = Array.isArray(value)
    ? `[${value.join(', ')}]`
    : typeof value === 'string'
      ? JSON.stringify(value)
      : String(value);
  return text.length > MAX_VALUE_CHARACTERS ? `${text.slice(0, MAX_VALUE_CHARACTERS)}…` : text;
}

export function invalidConfig(problems: readonly string[]): EpcscfTurnError {
  return new EpcscfTurnError('ERR_CONFIG_INVALID', problems);
}
