/** Ports in no order, so that adding one, taking one out and drawing one at random cost the same however many there are. */
export class PortSet {
  readonly #even = new Pool();
  readonly #odd = new Pool();

  has(port: number): boolean {
    return this.#poolOf(port).indexes.has(port);
  }

  add(port: number): void {
    this.#poolOf(port).add(port);
  }

  delete(port: number): void {
    this.#poolOf(port).delete(port);
  }

  /** All of them or the even ones, each once, in random order as far as it is walked. The set may not change on the way. */
  *shuffled(parity: 'any' | 'even', randomInt: (below: number) => number): Generator<number, void, undefined> {
    const evens = this.#even.ports.length;
    const odds = parity === 'even' ? 0 : this.#odd.ports.length;
    let even = 0;
    let odd = 0;
    while (even < evens || odd < odds) {
      const draw = randomInt(evens - even + odds - odd);
      if (draw < evens - even) yield this.#even.drawTo(even++, draw);
      else yield this.#odd.drawTo(odd++, draw - (evens - even));
    }
  }

  #poolOf(port: number): Pool {
    return port % 2 === 0 ? this.#even : this.#odd;
  }
}

class Pool {
  readonly ports: number[] = [];
  /** Where each port stands in `ports`. */
  readonly indexes = new Map<number, number>();

  add(port: number): void {
    if (this.indexes.has(port)) return;
    this.indexes.set(port, this.ports.length);
    this.ports.push(port);
  }

  delete(port: number): void {
    const index = this.indexes.get(port);
    if (index === undefined) return;
    this.#swap(index, this.ports.length - 1);
    this.ports.pop();
    this.indexes.delete(port);
  }

  /** One step of a Fisher-Yates shuffle: the port at `index + ahead` changes places with the one at `index`. */
  drawTo(index: number, ahead: number): number {
    this.#swap(index, index + ahead);
    return this.ports[index] ?? 0;
  }

  #swap(one: number, other: number): void {
    const { [one]: first = 0, [other]: second = 0 } = this.ports;
    this.ports[one] = second;
    this.ports[other] = first;
    this.indexes.set(second, one);
    this.indexes.set(first, other);
  }
}
