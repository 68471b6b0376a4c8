/*
 * What the bench of the relay measures: each load, and the figures of it that make rows. `relays: false`: also of servers that relay no ChannelData of
 * clients; `fresh`: a server of its own for each figure.
 */
const PACKET = { unit: 'CPU µs per packet', of: (result) => result.cpu_us_per_pkt };

export function relayCases(seconds, allocations) {
  const saturated = (n, more = {}) => ({
    mode: 'relay',
    options: { n, secs: seconds, size: 160, ...more },
    rows: [PACKET],
  });
  return [
    { id: 'saturated-50', title: '160 B, 50 flows, saturated', ...saturated(50) },
    { id: 'saturated-1000', title: '160 B, 1,000 flows, saturated', ...saturated(1000) },
    {
      id: 'paced',
      title: '160 B, 200 flows, 20,000 packets/s',
      mode: 'relay',
      options: { n: 200, secs: seconds, size: 160, rate: 20_000 },
      rows: [
        PACKET,
        { unit: 'p50 µs', of: (result) => result.up_p50_us },
        { unit: 'p99 µs', of: (result) => result.up_p99_us },
      ],
    },
    {
      id: 'trains',
      title: '1,200 B, 50 flows, trains of 10, 40,000 packets/s',
      mode: 'relay',
      options: { n: 50, secs: seconds, size: 1200, rate: 40_000, burst: 10 },
      rows: [PACKET],
    },
    {
      id: 'pairs',
      title: '160 B between two clients of one server, 50 flows, saturated',
      ...saturated(50, { pairs: true }),
    },
    {
      id: 'send',
      title: '160 B in Send and Data indications, 50 flows, saturated',
      ...saturated(50, { method: 'send' }),
    },
    { id: 'tcp', title: '160 B, 50 clients on TCP, saturated', ...saturated(50, { tcp: true }) },
    { id: 'tls', title: '160 B, 50 clients on TLS, saturated', ...saturated(50, { tls: true }) },
    {
      id: 'overload',
      title: '160 B, 50 flows, 200,000 packets/s offered',
      mode: 'relay',
      options: { n: 50, secs: seconds, size: 160, rate: 200_000 },
      rows: [
        {
          unit: '% of what arrives goes up',
          of: (result) => (100 * result.up_pps) / (result.up_pps + result.down_pps),
        },
        { unit: 'p50 µs upwards', of: (result) => result.up_p50_us },
      ],
    },
    {
      id: 'allocate',
      title: 'Allocate (401, 200) and release',
      mode: 'alloc',
      relays: false,
      options: { n: allocations, c: 64 },
      rows: [{ unit: 'CPU µs', of: (result) => result.server_cpu_us_per_alloc }],
    },
    {
      id: 'hold',
      title: 'an idle allocation',
      mode: 'hold',
      relays: false,
      fresh: true,
      options: { n: allocations },
      rows: [{ unit: 'RSS KiB', of: (result) => result.kb_per_alloc }],
    },
  ];
}
