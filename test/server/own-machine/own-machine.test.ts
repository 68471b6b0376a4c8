import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);
const NAMESPACE = `own-machine-${process.pid}`;

/** Node 20 runs no TypeScript: the script becomes one file, beside the packages that it imports. */
async function bundle(): Promise<string> {
  const outfile = fileURLToPath(
    new URL(`../../../node_modules/.cache/own-machine/${process.pid}.mjs`, import.meta.url),
  );
  await build({
    entryPoints: [fileURLToPath(new URL('trial.ts', import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    logLevel: 'error',
  });
  return outfile;
}

async function hasNamespaces(): Promise<boolean> {
  try {
    await run('ip', ['netns', 'add', NAMESPACE]);
    await run('ip', ['netns', 'delete', NAMESPACE]);
    return true;
  } catch (error) {
    console.warn('not tried: what a relay on a public address reaches, as no network namespace can be made:', error);
    return false;
  }
}

interface Outcome {
  readonly channels: Readonly<Record<string, number>>;
  readonly connects: Readonly<Record<string, number>>;
  readonly permissions: Readonly<Record<string, number>>;
  readonly later: number;
  readonly heard: readonly string[];
  readonly arrived: string;
}

async function trial(): Promise<Outcome> {
  const script = await bundle();
  const inside = (program: string, ...args: readonly string[]) =>
    run('ip', ['netns', 'exec', NAMESPACE, program, ...args], { timeout: 30_000 });
  await run('ip', ['netns', 'add', NAMESPACE]);
  try {
    await inside('ip', 'link', 'set', 'lo', 'up');
    for (const address of ['20.0.0.1', '20.0.0.2']) await inside('ip', 'address', 'add', `${address}/32`, 'dev', 'lo');
    await inside('ip', 'address', 'add', '20.2.0.1/24', 'dev', 'lo');
    await inside('ip', 'route', 'add', 'local', '20.1.0.0/24', 'dev', 'lo');
    // It is up without a carrier, since its other end is down.
    await inside('ip', 'link', 'add', 'idle', 'type', 'veth', 'peer', 'name', 'idle-end');
    await inside('ip', 'address', 'add', '20.4.0.1/24', 'dev', 'idle');
    await inside('ip', 'link', 'set', 'idle', 'up');
    // As a transparent proxy has it: no reason to call all the world this machine.
    await inside('ip', 'route', 'add', 'local', '0.0.0.0/0', 'dev', 'lo', 'table', '100');
    await inside('ip', 'rule', 'add', 'fwmark', '1', 'lookup', '100');
    const { stdout } = await inside(process.execPath, script);
    return JSON.parse(stdout.trim()) as Outcome;
  } finally {
    await run('ip', ['netns', 'delete', NAMESPACE]);
    rmSync(script, { force: true });
  }
}

describe.runIf(await hasNamespaces())('a relay on a public address, with the default peer policy', () => {
  it('reaches other hosts and live relays; no program of its machine, no port of the edge, and not the core', async () => {
    expect(await trial()).toEqual({
      channels: {
        'udp service': 403,
        'udp service on loopback': 403,
        'udp service on any address of a local prefix': 403,
        'udp service on any address of the prefix of loopback': 403,
        'udp service on an interface without a carrier': 403,
        'http listener': 403,
        'turn listener': 403,
        'edge towards the core': 403,
        core: 403,
        'another port of the core': 403,
        'core elsewhere': 403,
        'another port of the core elsewhere': 403,
        'another machine of the core': 403,
        'live relay': 0,
        'address that comes later': 0,
        'another host': 0,
      },
      connects: { 'tcp service': 403, 'edge towards the core': 403, core: 403 },
      // A permission has no port, and live relays of this server have that address.
      permissions: { host: 0, core: 403, coreElsewhere: 403 },
      later: 403,
      heard: [],
      arrived: 'hello',
    });
  }, 60_000);
});
