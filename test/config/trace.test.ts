import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { loadSecrets } from '../../src/config/secrets.ts';
import { MemoryState } from '../../src/config/state/memory-state.ts';
import { startupWarnings } from '../../src/config/warnings.ts';

function hep(options: Readonly<Record<string, unknown>>) {
  return parseConfig({ edge: { trace: { hep: options } } });
}

describe('edge.trace.hep', () => {
  it.each(['homer.example.com:9060', '192.0.2.1:9060', '[2001:db8::1]:9060'])(
    'takes %s for a collector',
    (collector) => {
      expect(hep({ collector }).edge.trace.hep.collector).toBe(collector);
    },
  );

  it.each(['homer', 'homer:0', 'homer:65536', '[homer]:9060', '2001:db8::1:9060', 'http://homer:9060'])(
    'does not take %s',
    (collector) => {
      expect(() => hep({ collector })).toThrow(
        /edge\.trace\.hep\.collector: expected a host name or address and a port/,
      );
    },
  );

  it('has one capture key, of up to 255 bytes', async () => {
    expect(() => hep({ captureKey: 'a', captureKeyFile: 'b' })).toThrow(/edge\.trace\.hep/);
    const load = (captureKey: string) => loadSecrets(hep({ captureKey }), {}, Date.now(), new MemoryState());
    expect((await load('k'.repeat(255))).captureKey?.byteLength).toBe(255);
    await expect(load('k'.repeat(256))).rejects.toThrow(
      'edge.trace.hep.captureKey: expected at most 255 bytes, got 256',
    );
  });

  it('warns of copies that leave this machine', async () => {
    const warnings = async (collector: string) => {
      const config = hep({ collector });
      return startupWarnings(config, await loadSecrets(config, {}, Date.now(), new MemoryState()), Date.now());
    };
    expect(await warnings('homer.example.com:9060')).toContainEqual(
      expect.stringMatching(/homer\.example\.com:9060 without/),
    );
    expect(await warnings('localhost:9060')).not.toContainEqual(expect.stringContaining('edge.trace'));
  });
});
