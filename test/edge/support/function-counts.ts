import { Session, type Profiler } from 'node:inspector';
import { afterAll, beforeAll } from 'vitest';

const ROUNDS = 20;

/** Counts what the edge does by how often V8 entered each function, which no clock and no load of the machine changes. */
const session = new Session();

beforeAll(() => {
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
});

afterAll(() => {
  session.disconnect();
});

/** How often each function of a source file was entered since the last look: `sip/uri readSipUri`. */
function entered(): Map<string, number> {
  let scripts: Profiler.ScriptCoverage[] = [];
  session.post('Profiler.takePreciseCoverage', (_error, { result }) => {
    scripts = result;
  });
  const counts = new Map<string, number>();
  for (const { url, functions } of scripts) {
    const file = /\/src\/(.*)\.ts/.exec(url)?.[1];
    for (const { functionName, ranges } of file === undefined ? [] : functions) {
      const name = `${file} ${functionName}`;
      counts.set(name, (counts.get(name) ?? 0) + (ranges[0]?.count ?? 0));
    }
  }
  return counts;
}

/** How often each function of a source file is entered in one round of `work`, once it has been done before. */
export function perRound(work: () => void): (name: string) => number {
  // The second time already repeats the first, and the third knows what was made of that.
  work();
  work();
  const first = entered();
  for (let i = 0; i < ROUNDS; i++) work();
  return averages(first, entered());
}

/** The same of work that takes its time. */
export async function perRoundOf(work: () => Promise<void>): Promise<(name: string) => number> {
  await work();
  await work();
  const first = entered();
  for (let i = 0; i < ROUNDS; i++) await work();
  return averages(first, entered());
}

function averages(first: ReadonlyMap<string, number>, counts: ReadonlyMap<string, number>): (name: string) => number {
  return (name) => {
    // What is done at first only is not listed later; what has another name by now was never done.
    if (!first.has(name)) throw new Error(`nothing was ever done by ${name}`);
    return (counts.get(name) ?? 0) / ROUNDS;
  };
}
