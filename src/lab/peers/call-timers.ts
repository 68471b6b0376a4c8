type CallTimer = 'answer' | 'repeat' | 'refresh' | 'expiry' | 'lifetime';

/** What one call waits for, each by its name. Keeps no process alive. */
export class CallTimers {
  readonly #timers = new Map<CallTimer, NodeJS.Timeout>();

  /** Replaces what was armed by the name. */
  arm(name: CallTimer, delayMs: number, run: () => void): void {
    this.disarm(name);
    const timer = setTimeout(() => {
      this.#timers.delete(name);
      run();
    }, delayMs);
    this.#timers.set(name, timer.unref());
  }

  disarm(name: CallTimer): void {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }

  clear(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}
