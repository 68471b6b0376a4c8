import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Hss, HSS_HOST, SCSCF_HOST } from './hss.ts';

const CONFIG = fileURLToPath(new URL('kamailio/core.cfg', import.meta.url));
const IMS_CONFIG = fileURLToPath(new URL('kamailio/scscf.cfg', import.meta.url));
/** Where Debian keeps the tables of `db_text`. */
const TABLES = '/usr/share/kamailio/dbtext/kamailio';
const START_TIMEOUT_MS = 20_000;
const PROBE_MS = 100;

export interface KamailioCoreOptions {
  readonly program: string;
  readonly domain: string;
  /** Digest password of every user. */
  readonly password: string;
  /** Where requests may come from. */
  readonly edgeAddress: string;
  /** Whether all devices of a user ring at once. */
  readonly forks?: boolean;
  /** Whether the registrations of a user can be subscribed to, by kamailio/reg-event.cfg. */
  readonly regEvent?: boolean;
  /** The HSS that knows the users. The core is then one of the modules for the IMS, by kamailio/scscf.cfg, and knows none but registrations. */
  readonly hss?: Pick<Hss, 'port'>;
}

/** Debian's Kamailio as the I/S-CSCF, on one loopback port for UDP and TCP. */
export interface KamailioCore extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
  /** Ends it without a word to anybody, and waits until it is gone. */
  kill(): Promise<void>;
  /** Starts it again, empty, on the same port; resolves when it answers. */
  restart(): Promise<void>;
  /** A command of its operator, such as `ul.rm`. With `regEvent` alone. */
  command(method: string, ...params: readonly string[]): Promise<void>;
}

export async function startKamailioCore(options: KamailioCoreOptions): Promise<KamailioCore> {
  const address = '127.0.0.1';
  const port = await freePort(address);
  const folder = mkdtempSync(join(tmpdir(), 'epcscf-turn-kamailio-'));
  let running = await start(options, address, port, folder);
  const kill = async (): Promise<void> => {
    await running.kill();
  };
  return {
    address,
    port,
    kill,
    restart: async () => {
      await running.kill();
      running = await start(options, address, port, folder);
    },
    command: async (method, ...params) => {
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
      const answer = await fetch(`http://${address}:${port}/`, { method: 'POST', body });
      if (!answer.ok) throw new Error(`Kamailio answers ${method}: ${await answer.text()}`);
    },
    [Symbol.asyncDispose]: async () => {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Running {
  kill(): Promise<void>;
}

async function start(options: KamailioCoreOptions, address: string, port: number, folder: string): Promise<Running> {
  const defines = {
    CORE_ADDRESS: address,
    CORE_PORT: port,
    DOMAIN: options.domain,
    PASSWORD: `"${options.password}"`,
    EDGE_ADDRESS: `"${options.edgeAddress}"`,
    FORK: options.forks === true ? 1 : 0,
    CORE_URI: `"sip:reg@${address}:${port}"`,
    HOME_DOMAIN: `"${options.domain}"`,
    ...(options.regEvent === true && regEventDefines(folder)),
    ...(options.hss && hssDefines(options.domain, options.hss, folder)),
  };
  const args = [
    ...[
      '-f',
      options.hss ? IMS_CONFIG : CONFIG,
      '-DD',
      '-E',
      '-m',
      '128',
      '-M',
      '16',
      '-P',
      join(folder, 'pid'),
      '-Y',
      folder,
    ],
    ...Object.entries(defines).flatMap(([name, value]) => ['-A', `${name}=${value}`]),
  ];
  // A group of its own, since it works in several processes.
  const child = spawn(options.program, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log = (log + text).slice(-4000)));
  const exited = new Promise<void>((resolve) => {
    child.once('close', () => {
      resolve();
    });
  });
  const hasExited = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const kill = async (): Promise<void> => {
    if (!hasExited() && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    await exited;
  };
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await answers(options.edgeAddress, address, port))) {
    if (hasExited() || Date.now() > deadline) {
      await kill();
      throw new Error(`Kamailio did not start: ${log}`);
    }
  }
  return { kill };
}

function regEventDefines(folder: string) {
  for (const table of ['version', 'pua']) copyFileSync(join(TABLES, table), join(folder, table));
  return { WITH_REG_EVENT: 1, TABLES: `"text://${folder}"` };
}

function hssDefines(domain: string, { port }: Pick<Hss, 'port'>, folder: string) {
  const file = join(folder, 'diameter.xml');
  const attributes = {
    ...{ FQDN: SCSCF_HOST, Realm: domain, Vendor_Id: 10415, Product_Name: 'scscf', AcceptUnknownPeers: 0 },
    ...{ DropUnknownOnDisconnect: 1, Tc: 1, Workers: 2, QueueLength: 8, ConnectTimeout: 2, TransactionTimeout: 5 },
    ...{ SessionsHashSize: 16, DefaultAuthSessionTimeout: 3600, MaxAuthSessionTimeout: 3600 },
  };
  const lines = [
    `<DiameterPeer ${Object.entries(attributes)
      .map(([name, value]) => `${name}="${value}"`)
      .join(' ')}>`,
    `<Peer FQDN="${HSS_HOST}" Realm="${domain}" port="${port}"/>`,
    '<Auth id="16777216" vendor="10415"/>',
    '<SupportedVendor vendor="10415"/>',
    `<DefaultRoute FQDN="${HSS_HOST}" metric="10"/>`,
    '</DiameterPeer>',
  ];
  writeFileSync(file, lines.join('\n'));
  return { DIAMETER: `"${file}"` };
}

/** Whether an OPTIONS from the edge's address is answered. */
function answers(from: string, address: string, port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  return new Promise((resolve) => {
    const end = (answered: boolean): void => {
      clearTimeout(timer);
      socket.close(() => {
        resolve(answered);
      });
    };
    const timer = setTimeout(end, PROBE_MS, false);
    socket.once('message', () => {
      end(true);
    });
    socket.bind(0, from, () => {
      const local = socket.address().port;
      const lines = [
        `OPTIONS sip:${address}:${port} SIP/2.0`,
        `Via: SIP/2.0/UDP ${from}:${local};branch=z9hG4bK${local}${Date.now()}`,
        'Max-Forwards: 70',
        `From: <sip:probe@${from}>;tag=1`,
        `To: <sip:${address}:${port}>`,
        `Call-ID: ${local}-${Date.now()}`,
        'CSeq: 1 OPTIONS',
        'Content-Length: 0',
        '',
        '',
      ];
      socket.send(lines.join('\r\n'), port, address);
    });
  });
}

/** A port that is free for UDP and TCP. */
async function freePort(address: string): Promise<number> {
  for (;;) {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, address, resolve));
    const { port } = server.address() as { port: number };
    const socket = createSocket('udp4');
    const isFree = await new Promise<boolean>((resolve) => {
      socket.once('error', () => {
        resolve(false);
      });
      socket.bind(port, address, () => {
        resolve(true);
      });
    });
    await new Promise<void>((resolve) => {
      if (isFree) socket.close(resolve);
      else resolve();
    });
    await new Promise((resolve) => server.close(resolve));
    if (isFree) return port;
  }
}
