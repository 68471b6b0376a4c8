import { describe } from 'vitest';
import { kernelUdp } from '../../../src/turn/kernel/udp.ts';
import { passesIndications } from './indications.ts';
import { openNodeWorld } from './node-world.ts';
import { conformsToContract } from './plane-conformance.ts';

const kernel = kernelUdp();

conformsToContract('node, over node:dgram', (heard, sink) => openNodeWorld(heard, sink, undefined));
passesIndications('node, over node:dgram', 'engine', (heard, sink) => openNodeWorld(heard, sink, undefined));

describe.skipIf(!kernel)('with the system calls of Linux', () => {
  conformsToContract('node, over recvmmsg and sendto', (heard, sink) => openNodeWorld(heard, sink, kernel));
  passesIndications('node, over recvmmsg and sendto', 'engine', (heard, sink) => openNodeWorld(heard, sink, kernel));
});
