import { describe, expect, it } from 'vitest';
import { LimitedLog, type LogLimits } from '../../src/base/limited-log.ts';
import { type LogFields, type Logger, silentLogger } from '../../src/base/logger.ts';

function limited(limits: Partial<LogLimits> = {}): { log: LimitedLog; lines: [string, LogFields, string][] } {
  const lines: [string, LogFields, string][] = [];
  const logger: Logger = {
    ...silentLogger,
    info: (fields, message) => lines.push(['info', fields, message]),
    warn: (fields, message) => lines.push(['warn', fields, message]),
    error: (fields, message) => lines.push(['error', fields, message]),
  };
  return { log: new LimitedLog(logger, { burst: 2, perSec: 0.5, maxCauses: 4, ...limits }), lines };
}

describe('a limited log', () => {
  it('writes the burst, then one line per interval that tells how many were left out before it', () => {
    const { log, lines } = limited();
    const written = [0, 0, 0, 1500, 2000, 4000].map((nowMs) => log.info('origin', { nowMs }, 'refused', nowMs));
    expect(written).toEqual([true, true, false, false, true, true]);
    expect(lines.map(([, fields]) => fields)).toEqual([
      { nowMs: 0 },
      { nowMs: 0 },
      { nowMs: 2000, suppressed: 2 },
      { nowMs: 4000 },
    ]);
  });

  it('keeps the level and the message', () => {
    const { log, lines } = limited();
    log.warn('a', { x: 1 }, 'limited', 0);
    log.info('b', {}, 'refused', 0);
    log.error('c', {}, 'mistake', 0);
    expect(lines).toEqual([
      ['warn', { x: 1 }, 'limited'],
      ['info', {}, 'refused'],
      ['error', {}, 'mistake'],
    ]);
  });

  it('gives each cause an allowance of its own, whatever its name', () => {
    const { log } = limited({ burst: 1 });
    const causes = ['origin', '__proto__', 'constructor', 'origin', '__proto__'];
    expect(causes.map((cause) => log.info(cause, {}, '', 0))).toEqual([true, true, true, false, false]);
  });

  it('lets all causes beyond the bound share one allowance, so that new names write no more', () => {
    const { log, lines } = limited({ burst: 1, maxCauses: 2 });
    for (let i = 0; i < 1000; i++) log.info(`cause ${i}`, { i }, '', 0);
    log.info('cause 5000', { i: 5000 }, '', 2000);
    expect(lines.map(([, fields]) => fields)).toEqual([{ i: 0 }, { i: 1 }, { i: 2 }, { i: 5000, suppressed: 997 }]);
  });

  it('gains nothing from a clock that goes back', () => {
    const { log } = limited({ burst: 1 });
    expect([5000, 0, 4000].map((nowMs) => log.info('a', {}, '', nowMs))).toEqual([true, false, false]);
  });
});
