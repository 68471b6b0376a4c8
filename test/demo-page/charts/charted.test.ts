import { describe, expect, it } from 'vitest';
import {
  CHARTED,
  columnsOf,
  describeChart,
  formatValue,
  recent,
  type Row,
} from '../../../src/demo-page/charts/charted.ts';
import { type Sample } from '../../../src/demo-page/charts/stats-sample.ts';

const [bitRate, loss] = CHARTED;

function sample(kbitPerSecIn: number): Sample {
  return { kbitPerSecIn, kbitPerSecOut: kbitPerSecIn / 2, lossPercent: undefined, roundTripMs: 5, jitterMs: 1 };
}

function row(atSec: number, samples: Readonly<Record<string, Sample>>): Row {
  return { atMs: atSec * 1000, samples: new Map(Object.entries(samples)) };
}

describe('a chart', () => {
  const rows = [row(100, { alice: sample(40) }), row(101, { alice: sample(60), bob: sample(10) })];

  it('has a line for each user and value, a gap where there is none, over seconds before now', () => {
    expect(columnsOf(rows, ['alice', 'bob'], bitRate!)).toEqual([
      [-1, 0],
      [40, 60],
      [20, 30],
      [null, 10],
      [null, 5],
    ]);
    expect(columnsOf(rows, ['alice'], loss!)).toEqual([
      [-1, 0],
      [null, null],
    ]);
    expect(columnsOf([], [], loss!)).toEqual([[]]);
  });

  it('forgets what is older than a minute', () => {
    const many = Array.from({ length: 200 }, (_, second) => row(second, {}));
    expect(recent(many)).toHaveLength(60);
    expect(recent(many).at(-1)).toBe(many.at(-1));
    expect(recent([])).toEqual([]);
  });

  it('tells a screen reader what it shows', () => {
    expect(describeChart(rows[1], ['alice', 'bob'], bitRate!)).toBe(
      'Bit rate, last 60 seconds. Now alice: in 60 kbit/s, out 30 kbit/s; bob: in 10 kbit/s, out 5.0 kbit/s.',
    );
    expect(describeChart(rows[1], ['alice'], loss!)).toBe('Loss, last 60 seconds. Now alice: lost – %.');
    expect(describeChart(undefined, [], loss!)).toBe('Loss, last 60 seconds. No call.');
  });
});

it.each([
  [undefined, '–'],
  [0, '0'],
  [0.04, '0.0'],
  [7.25, '7.3'],
  [1234.5, '1,235'],
])('the value %s reads %s', (value, text) => {
  expect(formatValue(value)).toBe(text);
});
