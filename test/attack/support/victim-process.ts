import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type LogFields, type Logger } from '../../../src/core/logger.ts';
import { Edge } from '../../../src/edge/edge.ts';
import { createServer } from '../../../src/index.ts';
import { TurnServer } from '../../../src/turn/turn-server.ts';
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

/** What a `Server` has built: its public face tells no counts, so the parts are noted as they start. */
const parts: { turn?: TurnServer; edge?: Edge } = {};
noteOn(TurnServer.prototype, 'start', (turn) => {
  parts.turn = turn;
});
noteOn(Edge.prototype, 'attach', (edge) => {
  parts.edge = edge;
});

function noteOn<T extends object>(prototype: T, method: keyof T & string, note: (part: T) => void): void {
  const original = Reflect.get(prototype, method) as (...args: unknown[]) => unknown;
  Reflect.set(prototype, method, function (this: T, ...args: unknown[]): unknown {
    note(this);
    return Reflect.apply(original, this, args);
  });
}

async function answer(ask: Ask): Promise<Reply> {
  switch (ask.do) {
    case 'start': {
      const server = await createServer(ask.config, { logger });
      const { https, turn } = await server.start();
      return { started: { https, turn, caFile: server.facts.material.caFile ?? '' } };
    }
    case 'status':
      return { status: await status(ask.collect) };
  }
}

async function status(collect: boolean): Promise<VictimStatus> {
  if (collect) {
    // Finalizers of sockets run between collections.
    for (let i = 0; i < 3; i++) {
      globalThis.gc?.();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
  const turn = parts.turn?.stats();
  const edge = parts.edge?.snapshot();
  return {
    memory: { rss, heapUsed, external, arrayBuffers },
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
    edge: edge && {
      flows: edge.flows.length,
      registrations: edge.registrations.length,
      transactions: edge.transactions,
      timers: edge.timers,
    },
  };
}

process.on('message', (ask: Ask) => {
  void answer(ask)
    .catch((error: unknown): Reply => ({ failed: error instanceof Error ? (error.stack ?? error.message) : '' }))
    .then((reply) => process.send?.({ ...reply, id: ask.id }));
});
process.on('disconnect', () => {
  process.exit(0);
});
