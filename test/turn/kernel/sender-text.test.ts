import { networkInterfaces } from 'node:os';
import { expect, it } from 'vitest';
import { SenderText } from '../../../src/turn/kernel/sender-text.ts';
import { SOCKADDR_WORDS, writeSockaddr } from '../../../src/turn/kernel/sockaddr.ts';
import { address } from '../engine/world.ts';

function written(text: string, zone = 0): Uint32Array {
  const words = new Uint32Array(SOCKADDR_WORDS);
  writeSockaddr(words, 0, address(text), zone);
  return words;
}

it.each([
  ['192.0.2.1:5000', '192.0.2.1'],
  ['255.255.255.255:1', '255.255.255.255'],
  ['[2001:db8::1]:5000', '2001:db8::1'],
  ['[::1]:5000', '::1'],
])('writes the address of %s', (sender, text) => {
  const senders = new SenderText();
  const words = written(sender);
  expect(senders.at(words, 0)).toBe(text);
  expect(senders.at(words, 0)).toBe(text);
});

it('tells IPv4 senders apart, also once more have come than it remembers', () => {
  const senders = new SenderText();
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 10_000; i++) {
      const text = `10.${i % 7}.${(i >> 8) & 255}.${i & 255}`;
      expect(senders.at(written(`${text}:9`), 0)).toBe(text);
    }
  }
});

it('names the interface of a link-local sender as Node does, and by its index where it has no name', () => {
  const senders = new SenderText();
  const infos = Object.entries(networkInterfaces()).flatMap(([name, all = []]) => all.map((info) => ({ name, info })));
  for (const { name, info } of infos) {
    if (info.family !== 'IPv6' || info.scopeid === 0) continue;
    expect(senders.at(written('[fe80::1]:9', info.scopeid), 0)).toBe(`fe80::1%${name}`);
  }
  expect(senders.at(written('[fe80::1]:9', 999_999), 0)).toBe('fe80::1%999999');
});

it('knows no other family', () => {
  expect(new SenderText().at(new Uint32Array(SOCKADDR_WORDS), 0)).toBeUndefined();
});
