/* Arrays that are made twice as long, as often as it takes to hold `length`. */

export function grownInts(array: Int32Array<ArrayBuffer>, length: number, fill = 0): Int32Array<ArrayBuffer> {
  if (length <= array.length) return array;
  const larger = new Int32Array(doubled(array.length, length)).fill(fill);
  larger.set(array);
  return larger;
}

export function grownWords(array: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  if (length <= array.length) return array;
  const larger = new Uint32Array(doubled(array.length, length));
  larger.set(array);
  return larger;
}

export function grownDoubles(array: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer> {
  if (length <= array.length) return array;
  const larger = new Float64Array(doubled(array.length, length));
  larger.set(array);
  return larger;
}

function doubled(length: number, atLeast: number): number {
  let larger = length;
  while (larger < atLeast) larger *= 2;
  return larger;
}
