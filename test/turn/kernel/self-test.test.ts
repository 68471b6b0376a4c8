import { describe, expect, it } from 'vitest';
import { selfTest } from '../../../src/turn/kernel/self-test.ts';
import { EPOLL_EVENT, epollEventOn, IOVEC, MMSGHDR, MSGHDR } from '../../../src/turn/kernel/linux.ts';
import { loadSystemCalls } from '../../../src/turn/kernel/system-calls.ts';

const loaded = loadSystemCalls();

describe.runIf(loaded.ok)('the structs of the kernel', () => {
  it('carry datagrams to this process and back as they are laid out', () => {
    expect(loaded.ok && selfTest(loaded.value)).toMatchObject({ ok: true });
  });

  it('have the sizes of a system with 64-bit words', () => {
    expect([MSGHDR.bytes, MMSGHDR.bytes, IOVEC.bytes]).toEqual([56, 64, 16]);
  });

  it('are laid out for the processor that runs this', () => {
    expect(EPOLL_EVENT).toEqual(epollEventOn(process.arch));
  });

  it.each(['sendmmsg', 'recvmmsg', 'epollWait', 'eventfd', 'bind', 'setsockopt'] as const)(
    'without %s the self-test fails, and says so in one line',
    (name) => {
      const again = loadSystemCalls();
      if (!again.ok) return;
      const result = selfTest(Object.assign(again.value, { [name]: () => -1 }));
      expect(result).toMatchObject({ ok: false });
      expect(!result.ok && result.reason).not.toContain('\n');
    },
  );
});

it.each([
  ['x64', { bytes: 12, dataAt: 4 }],
  ['arm64', { bytes: 16, dataAt: 8 }],
  ['riscv64', { bytes: 16, dataAt: 8 }],
  ['loong64', { bytes: 16, dataAt: 8 }],
])('on %s the event of epoll is packed as its kernel has it', (arch, layout) => {
  expect(epollEventOn(arch)).toEqual(layout);
});
