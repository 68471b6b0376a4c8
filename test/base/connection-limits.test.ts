import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ConnectionLimits } from '../../src/base/connection-limits.ts';

it('refuses the connection past the limit of one address, and of all', () => {
  const limits = new ConnectionLimits({ connections: 3, connectionsPerAddress: 2 });
  expect(['192.0.2.1', '192.0.2.1', '192.0.2.1', '192.0.2.2', '192.0.2.3'].map((a) => limits.acquire(a))).toEqual([
    'taken',
    'taken',
    'address',
    'taken',
    'total',
  ]);
  limits.release('192.0.2.1');
  expect(limits.acquire('192.0.2.1')).toBe('taken');
});

it('counts an IPv6 /64 as one address', () => {
  const limits = new ConnectionLimits({ connections: 10, connectionsPerAddress: 1 });
  expect(limits.acquire('2001:db8::1')).toBe('taken');
  expect(limits.acquire('2001:db8::ffff:1')).toBe('address');
  expect(limits.acquire('2001:db8:0:1::1')).toBe('taken');
  expect(limits.acquire('fe80::1%lo')).toBe('taken');
  expect(limits.acquire('fe80::2%lo')).toBe('address');
});

it('holds nothing once all have gone, in whatever order they came and went', () => {
  const address = fc.constantFrom('192.0.2.1', '192.0.2.2', '2001:db8::1', '2001:db8::2');
  fc.assert(
    fc.property(fc.array(fc.tuple(address, fc.boolean()), { maxLength: 50 }), (steps) => {
      const limits = new ConnectionLimits({ connections: 8, connectionsPerAddress: 4 });
      const held: string[] = [];
      for (const [source, comes] of steps) {
        if (comes && limits.acquire(source) === 'taken') held.push(source);
        else if (!comes && held.includes(source)) limits.release(held.splice(held.indexOf(source), 1)[0]);
        expect(limits.total).toBe(held.length);
      }
      for (const source of held) limits.release(source);
      expect(limits.total).toBe(0);
      expect(Array.from({ length: 4 }, () => limits.acquire('2001:db8::9'))).toEqual(Array(4).fill('taken'));
    }),
  );
});

it('takes a release that nothing was acquired for as nothing', () => {
  const limits = new ConnectionLimits({ connections: 1, connectionsPerAddress: 1 });
  limits.release('192.0.2.1');
  expect(limits.total).toBe(0);
});

it('asks for room where it is wanted: at the address that is at its limit, else anywhere', () => {
  const asked: (string | undefined)[] = [];
  const held = ['192.0.2.1', '2001:db8::1', '2001:db8::2'];
  const limits = new ConnectionLimits({ connections: 3, connectionsPerAddress: 2 }, (source) => {
    asked.push(source);
    const address = held.pop();
    if (address !== undefined) limits.release(address);
    return address !== undefined;
  });
  for (const address of held) expect(limits.acquire(address)).toBe('taken');
  expect(limits.acquire('2001:db8::3')).toBe('taken');
  expect(limits.acquire('192.0.2.9')).toBe('taken');
  expect(asked).toEqual(['2001:db8::/64', undefined]);
  held.length = 0;
  expect(limits.acquire('192.0.2.10')).toBe('total');
  expect(limits.total).toBe(3);
});
