/** What of an entry of `getStats` counts here (W3C webrtc-stats); which of them there are depends on its type. */
export interface StatsEntry {
  readonly id: string;
  readonly type: string;
  /** Milliseconds. */
  readonly timestamp: number;
  readonly bytesReceived?: number;
  readonly headerBytesReceived?: number;
  readonly bytesSent?: number;
  readonly headerBytesSent?: number;
  readonly packetsReceived?: number;
  readonly packetsLost?: number;
  /** Seconds. */
  readonly jitter?: number;
  readonly selectedCandidatePairId?: string;
  /** Seconds; of a candidate pair. */
  readonly currentRoundTripTime?: number;
  /** Seconds; as the other side's receiver reports say. */
  readonly roundTripTime?: number;
}

/** An `RTCStatsReport`, as far as it is read. */
export interface StatsReport {
  forEach(run: (entry: StatsEntry) => void): void;
}

/** Counters of one connection at one moment, over all its streams. */
export interface Totals {
  readonly atMs: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly packetsIn: number;
  readonly packetsLost: number;
  readonly roundTripMs: number | undefined;
  readonly jitterMs: number | undefined;
}

/** What happened between two moments. `undefined`: not known, or nothing to tell it from. */
export interface Sample {
  readonly kbitPerSecIn: number;
  readonly kbitPerSecOut: number;
  readonly lossPercent: number | undefined;
  readonly roundTripMs: number | undefined;
  readonly jitterMs: number | undefined;
}

export function totalsOf(report: StatsReport, nowMs: number): Totals {
  const entries = new Map<string, StatsEntry>();
  report.forEach((entry) => {
    entries.set(entry.id, entry);
  });
  const of = (type: string): StatsEntry[] => [...entries.values()].filter((entry) => entry.type === type);
  const inbound = of('inbound-rtp');
  const outbound = of('outbound-rtp');
  const media = [...inbound, ...outbound];
  return {
    atMs: media.length === 0 ? nowMs : Math.max(...media.map(({ timestamp }) => timestamp)),
    bytesIn: sum(inbound, ({ bytesReceived = 0, headerBytesReceived = 0 }) => bytesReceived + headerBytesReceived),
    bytesOut: sum(outbound, ({ bytesSent = 0, headerBytesSent = 0 }) => bytesSent + headerBytesSent),
    packetsIn: sum(inbound, ({ packetsReceived = 0 }) => packetsReceived),
    packetsLost: sum(inbound, ({ packetsLost = 0 }) => packetsLost),
    roundTripMs: inMs(
      selectedPair(of('transport'), entries)?.currentRoundTripTime ??
        worst(of('remote-inbound-rtp'), ({ roundTripTime }) => roundTripTime),
    ),
    jitterMs: inMs(worst(inbound, ({ jitter }) => jitter)),
  };
}

/** `undefined` when no time has passed, or streams were replaced in between and the counters began anew. */
export function sampleBetween(before: Totals, after: Totals): Sample | undefined {
  const ms = after.atMs - before.atMs;
  const bytesIn = after.bytesIn - before.bytesIn;
  const bytesOut = after.bytesOut - before.bytesOut;
  const packetsIn = after.packetsIn - before.packetsIn;
  if (ms <= 0 || bytesIn < 0 || bytesOut < 0 || packetsIn < 0) return undefined;
  // A packet that was late counts as lost until it comes: then the count goes down (RFC 3550 §6.4.1).
  const lost = Math.max(0, after.packetsLost - before.packetsLost);
  const expected = packetsIn + lost;
  return {
    // Bits per millisecond are kilobits per second.
    kbitPerSecIn: (bytesIn * 8) / ms,
    kbitPerSecOut: (bytesOut * 8) / ms,
    lossPercent: expected === 0 ? undefined : (lost / expected) * 100,
    roundTripMs: after.roundTripMs,
    jitterMs: after.jitterMs,
  };
}

function selectedPair(
  transports: readonly StatsEntry[],
  entries: ReadonlyMap<string, StatsEntry>,
): StatsEntry | undefined {
  const id = transports.find(({ selectedCandidatePairId }) => selectedCandidatePairId)?.selectedCandidatePairId;
  return id === undefined ? undefined : entries.get(id);
}

function sum(entries: readonly StatsEntry[], count: (entry: StatsEntry) => number): number {
  return entries.reduce((total, entry) => total + count(entry), 0);
}

function worst(entries: readonly StatsEntry[], read: (entry: StatsEntry) => number | undefined): number | undefined {
  const known = entries.map(read).filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

function inMs(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}
