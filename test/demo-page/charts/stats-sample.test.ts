import { describe, expect, it } from 'vitest';
import {
  sampleBetween,
  totalsOf,
  type StatsEntry,
  type StatsReport,
  type Totals,
} from '../../../src/demo-page/charts/stats-sample.ts';

function report(...entries: (Partial<StatsEntry> & { type: string })[]): StatsReport {
  return new Map(
    entries.map((entry, place) => {
      const whole = { id: `${entry.type}-${place}`, timestamp: 0, ...entry };
      return [whole.id, whole];
    }),
  );
}

const QUIET: Totals = {
  atMs: 0,
  bytesIn: 0,
  bytesOut: 0,
  packetsIn: 0,
  packetsLost: 0,
  roundTripMs: undefined,
  jitterMs: undefined,
};

describe('the totals of a connection', () => {
  it('are those of all its streams, headers too, at the time of the report', () => {
    const totals = totalsOf(
      report(
        {
          type: 'inbound-rtp',
          timestamp: 900,
          bytesReceived: 100,
          headerBytesReceived: 12,
          packetsReceived: 3,
          packetsLost: 1,
          jitter: 0.002,
        },
        {
          type: 'inbound-rtp',
          timestamp: 1000,
          bytesReceived: 1000,
          headerBytesReceived: 24,
          packetsReceived: 7,
          jitter: 0.03,
        },
        { type: 'outbound-rtp', timestamp: 950, bytesSent: 500, headerBytesSent: 50 },
        { type: 'codec', bytesReceived: 7777 },
      ),
      5,
    );
    expect(totals).toEqual({
      atMs: 1000,
      bytesIn: 1136,
      bytesOut: 550,
      packetsIn: 10,
      packetsLost: 1,
      roundTripMs: undefined,
      jitterMs: 30,
    });
  });

  it('have the round-trip time of the chosen pair, not of another', () => {
    const pairs: (Partial<StatsEntry> & { type: string })[] = [
      { type: 'candidate-pair', id: 'a', currentRoundTripTime: 9 },
      { type: 'candidate-pair', id: 'b', currentRoundTripTime: 0.25 },
      { type: 'remote-inbound-rtp', roundTripTime: 0.5 },
    ];
    const chosen = { type: 'transport', selectedCandidatePairId: 'b' };
    expect(totalsOf(report(...pairs, chosen), 0).roundTripMs).toBe(250);
    expect(totalsOf(report(...pairs), 0).roundTripMs).toBe(500);
  });

  it('of a connection without media are nothing, now', () => {
    expect(totalsOf(report(), 42)).toEqual({ ...QUIET, atMs: 42 });
  });
});

describe('a sample', () => {
  const after: Totals = { ...QUIET, atMs: 2000, bytesIn: 125_000, bytesOut: 25_000, packetsIn: 80, packetsLost: 20 };

  it('has bits a second, and the part of the packets that did not come', () => {
    expect(sampleBetween(QUIET, { ...after, roundTripMs: 30, jitterMs: 4 })).toEqual({
      kbitPerSecIn: 500,
      kbitPerSecOut: 100,
      lossPercent: 20,
      roundTripMs: 30,
      jitterMs: 4,
    });
  });

  it('knows no loss while nothing comes', () => {
    expect(sampleBetween(QUIET, { ...QUIET, atMs: 1000 })?.lossPercent).toBeUndefined();
    expect(sampleBetween(QUIET, { ...QUIET, atMs: 1000, packetsLost: 5 })?.lossPercent).toBe(100);
  });

  it('is not below zero when packets that counted as lost come late', () => {
    expect(sampleBetween({ ...QUIET, packetsLost: 5 }, after)?.lossPercent).toBeCloseTo(15.8, 1);
    expect(sampleBetween({ ...QUIET, packetsLost: 30 }, after)?.lossPercent).toBe(0);
  });

  it('is not made of a report that came twice, or of counters that began anew', () => {
    expect(sampleBetween(after, after)).toBeUndefined();
    expect(sampleBetween(after, { ...QUIET, atMs: 3000, bytesIn: 9 })).toBeUndefined();
  });
});
