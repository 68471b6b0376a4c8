import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type HttpBindings } from '@hono/node-server';
import { type Hono } from 'hono';
import { type AbuseLog } from '../base/abuse-log.ts';
import { type Logger } from '../base/logger.ts';
import { SourceRate, type SourceRateOptions } from '../base/source-rate.ts';
import { type HttpConnections } from './http-connections.ts';
import { type HttpEnv } from '../http/http-env.ts';

/** Makes what answers requests. Called at the first of them: most servers open WebSockets and answer nothing else. */
export type MakeApp = () => Promise<Hono>;

interface HttpRequestsOptions {
  readonly makeApp: MakeApp;
  readonly connections: HttpConnections;
  /** Limit for the requests of one client; absent: no limit. */
  readonly rate: SourceRateOptions | undefined;
  readonly abuseLog: AbuseLog;
  readonly logger: Logger;
  /** The present in monotonic milliseconds. */
  readonly nowMs: () => number;
}

/** Answers the requests that open no WebSocket: one of a connection at a time, and of a client as many as its allowance has. */
export function answerRequests({ makeApp, connections, rate, abuseLog, logger, nowMs }: HttpRequestsOptions) {
  const sourceRate = rate && new SourceRate(rate, nowMs);
  const load = async () => {
    const [{ getRequestListener }, app] = await Promise.all([import('@hono/node-server'), makeApp()]);
    return getRequestListener((request, bindings) => {
      const { incoming } = bindings as HttpBindings;
      const holdConnection: HttpEnv['Bindings']['holdConnection'] = () =>
        connections.of(incoming.socket)?.hold() ?? (() => undefined);
      return app.fetch(request, { ...bindings, holdConnection });
    });
  };
  let loading: Promise<Awaited<ReturnType<typeof load>> | undefined> | undefined;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    loading ??= load().catch((error: unknown) => {
      logger.error({ err: error }, 'what answers HTTPS requests could not be loaded');
      return undefined;
    });
    const listener = await loading;
    if (listener) await listener(request, response);
    else response.writeHead(500).end();
  };
  return (request: IncomingMessage, response: ServerResponse): void => {
    if (connections.of(request.socket)?.begin(response) === false) return;
    const { remoteAddress = '' } = request.socket;
    const waitSec = sourceRate?.waitSec(remoteAddress) ?? 0;
    if (waitSec === 0) {
      void answer(request, response);
      return;
    }
    abuseLog.write('limit reached', { remoteAddress, cause: 'http-request-rate' }, nowMs());
    refuse(response, waitSec);
  };
}

/** RFC 6585 §4. The connection ends with it: the next request then costs a handshake, which has an allowance of its own. */
function refuse(response: ServerResponse, waitSec: number): void {
  const body = 'too many requests\n';
  const headers = {
    'Cache-Control': 'no-store',
    'Content-Length': body.length,
    'Content-Type': 'text/plain',
    'Retry-After': waitSec,
    Connection: 'close',
  };
  response.writeHead(429, headers).end(body);
}
