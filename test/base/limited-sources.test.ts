import { describe, expect, it } from 'vitest';
import { LimitedSources } from '../../src/base/limited-sources.ts';

describe('the sources that are limited', () => {
  const sources = new LimitedSources(['127.0.0.0/8', '2001:db8:1::/48']);

  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:2:3:4:5:6:7', '2001:db8:2:3::/64'],
    ['not an address', 'not an address'],
  ])('count %s under %s', (address, key) => {
    expect(sources.keyOf(address)).toBe(key);
  });

  it.each(['127.0.0.1', '::ffff:127.9.9.9', '2001:db8:1:ffff::1'])('leave out %s, which is exempt', (address) => {
    expect(sources.keyOf(address)).toBeUndefined();
  });
});
