/**
 * Puts a thread's border around one side of the contract: what crosses is copied as a message to another thread would be, which fails for a
 * function, and a copy is no object that the other side knows. Bytes arrive as a `Buffer`, as they do in either place.
 */
export function plainCrossing<Side extends object>(side: Side): Side {
  return new Proxy(side, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return isPort(member) ? plainCrossing(member) : member;
      return (...args: unknown[]): unknown => copied(Reflect.apply(member, target, args.map(copied)));
    },
    set: (target, name, value) => Reflect.set(target, name, value, target),
  });
}

/** Whether a member has commands of its own, as `DataPlane.tcp` has. */
function isPort(member: unknown): member is object {
  return typeof member === 'object' && member !== null && 'connect' in member;
}

function copied(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value);
  return structuredClone(value);
}
