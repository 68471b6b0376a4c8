import { existsSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadSystemCalls } from '../../src/turn/kernel/system-calls.ts';
import { BatchProcesses, THREAD_KILLER } from './batch-process.ts';

let processes: BatchProcesses;
beforeAll(() => {
  if (!existsSync('dist/cli/main.js')) throw new Error('dist/cli/main.js is missing: npm run build');
  processes = new BatchProcesses();
});
afterEach(() => {
  processes.kill();
});
afterAll(() => {
  processes.remove();
});

interface LogLine {
  readonly msg: string;
}

describe.runIf(loadSystemCalls().ok)('epcscf-turn serve with the data plane batch', () => {
  it('a second process takes no clients of the first: it ends with 1, and names the key', async () => {
    const port = await processes.serve(0).started;
    const { code, log } = await processes.serve(port).ended;
    expect(log).toMatch(/in use.*turn\.listeners/s);
    expect(code).toBe(1);
  });

  it('of two that start at once on a port, one serves', async () => {
    const { started, ended } = processes.serve(0);
    const port = await started;
    processes.kill();
    await ended;
    const both = [processes.serve(port), processes.serve(port)];
    const refused = await Promise.race(both.map(({ ended: end }, i) => end.then(({ code }) => ({ code, i }))));
    expect(refused.code).toBe(1);
    expect(await both[1 - refused.i]?.started).toBe(port);
  });

  it('ends in order and with 1 when one of its threads dies, and the log says so', async () => {
    const { child, started, ended } = processes.serve(0, { nodeArguments: ['--import', THREAD_KILLER] });
    await started;
    child.send('now');
    const { code, log } = await ended;
    const messages = log.split('\n').flatMap((line) => (line === '' ? [] : [(JSON.parse(line) as LogLine).msg]));
    expect(messages.slice(-2)).toEqual(['the data plane of the TURN server has failed', 'TURN server stopped']);
    expect(log).toContain('a thread of the data plane ended with code 1');
    expect(code).toBe(1);
  });
});
