import type * as z from 'zod';
import { knownPart, wrongPaths } from './known-part.ts';
import { checkRules } from './rules.ts';
import { type Config, configTree } from './tree.ts';

export interface ParsedTree {
  /** See `knownPart`; `undefined` when the input is no mapping. */
  readonly known: Config | undefined;
  /** When there are none, all of it is known. */
  readonly issues: readonly z.core.$ZodIssue[];
}

/** Checks each key, and the rules between keys as far as what they read is right, so that one run tells of every mistake. */
export function parseTree(input: unknown): ParsedTree {
  let known: Config | undefined;
  const schema = configTree.superRefine(
    (config, context) => {
      if (wrongPaths(context.issues).some((path) => path.length === 0)) return;
      known = knownPart(config, wrongPaths(context.issues));
      checkRules(known, context);
    },
    { when: () => true },
  );
  const parsed = schema.safeParse(input, { reportInput: true, jitless: true });
  return parsed.success ? { known: parsed.data, issues: [] } : { known, issues: parsed.error.issues };
}
