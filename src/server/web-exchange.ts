import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request as requestHttp } from 'node:http';
import { Agent, request as requestHttps } from 'node:https';
import { type WebAnswer, type WebFetch } from '../edge/web-identity/web-fetch.ts';

/** Milliseconds for a whole exchange, including connecting. */
const TIMEOUT_MS = 4000;
/** Longest answer in bytes. A key set has a few kilobytes. */
const MAX_BODY_BYTES = 65_536;
const MAX_CONNECTIONS = 16;

export interface WebExchange {
  readonly url: string;
  readonly headers: OutgoingHttpHeaders;
  /** Body of a POST; absent: a GET. */
  readonly body?: string | undefined;
}

export interface ExchangeAnswer extends WebAnswer {
  /** Retry-After, as it was written. */
  readonly retryAfter?: string | undefined;
}

/** Sends one request. Rejects where no whole answer of a bounded size comes in time; a redirection is an answer like any other. */
export type SendExchange = (exchange: WebExchange) => Promise<ExchangeAnswer>;

/** `ca`: PEM bundle of the CAs that are trusted instead of those of Node.js. */
export function createExchange(ca: string | undefined): SendExchange {
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_CONNECTIONS, ...(ca !== undefined && { ca }) });
  return ({ url, headers, body }) =>
    new Promise<ExchangeAnswer>((resolve, reject) => {
      const options = { method: body === undefined ? 'GET' : 'POST', headers, signal: AbortSignal.timeout(TIMEOUT_MS) };
      const isSecure = url.startsWith('https:');
      const request = isSecure ? requestHttps(url, { ...options, agent }) : requestHttp(url, options);
      let isAnswered = false;
      request.on('error', reject);
      // 101, which nobody asked for: without this, Node closes the connection and tells of nothing else, not even of the time that is over.
      request.on('upgrade', (_response, socket) => {
        socket.destroy();
        reject(new Error('the server has switched protocols'));
      });
      request.on('close', () => {
        if (!isAnswered) reject(new Error('the connection has closed without an answer'));
      });
      request.on('response', (response) => {
        isAnswered = true;
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('error', reject);
        response.on('close', () => {
          reject(new Error('the connection has closed within an answer'));
        });
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > MAX_BODY_BYTES) response.destroy(new Error(`answer of more than ${MAX_BODY_BYTES} bytes`));
          else chunks.push(chunk);
        });
        response.on('end', () => {
          const { 'retry-after': retryAfter } = response.headers;
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString(), retryAfter });
        });
      });
      request.end(body);
    });
}

/** Makes the function by which the edge asks authorization servers. */
export function createWebFetch(send: SendExchange): WebFetch {
  return ({ url, form, client }) => {
    const headers: IncomingHttpHeaders = { accept: 'application/json' };
    if (form !== undefined) headers['content-type'] = 'application/x-www-form-urlencoded';
    if (client) headers.authorization = basic(client.id, client.secret.revealText());
    return send({ url, headers, body: form });
  };
}

/** RFC 6749 §2.3.1: both are form-encoded before they are joined. */
function basic(id: string, secret: string): string {
  const encoded = [id, secret].map((text) => new URLSearchParams({ '': text }).toString().slice(1)).join(':');
  return `Basic ${Buffer.from(encoded).toString('base64')}`;
}
