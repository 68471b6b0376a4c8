import type * as z from 'zod';
import { EpcscfTurnError } from '../../base/errors.ts';
import { faultSchema, type FaultKind, type FaultSpec } from './fault.ts';

export const FAULT_KINDS: readonly FaultKind[] = faultSchema.options.map((option) => option.shape.kind.value);

/** Fills the defaults in. Throws ERR_INVALID_ARGUMENT, which tells every mistake; whatever is passed, over HTTP too. */
export function parseFault(request: unknown): FaultSpec {
  const parsed = faultSchema.safeParse(request);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => describe(issue, request));
  throw new EpcscfTurnError('ERR_INVALID_ARGUMENT', `faults.add: ${problems.join('; ')}`);
}

function describe(issue: z.core.$ZodIssue, request: unknown): string {
  if (issue.code === 'invalid_union') {
    const kind: unknown = typeof request === 'object' && request !== null ? Reflect.get(request, 'kind') : undefined;
    return `kind: expected one of ${FAULT_KINDS.join(', ')}, got ${typeof kind === 'string' ? `"${kind.slice(0, 40)}"` : 'none'}`;
  }
  if (issue.code === 'unrecognized_keys') return `no such field: ${issue.keys.join(', ').slice(0, 100)}`;
  const path = issue.path.join('.');
  return `${path === '' ? '' : `${path}: `}${issue.message}`;
}
