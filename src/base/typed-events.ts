type Listener<T> = (event: T) => void;

/**
 * A small emitter whose event names and payloads are checked. A listener that throws is reported to `onListenerError` and hurts
 * neither the others nor the emitter: an observer must not be able to stop a packet.
 */
export class TypedEvents<Events extends object> {
  /**
   * The listeners by event name. The keys are `PropertyKey`, so that an emitter of more events can stand for one of fewer: `TypedEvents<A & B>`
   * goes where `TypedEvents<A>` is asked for.
   */
  readonly #listeners = new Map<PropertyKey, Set<Listener<never>>>();
  readonly #onListenerError: (error: unknown) => void;

  constructor(onListenerError: (error: unknown) => void) {
    this.#onListenerError = onListenerError;
  }

  /** Adds a listener. Returns a function that removes it. */
  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void {
    const set = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, set);
    set.add(listener);
    return () => {
      set.delete(listener);
    };
  }

  once<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void {
    const off = this.on(name, (event) => {
      off();
      listener(event);
    });
    return off;
  }

  /** Whether an event has a listener. Ask before making an event that is costly to make. */
  has(name: keyof Events): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0;
  }

  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    const set = this.#listeners.get(name);
    if (!set || set.size === 0) return;
    for (const listener of [...set] as Listener<Events[Name]>[]) {
      try {
        listener(event);
      } catch (error) {
        this.#onListenerError(error);
      }
    }
  }
}
