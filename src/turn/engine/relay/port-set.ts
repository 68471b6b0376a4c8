/** Ports of a range in no order, so that adding one, taking one out and drawing one at random cost the same however many there are. */
export class PortSet {
  readonly #even: Pool;
  readonly #odd: Pool;

  constructor(min: number, max: number) {
    this.#even = new Pool(min, max);
    this.#odd = new Pool(min, max);
  }

  has(port: number): boolean {
    return this.#poolOf(port).has(port);
  }

  add(port: number): void {
    this.#poolOf(port).add(port);
  }

  delete(port: number): void {
    this.#poolOf(port).delete(port);
  }

  /** All of them or the even ones, each once, in random order as far as it is walked. The set may not change on the way. */
  *shuffled(parity: 'any' | 'even', randomInt: (below: number) => number): Generator<number, void, undefined> {
    const evens = this.#even.count;
    const odds = parity === 'even' ? 0 : this.#odd.count;
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

/** The even or the odd ones. */
class Pool {
  count = 0;
  readonly #min: number;
  readonly #ports: Uint16Array;
  /** Where each port stands in `#ports`, plus one; 0 for a port that is not there. By half its distance from the first. */
  readonly #places: Uint16Array;

  constructor(min: number, max: number) {
    const most = Math.floor((max - min) / 2) + 1;
    this.#min = min;
    this.#ports = new Uint16Array(most);
    this.#places = new Uint16Array(most);
  }

  has(port: number): boolean {
    return this.#placeOf(port) > 0;
  }

  add(port: number): void {
    if (this.has(port)) return;
    this.#put(port, this.count);
    this.count += 1;
  }

  delete(port: number): void {
    const place = this.#placeOf(port);
    if (place === 0) return;
    this.count -= 1;
    this.#put(this.#ports[this.count] ?? 0, place - 1);
    this.#places[(port - this.#min) >> 1] = 0;
  }

  /** One step of a Fisher-Yates shuffle: the port at `index + ahead` changes places with the one at `index`. */
  drawTo(index: number, ahead: number): number {
    const { [index]: first = 0, [index + ahead]: drawn = 0 } = this.#ports;
    this.#put(first, index + ahead);
    this.#put(drawn, index);
    return drawn;
  }

  #put(port: number, index: number): void {
    this.#ports[index] = port;
    this.#places[(port - this.#min) >> 1] = index + 1;
  }

  #placeOf(port: number): number {
    return this.#places[(port - this.#min) >> 1] ?? 0;
  }
}
