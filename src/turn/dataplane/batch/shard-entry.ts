import { parentPort, workerData } from 'node:worker_threads';
import { systemCalls } from '../../kernel/system-calls.ts';
import { type ShardStart } from './shard-words.ts';
import { Shard } from './shard.ts';

/* What a thread of the plane runs. It never comes back to the event loop until it is told to stop. */
const calls = systemCalls();
if (!calls.ok) throw new Error(calls.reason);
const shard = new Shard(calls.value, workerData as ShardStart, () => {
  parentPort?.postMessage('told');
});
parentPort?.postMessage('ready');
shard.run();
