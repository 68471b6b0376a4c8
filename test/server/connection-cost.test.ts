import { afterEach, expect, it } from 'vitest';
import { silentLogger } from '../../src/base/logger.ts';
import { MemoryState } from '../../src/config/state/memory-state.ts';
import { createServer, type Server } from '../../src/index.ts';
import { perRoundOf } from '../edge/support/function-counts.ts';
import { registeredWic, WIC_HOME } from './support/registered-wic.ts';

let server: Server | undefined;

afterEach(async () => {
  await server?.stop();
});

it('a client that connects and registers costs one arrival, one id and three timers, and its address is read once for each limit; that it left, one timer more', async () => {
  const running = await createServer(
    {
      ...WIC_HOME,
      turn: { listeners: [{ transport: 'udp', address: '127.0.0.1', port: 0 }], relay: { addresses: ['127.0.0.1'] } },
    },
    { logger: silentLogger, state: new MemoryState() },
  );
  server = running;
  await running.start();
  const count = await perRoundOf(async () => {
    const wic = await registeredWic(running);
    await wic.close();
  });
  expect({
    arrivals: count('base/arrivals #admit'),
    // When it connects, when it asks for a WebSocket, and with its first message.
    limitKeys: count('base/limited-sources keyOf'),
    numericAddresses: count('base/ip-ranges numericAddress'),
    flows: count('edge/flow/flow Flow'),
    flowIds: count('edge/flow/flow-id newFlowId'),
    // Of the flow, of the binding and of the registration; and once the connection is gone, of what waits for the client to come back.
    timers: count('base/timer-queue schedule'),
    newRegistrations: count('edge/registration/registrations #add'),
    handles: count('edge/flow/flow-token handleOf'),
  }).toEqual({
    arrivals: 1,
    limitKeys: 3,
    numericAddresses: 3,
    flows: 1,
    flowIds: 1,
    timers: 4,
    newRegistrations: 1,
    handles: 1,
  });
});
