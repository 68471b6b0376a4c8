import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer as createTlsServer, type Server as TlsServer, type TLSSocket } from 'node:tls';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ConfigInput } from '../../src/config/schema/tree.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { createServer, type Server } from '../../src/server/server.ts';
import { createResponse } from '../../src/sip/create-response.ts';
import { formatSipMessage } from '../../src/sip/format-message.ts';
import { type SipRequest } from '../../src/sip/message.ts';
import { Wic, WicMessages } from '../edge/support/wic.ts';
import { WicSocket } from '../edge/support/wic-socket.ts';
import { makeCertificate } from '../turn/support/certificate.ts';
import { type KeyPair } from '../../src/base/key-pair.ts';
import { parseText } from '../sip/message-text.ts';

const PATIENCE = { timeout: 20_000, interval: 20 };
const TIMEOUT_MS = 60_000;
const CORE_NAME = 'localhost';

let core: KeyPair;
let edge: KeyPair;
let renewed: KeyPair;
let folder: string;
let stops: (() => unknown)[];

beforeAll(async () => {
  core = await makeCertificate(CORE_NAME);
  edge = await makeCertificate('edge');
  renewed = await makeCertificate('renewed');
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'epcscf-turn-core-tls-'));
  stops = [];
});
afterEach(async () => {
  for (const stop of stops.reverse()) await stop();
  rmSync(folder, { recursive: true });
});

/** A registrar over TLS that grants all, and keeps who called: the common name of each client certificate. */
class TlsCore {
  readonly callers: unknown[] = [];
  readonly requests: SipRequest[] = [];
  readonly #sockets = new Set<TLSSocket>();
  readonly #server: TlsServer;

  constructor() {
    const ca = [edge.cert, renewed.cert];
    this.#server = createTlsServer({ ...core, ca, requestCert: true, rejectUnauthorized: true }, (socket) => {
      this.callers.push(socket.getPeerCertificate().subject.CN);
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('data', (bytes: Buffer) => {
        this.#answer(socket, bytes.toString());
      });
    });
  }

  async listen(address: string): Promise<number> {
    this.#server.listen(0, address);
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  /** The edge has to come again. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  close(): Promise<void> {
    this.drop();
    return new Promise((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
  }

  #answer(socket: TLSSocket, text: string): void {
    for (const part of text.split(/(?=^[A-Z]+ sips?:)/m)) {
      const parsed = parseText(part, { maxHeaders: 100, maxLineBytes: 10_000 });
      if (!parsed.ok || parsed.value.kind !== 'request') continue;
      if (parsed.value.method === 'REGISTER') this.requests.push(parsed.value);
      const response = createResponse(parsed.value, 200, { toTag: 'core' });
      for (const contact of parsed.value.headers.getAll('Contact')) response.headers.append('Contact', contact);
      socket.write(formatSipMessage(response));
    }
  }
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function startServer(uri: string, ca: string, tls: ConfigInput['tls'] = {}): Promise<Server> {
  const files = { certFile: file('edge.pem', edge.cert), keyFile: file('edge.key', edge.key) };
  const server = await createServer(
    {
      stateDir: join(folder, 'state'),
      domain: 'example.com',
      tls,
      edge: {
        listen: { addresses: ['127.0.0.1'], port: 0 },
        demoPage: false,
        credential: { uris: ['turn:turn.example.com'] },
        core: {
          kind: 'external',
          uris: [uri],
          listen: { addresses: ['127.0.0.1'], port: 0, tlsPort: 0 },
          tls: { ...files, caFile: file('ca.pem', ca) },
          probe: { maxBackoffSec: 1 },
        },
      },
      turn: { enabled: false },
    },
    { logger: silentLogger },
  );
  stops.push(() => server.stop());
  await server.start();
  return server;
}

async function readiness(server: Server): Promise<number | undefined> {
  const { port } = server.addresses.https[0]!;
  const sent = request(`https://127.0.0.1:${port}/readyz`, { rejectUnauthorized: false, agent: false }).end();
  const [response] = (await once(sent, 'response')) as [{ statusCode?: number; resume: () => void }];
  response.resume();
  return response.statusCode;
}

async function alice(server: Server): Promise<Wic> {
  const socket = await WicSocket.connect(`wss://127.0.0.1:${server.addresses.https[0]!.port}/`);
  stops.push(() => {
    socket.webSocket.terminate();
  });
  return new Wic('alice', socket);
}

async function startCore(address = '127.0.0.1'): Promise<{ tlsCore: TlsCore; port: number }> {
  const tlsCore = new TlsCore();
  stops.push(() => tlsCore.close());
  return { tlsCore, port: await tlsCore.listen(address) };
}

/** What the edge answers to OPTIONS over a connection of the core's side with this certificate. */
function called(path: string, pair: Partial<KeyPair>): Promise<string> {
  const [, host = '', port = ''] = /@([\d.]+):(\d+);/.exec(path) ?? [];
  const socket = connect({ host, port: Number(port), rejectUnauthorized: false, ...pair });
  const options = new WicMessages('core').build('OPTIONS', `sip:${host}:${port};transport=tls`, 'sip:example.com');
  socket.on('error', () => undefined).write(formatSipMessage(options));
  return new Promise((resolve) => {
    let text = '';
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString();
      socket.end();
    });
    socket.on('close', () => {
      resolve(text);
    });
  });
}

describe('a core over TLS', () => {
  it(
    'that wants a certificate is shown one, and a renewed one without a restart; the edge is ready while it answers',
    async () => {
      const { tlsCore, port } = await startCore();
      const server = await startServer(`sips:${CORE_NAME}:${port}`, core.cert, { reloadSec: 1 });
      await vi.waitUntil(async () => (await readiness(server)) === 200, PATIENCE);
      const wic = await alice(server);
      wic.send(wic.buildRegister());
      await wic.socket.response(200, 'REGISTER');
      const path = tlsCore.requests[0]?.headers.get('Path') ?? '';
      expect(path).toContain(';transport=tls;');
      expect(await called(path, {})).toBe('');
      expect(await called(path, edge)).toBe('');
      expect(await called(path, core)).toContain('SIP/2.0 200 OK');
      expect(new Set(tlsCore.callers)).toEqual(new Set(['edge']));
      file('edge.key', renewed.key);
      file('edge.pem', renewed.cert);
      await vi.waitUntil(() => {
        tlsCore.drop();
        return tlsCore.callers.includes('renewed');
      }, PATIENCE);
      await tlsCore.close();
      await vi.waitUntil(async () => (await readiness(server)) === 503, PATIENCE);
    },
    TIMEOUT_MS,
  );

  it.each([
    ['of a name that was not asked for', () => core.cert, '127.0.0.2'],
    ['that nobody of caFile has signed', () => renewed.cert, CORE_NAME],
  ])(
    'with a certificate %s is told nothing, and clients get 504',
    async (_what, ca, host) => {
      const { tlsCore, port } = await startCore(host === CORE_NAME ? undefined : host);
      const server = await startServer(`sips:${host}:${port}`, ca());
      const wic = await alice(server);
      wic.send(wic.buildRegister());
      const refused = await wic.socket.response(504, 'REGISTER');
      expect(refused.headers.has('Retry-After')).toBe(true);
      expect(tlsCore.requests).toEqual([]);
      expect(await readiness(server)).toBe(503);
    },
    TIMEOUT_MS,
  );
});
