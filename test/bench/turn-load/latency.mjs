const BUCKETS_PER_OCTAVE = 16;

/** Latencies in microseconds, in buckets of about 4 %. */
export class Latency {
  #buckets = new Float64Array(64 * BUCKETS_PER_OCTAVE);
  #count = 0;

  add(micros) {
    const bucket = Math.floor(Math.log2(Math.max(1, micros)) * BUCKETS_PER_OCTAVE);
    this.#buckets[Math.min(bucket, this.#buckets.length - 1)]++;
    this.#count++;
  }

  /** The value that this share of them does not exceed; NaN without any. */
  quantile(share) {
    let left = share * this.#count;
    for (let i = 0; i < this.#buckets.length; i++) {
      left -= this.#buckets[i];
      if (left <= 0 && this.#count > 0) return 2 ** ((i + 1) / BUCKETS_PER_OCTAVE);
    }
    return Number.NaN;
  }
}
