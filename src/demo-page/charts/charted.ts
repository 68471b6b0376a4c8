import { type Sample } from './stats-sample.ts';

/** How long a chart looks back. */
export const WINDOW_SEC = 60;

/** One line of a chart. */
export interface ChartedLine {
  readonly read: (sample: Sample) => number | undefined;
  /** Told apart where a chart has several of one user. */
  readonly name: string;
  readonly dashed: boolean;
}

/** One chart: its lines are drawn for each user. */
export interface Charted {
  readonly title: string;
  readonly unit: string;
  /** The scale reaches at least so far, so that noise of a good call does not look like trouble. */
  readonly leastTop: number;
  readonly lines: readonly ChartedLine[];
}

export const CHARTED: readonly Charted[] = [
  {
    title: 'Bit rate',
    unit: 'kbit/s',
    leastTop: 100,
    lines: [
      { read: ({ kbitPerSecIn }) => kbitPerSecIn, name: 'in', dashed: false },
      { read: ({ kbitPerSecOut }) => kbitPerSecOut, name: 'out', dashed: true },
    ],
  },
  {
    title: 'Loss',
    unit: '%',
    leastTop: 10,
    lines: [{ read: ({ lossPercent }) => lossPercent, name: 'lost', dashed: false }],
  },
  {
    title: 'Round-trip time',
    unit: 'ms',
    leastTop: 50,
    lines: [{ read: ({ roundTripMs }) => roundTripMs, name: 'round trip', dashed: false }],
  },
  {
    title: 'Jitter',
    unit: 'ms',
    leastTop: 20,
    lines: [{ read: ({ jitterMs }) => jitterMs, name: 'jitter', dashed: false }],
  },
];

/** What all connections of the tab were like at one moment. */
export interface Row {
  readonly atMs: number;
  readonly samples: ReadonlyMap<string, Sample>;
}

/** Rows within the window that ends with the newest. */
export function recent(rows: readonly Row[]): readonly Row[] {
  const newest = rows.at(-1)?.atMs ?? 0;
  return rows.filter(({ atMs }) => atMs > newest - WINDOW_SEC * 1000);
}

/** Columns as the chart takes them: seconds before the newest, then each user's lines. A gap is `null`. */
export function columnsOf(rows: readonly Row[], users: readonly string[], { lines }: Charted): (number | null)[][] {
  const newest = rows.at(-1)?.atMs ?? 0;
  const values = users.flatMap((user) =>
    lines.map(({ read }) =>
      rows.map(({ samples }) => {
        const sample = samples.get(user);
        return (sample && read(sample)) ?? null;
      }),
    ),
  );
  return [rows.map(({ atMs }) => (atMs - newest) / 1000), ...values];
}

/** `512`, `7.3`; a dash for what is not known. */
export function formatValue(value: number | undefined): string {
  if (value === undefined) return '–';
  return value >= 10 || value === 0 ? Math.round(value).toLocaleString('en') : value.toFixed(1);
}

/** What somebody hears who does not see the chart. */
export function describeChart(row: Row | undefined, users: readonly string[], { title, unit, lines }: Charted): string {
  const values = users.flatMap((user) => {
    const sample = row?.samples.get(user);
    if (!sample) return [];
    const told = lines.map(({ read, name }) => `${name} ${formatValue(read(sample))} ${unit}`);
    return [`${user}: ${told.join(', ')}`];
  });
  return `${title}, last ${WINDOW_SEC} seconds. ${values.length === 0 ? 'No call.' : `Now ${values.join('; ')}.`}`;
}
