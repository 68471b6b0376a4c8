type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

/** The value of a result that a test expects to be one. Throws its reason otherwise. */
export function unwrap<T>(result: Outcome<T>): T {
  if (result.ok) return result.value;
  throw new Error(`expected a value, got ${result.reason}`);
}
