import { describe } from 'vitest';
import { loadSystemCalls } from '../../../src/turn/kernel/system-calls.ts';
import { openBatchWorld } from './batch-world.ts';
import { passesIndications } from './indications.ts';
import { conformsToContract } from './plane-conformance.ts';

describe.runIf(loadSystemCalls().ok)('with threads of its own', () => {
  conformsToContract('batch, one thread', (heard, sink) => openBatchWorld(heard, sink, 1));
  conformsToContract('batch, three threads', (heard, sink) => openBatchWorld(heard, sink, 3));
  passesIndications('batch, one thread', 'plane', (heard, sink) => openBatchWorld(heard, sink, 1));
  passesIndications('batch, three threads', 'plane', (heard, sink) => openBatchWorld(heard, sink, 3));
});
