import { describe, expect, it } from 'vitest';
import { WicMessages } from '../../support/wic.ts';
import { CoreBench, FIRST, SECOND, UDP } from './core-bench.ts';

const FIRST_URI = 'sip:192.0.2.1:5060;transport=tcp';
const SECOND_URI = 'sip:192.0.2.2:5060;transport=tcp';
const UDP_URI = 'sip:192.0.2.3:5060;transport=udp';

describe('the health of a core', () => {
  it('is asked by OPTIONS to the configured URI at each address, which no proxy passes on', async () => {
    const bench = await CoreBench.start(FIRST, SECOND);
    const [probe] = bench.hop(FIRST).probes;
    expect(probe?.uri).toBe('sip:core.example.com');
    expect(probe?.headers.get('Via')).toMatch(/^SIP\/2\.0\/TCP 192\.0\.2\.100:5060;branch=z9hG4bK/);
    expect(bench.hop(SECOND).probes).toHaveLength(1);
    expect(bench.cores).toEqual({ [FIRST_URI]: 'unknown', [SECOND_URI]: 'unknown' });
  });

  it.each([200, 404, 483, 500, 603])('is good when it answers %i', async (status) => {
    const bench = await CoreBench.start(FIRST);
    await bench.answerProbes(status, FIRST);
    expect(bench.cores).toEqual({ [FIRST_URI]: 'up' });
    expect(bench.events.named('core-up')).toEqual([{ core: FIRST_URI, downMs: undefined }]);
  });

  it('is asked again after the interval', async () => {
    const bench = await CoreBench.start(FIRST);
    await bench.answerProbes(200, FIRST);
    await bench.pass(29_750);
    expect(bench.hop(FIRST).probes).toHaveLength(0);
    await bench.pass(250);
    expect(bench.hop(FIRST).probes).toHaveLength(1);
    expect(bench.events.named('core-up')).toHaveLength(1);
  });

  it('is bad when it answers 503', async () => {
    const bench = await CoreBench.start(FIRST);
    await bench.answerProbes(503, FIRST);
    expect(bench.cores).toEqual({ [FIRST_URI]: 'down' });
    expect(bench.events.named('core-down')).toEqual([{ core: FIRST_URI, cause: 'unavailable' }]);
  });

  it('is bad when it has not answered in time, though asked again and again over UDP', async () => {
    const bench = await CoreBench.start(UDP);
    await bench.pass(3750);
    expect(bench.hop(UDP).probes).toHaveLength(4);
    expect(bench.cores).toEqual({ [UDP_URI]: 'unknown' });
    await bench.pass(250);
    expect(bench.cores).toEqual({ [UDP_URI]: 'down' });
    expect(bench.events.named('core-down')).toEqual([{ core: UDP_URI, cause: 'timeout' }]);
  });

  it('is bad when there is no connection to it, at the second try: the first may have been one the core had closed', async () => {
    const bench = await CoreBench.start(FIRST);
    await bench.answerProbes(200, FIRST);
    bench.transports.close(FIRST);
    await bench.settle();
    expect(bench.hop(FIRST).probes).toHaveLength(1);
    bench.transports.close(FIRST);
    await bench.settle();
    expect(bench.cores).toEqual({ [FIRST_URI]: 'suspect' });
    bench.transports.close(FIRST);
    await bench.settle();
    expect(bench.events.named('core-down')).toEqual([{ core: FIRST_URI, cause: 'unreachable' }]);
  });

  it('is asked after waits that double from one second to the longest, and is good again with the first answer', async () => {
    const bench = await CoreBench.start(FIRST);
    bench.transports.kill(FIRST);
    await bench.settle();
    const start = bench.clock.now().monotonicMs;
    const askedAtSec: number[] = [];
    const hopTo = bench.transports.hopTo.bind(bench.transports);
    bench.transports.hopTo = (destination) => {
      askedAtSec.push((bench.clock.now().monotonicMs - start) / 1000);
      return hopTo(destination);
    };
    await bench.pass(64_000);
    expect(askedAtSec).toEqual([1, 3, 7, 15, 31, 47, 63]);
    bench.transports.refuse(FIRST, false);
    await bench.pass(16_000);
    await bench.answerProbes(200, FIRST);
    expect(bench.cores).toEqual({ [FIRST_URI]: 'up' });
    expect(bench.events.named('core-down')).toHaveLength(1);
    expect(bench.events.named('core-up')).toEqual([{ core: FIRST_URI, downMs: 80_000 }]);
  });

  it('follows DNS: a new address is asked at once and trusted, one that is gone is neither', async () => {
    const bench = await CoreBench.start(FIRST);
    await bench.answerProbes(200, FIRST);
    bench.names.set('core.example.com', [SECOND]);
    await bench.pass(30_000);
    expect(bench.cores).toEqual({ [SECOND_URI]: 'unknown' });
    expect(bench.hop(SECOND).probes).toHaveLength(1);
    expect([...bench.transports.trusted]).toEqual([SECOND.address]);
  });

  it('keeps to the last addresses while DNS does not answer', async () => {
    const bench = await CoreBench.start(FIRST);
    await bench.answerProbes(200, FIRST);
    bench.names.set('core.example.com', []);
    await bench.pass(60_000);
    expect(Object.keys(bench.cores)).toEqual([FIRST_URI]);
    expect([...bench.transports.trusted]).toEqual([FIRST.address]);
  });

  it('leaves no timer when the edge stops, and asks no more', async () => {
    const bench = await CoreBench.start(FIRST, UDP);
    await bench.answerProbes(200, FIRST);
    await bench.connection.stop();
    await bench.pass(120_000);
    expect(bench.hop(FIRST).probes).toHaveLength(0);
    expect(bench.clock.timers.size).toBe(0);
    expect(bench.layer.size).toBe(0);
  });
});

describe('OPTIONS of the core', () => {
  it.each([
    { uri: 'sip:192.0.2.100:5060', status: '200' },
    { uri: 'sip:192.0.2.100', status: '200' },
    { uri: 'sip:example.com', status: '200' },
    { uri: 'sip:192.0.2.100:9', status: '404' },
    { uri: 'sip:elsewhere.example', status: '404' },
    { uri: 'sip:nobody@example.com', status: '404' },
  ])('to $uri is answered $status, also where it may go no further', async ({ uri, status }) => {
    const bench = await CoreBench.start(UDP);
    bench.connect();
    const core = new WicMessages('core');
    for (const count of ['69', '0']) {
      await bench.from(core.build('OPTIONS', uri, uri, { 'Max-Forwards': count }), bench.hop(UDP));
      expect(bench.hop(UDP).take()).toEqual([status]);
    }
  });

  it('is answered 482 when it comes by a second way, and as before when it is repeated', async () => {
    const bench = await CoreBench.start(UDP);
    bench.connect();
    const request = new WicMessages('core').build('OPTIONS', 'sip:192.0.2.100', 'sip:192.0.2.100');
    await bench.from(request, bench.hop(UDP));
    await bench.from(request, bench.hop(UDP));
    const headers = request.headers.clone();
    headers.set('Via', 'SIP/2.0/UDP 192.0.2.3;branch=z9hG4bKother');
    await bench.from({ ...request, headers }, bench.hop(UDP));
    expect(bench.hop(UDP).take()).toEqual(['200', '200', '482']);
  });

  it('to the edge is answered 503 while it stops', async () => {
    const bench = await CoreBench.start(UDP);
    bench.connect();
    bench.isStopping = true;
    const core = new WicMessages('core');
    await bench.from(core.build('OPTIONS', 'sip:192.0.2.100', 'sip:192.0.2.100'), bench.hop(UDP));
    expect(bench.hop(UDP).take()).toEqual(['503']);
  });
});
