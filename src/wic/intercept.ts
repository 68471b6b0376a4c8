/**
 * Puts `replacement` before a method of somebody else's object. Returns what undoes it: the method is put back, or, when another has
 * been put over it meanwhile, ours only passes calls on.
 */
export function intercept<A extends unknown[], R>(
  target: object,
  name: string,
  replacement: (original: (...args: A) => R, ...args: A) => R,
): () => void {
  const methods = target as Record<string, (...args: A) => R>;
  const method = methods[name];
  let live = true;
  const original = (...args: A): R => (method as (...args: A) => R).apply(target, args);
  const mine = (...args: A): R => (live ? replacement(original, ...args) : original(...args));
  methods[name] = mine;
  return () => {
    live = false;
    if (method && methods[name] === mine) methods[name] = method;
  };
}
