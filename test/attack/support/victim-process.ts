import { monitorEventLoopDelay } from 'node:perf_hooks';
import { TLSSocket } from 'node:tls';
import { queryObjects } from 'node:v8';
import { WebSocket } from 'ws';
import { type LogFields, type Logger } from '../../../src/base/logger.ts';
import { Flow } from '../../../src/edge/flow/flow.ts';
import { createServer, type Server } from '../../../src/index.ts';
import { type Ask, type LogCounts, type Reply, type VictimStatus } from './victim-messages.ts';

/*
 * The server under attack, in a process of its own: its memory is its own, and what nobody caught ends it. Bundled by `victim.ts`, run with
 * --expose-gc, told what to do over IPC.
 */

const KEPT_ERRORS = 20;

const loopDelay = monitorEventLoopDelay({ resolution: 10 });
loopDelay.enable();

const counts: LogCounts = { lines: { trace: 0, debug: 0, info: 0, warn: 0, error: 0 }, infoBytes: 0 };
const errors: string[] = [];

function count(level: keyof LogCounts['lines']): (fields: LogFields, message: string) => void {
  return (fields, message) => {
    counts.lines[level] += 1;
    if (level === 'trace' || level === 'debug') return;
    counts.infoBytes += message.length + JSON.stringify(fields, undefined).length;
    if (level === 'error' && errors.length < KEPT_ERRORS) errors.push(describe(fields, message));
  };
}

function describe(fields: LogFields, message: string): string {
  const cause = fields.err ?? fields.error;
  return `${message}: ${cause instanceof Error ? (cause.stack ?? cause.message) : JSON.stringify(fields)}`;
}

const logger: Logger = {
  trace: count('trace'),
  debug: count('debug'),
  info: count('info'),
  warn: count('warn'),
  error: count('error'),
};

let server: Server | undefined;

async function answer(ask: Ask): Promise<Reply> {
  switch (ask.do) {
    case 'start': {
      server = await createServer(ask.config, { logger });
      const { https, turn } = await server.start();
      return { started: { https, turn, caFile: server.facts.caFile ?? '' } };
    }
    case 'status':
      return { status: await status(ask.collect) };
  }
}

async function status(collect: boolean): Promise<VictimStatus> {
  const objects = collect ? await countAfterCollection() : undefined;
  const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
  const snapshot = server?.snapshot();
  const { turn, edge } = snapshot?.stats ?? {};
  return {
    memory: { rss, heapUsed, external, arrayBuffers },
    objects,
    longestBlockMs: loopDelay.max / 1e6,
    log: counts,
    errors,
    turn: turn && {
      allocations: turn.allocations,
      reservations: turn.reservations,
      connections: turn.connections,
      timers: turn.timers,
      relayPortsTaken: turn.relayPortsTaken,
      granted: turn.requestsGranted,
      refused: turn.requestsRefused,
      unauthenticated: turn.authenticationsRefused,
      drops: turn.drops,
    },
    edge: snapshot &&
      edge && {
        flows: snapshot.flows.length,
        registrations: snapshot.registrations.length,
        transactions: edge.transactions,
        timers: edge.timers,
      },
  };
}

async function countAfterCollection(): Promise<VictimStatus['objects']> {
  const settle = () => new Promise((resolve) => setTimeout(resolve, 50));
  // Finalizers of sockets run between collections.
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
    await settle();
  }
  const objects = countObjects();
  await settle();
  // To count stops the process for most of a second, which is no doing of the server.
  loopDelay.reset();
  return objects;
}

function countObjects(): VictimStatus['objects'] {
  const count = (constructor: Parameters<typeof queryObjects>[0]) => queryObjects(constructor, { format: 'count' });
  return { Flow: count(Flow), WebSocket: count(WebSocket), TLSSocket: count(TLSSocket) };
}

process.on('message', (ask: Ask) => {
  void answer(ask)
    .catch((error: unknown): Reply => ({ failed: error instanceof Error ? (error.stack ?? error.message) : '' }))
    .then((reply) => process.send?.({ ...reply, id: ask.id }));
});
process.on('disconnect', () => {
  process.exit(0);
});
