import { describe, expect, it } from 'vitest';
import { selfTest } from '../../../src/turn/kernel/self-test.ts';
import { EPOLL_EVENT, IOVEC, MMSGHDR, MSGHDR } from '../../../src/turn/kernel/linux.ts';
import { loadSystemCalls } from '../../../src/turn/kernel/system-calls.ts';

const loaded = loadSystemCalls();

describe.runIf(loaded.ok)('the structs of the kernel', () => {
  it('carry datagrams to this process and back as they are laid out', () => {
    expect(loaded.ok && selfTest(loaded.value)).toMatchObject({ ok: true });
  });

  it('have the sizes of a system with 64-bit words; that of epoll is packed on x86-64 alone', () => {
    expect([MSGHDR.bytes, MMSGHDR.bytes, IOVEC.bytes]).toEqual([56, 64, 16]);
    expect(EPOLL_EVENT).toEqual(process.arch === 'x64' ? { bytes: 12, dataAt: 4 } : { bytes: 16, dataAt: 8 });
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
