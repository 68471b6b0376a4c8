import type * as z from 'zod';
import { nearestSibling } from '../problems.ts';

/** Steps from the root of a tree; positions in a list are numbers. */
type Path = readonly PropertyKey[];

/** What was read was written wrong, of which another line tells: whatever was made of it would speak of a value that nobody wrote. */
export class UnknownValue extends Error {}

/** A tree of which some was written wrong: reading that throws `UnknownValue`, and the rest is as it is. */
export function knownPart<T extends object>(tree: T, wrong: readonly Path[]): T {
  if (wrong.length === 0) return tree;
  return new Proxy(tree, {
    get(target, key) {
      const below = wrong.flatMap(([first, ...rest]) => (String(first) === key ? [rest] : []));
      if (below.some((rest) => rest.length === 0)) throw new UnknownValue();
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'object' && value !== null ? knownPart(value, below) : value;
    },
  });
}

/** `undefined` when it needs what is not known. */
export function asFarAsKnown<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof UnknownValue) return undefined;
    throw error;
  }
}

/** The entries of a list that are known, with their positions. */
export function knownEntries<T>(list: readonly T[]): { readonly entry: T; readonly i: number }[] {
  return Array.from({ length: list.length }, (_, i) => i).flatMap(
    (i) => asFarAsKnown(() => list.slice(i, i + 1).map((entry) => ({ entry, i }))) ?? [],
  );
}

/** Beside what does not fit, the key that a misspelt one was meant for: its default is not what the operator wants. */
export function wrongPaths(issues: readonly z.core.$ZodRawIssue[]): Path[] {
  return issues.flatMap((issue) => {
    const path = issue.path ?? [];
    if (issue.code !== 'unrecognized_keys') return [path];
    const keys = issue.keys as readonly string[];
    return keys.flatMap((key) => {
      const meant = nearestSibling(path, key);
      return meant === undefined ? [] : [[...path, meant]];
    });
  });
}
