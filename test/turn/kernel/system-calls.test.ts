import { describe, expect, it } from 'vitest';
import { loadSystemCalls } from '../../../src/turn/kernel/system-calls.ts';

function why(...args: Parameters<typeof loadSystemCalls>): string | undefined {
  const loaded = loadSystemCalls(...args);
  return loaded.ok ? undefined : loaded.reason;
}

function throwing(error: Error): () => never {
  return () => {
    throw error;
  };
}

/** What Node.js throws for a package that is not there. */
const absent = (name: string): Error =>
  Object.assign(new Error(`Cannot find module '${name}'\nRequire stack:\n- /app/main.js`), {
    code: 'MODULE_NOT_FOUND',
  });
const noSuchCall = new Error("Cannot find function 'recvmmsg' in shared library");

describe('the system calls', () => {
  it('are there on Linux with koffi', () => {
    expect(loadSystemCalls().ok).toBe(process.platform === 'linux');
  });

  it.each([
    ['darwin', 'arm64', 'this is not Linux'],
    ['win32', 'x64', 'this is not Linux'],
    ['linux', 's390x', 'the processor is none of x64, arm64, riscv64, loong64'],
  ] as const)('are not there on %s %s, and the reason is one line: %s', (platform, arch, reason) => {
    expect(why(platform, arch)).toBe(reason);
  });

  it.each([
    [
      'koffi is not installed',
      throwing(absent('koffi')),
      'the optional package koffi is not installed; `npm install koffi` adds it',
    ],
    [
      'the part of koffi for this system is not installed',
      throwing(absent('@koromix/koffi-linux-x64')),
      "the optional package koffi is installed and cannot be loaded: Cannot find module '@koromix/koffi-linux-x64'",
    ],
    [
      'koffi is installed for another system',
      throwing(Object.assign(new Error('koffi.node: invalid ELF header'), { code: 'ERR_DLOPEN_FAILED' })),
      'the optional package koffi is installed and cannot be loaded: koffi.node: invalid ELF header',
    ],
    [
      'the C library is another',
      () => ({ load: throwing(new Error('libc.so.6: no such file')) }),
      'the C library of the system is not glibc',
    ],
    [
      'the C library is too old',
      () => ({ load: () => ({ func: throwing(noSuchCall) }) }),
      "the C library of the system lacks a call: Cannot find function 'recvmmsg' in shared library",
    ],
  ])('are not there where %s, and the reason is one line', (_what, load, reason) => {
    expect(why('linux', 'x64', load)).toBe(reason);
  });
});
