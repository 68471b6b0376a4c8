/** What RFC 2782 orders SRV records by. */
export interface Weighted {
  readonly priority: number;
  readonly weight: number;
}

/** RFC 2782: lowest priority first; within one priority at random, by weight. `random` gives 0 to below 1. */
export function orderByPriority<T extends Weighted>(records: readonly T[], random: () => number): T[] {
  const priorities = [...new Set(records.map(({ priority }) => priority))].sort((a, b) => a - b);
  return priorities.flatMap((priority) =>
    drawByWeight(
      records.filter((record) => record.priority === priority),
      random,
    ),
  );
}

/** Records of weight 0 stand first, so that they are drawn at all, and seldom. */
function drawByWeight<T extends Weighted>(records: readonly T[], random: () => number): T[] {
  const left = [...records].sort((a, b) => Number(a.weight > 0) - Number(b.weight > 0));
  const drawn: T[] = [];
  while (left.length > 0) {
    const total = left.reduce((sum, { weight }) => sum + weight, 0);
    const place = Math.floor(random() * (total + 1));
    let sum = 0;
    const index = left.findIndex(({ weight }) => (sum += weight) >= place);
    drawn.push(...left.splice(Math.max(0, index), 1));
  }
  return drawn;
}
