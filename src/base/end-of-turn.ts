/** Something with work to do once the event loop has served everything that was ready in this turn. */
export interface TurnWorker {
  endTurn(): void;
}

/** Runs work at the end of the event loop's turn, so that what many messages of one turn cause is done together. */
export class EndOfTurn {
  #waiting: TurnWorker[] = [];

  /** Calls `endTurn` of a worker at the end of this turn. Workers are called in the order in which they were added. */
  add(worker: TurnWorker): void {
    if (this.#waiting.push(worker) === 1) setImmediate(this.#run);
  }

  readonly #run = (): void => {
    const workers = this.#waiting;
    this.#waiting = [];
    for (const worker of workers) worker.endTurn();
  };
}
