import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MemoryState } from '../../src/config/state/memory-state.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { createServer, type Server } from '../../src/server/server.ts';
import { createResponse } from '../../src/sip/create-response.ts';
import { formatSipMessage } from '../../src/sip/format-message.ts';
import { type SipRequest } from '../../src/sip/message.ts';
import { parseNameAddr } from '../../src/sip/name-addr.ts';
import { parseSipMessage } from '../../src/sip/parse-message.ts';
import { freeUdpPort } from '../support/free-port.ts';

export const DOMAIN = 'ims.example';
const REGISTRAR = '127.0.0.1';
const EDGE = '127.0.0.2';
const SIPP = '127.0.0.3';
const FOLDER = fileURLToPath(new URL('sipp/', import.meta.url));
const TIMEOUT_SEC = 12;

/** Where a registered client is reached, as the core knows it. */
export interface Binding {
  readonly user: string;
  readonly contact: string;
  readonly path: string;
}

export interface SippRun {
  /** `0`: every message came as the scenario has it. */
  readonly exitCode: number | null;
  /** How often each kind of message came again, by what SIPp calls the message: `1_INVITE`. */
  readonly repeated: ReadonlyMap<string, number>;
  readonly log: string;
}

/** An edge whose core is a registrar that takes everybody, and SIPp for all that is no REGISTER. */
export interface SippCore extends AsyncDisposable {
  readonly server: Server;
  readonly url: string;
  /** The last one of a user. */
  bindingOf(user: string): Binding;
  /** Starts SIPp with test/peers/sipp/<scenario>.xml; resolves when it listens. */
  call(scenario: string, to?: Binding): Promise<{ readonly done: Promise<SippRun> }>;
  /** Ends what a failed test has left of SIPp. */
  end(): void;
}

export async function startSippCore(program: string): Promise<SippCore> {
  const port = await freeUdpPort(SIPP);
  const registrar = await Registrar.open(`<sip:${SIPP}:${port};lr>`);
  const server = await createServer(
    {
      domain: DOMAIN,
      edge: {
        listen: { addresses: ['127.0.0.1'], port: 0 },
        demoPage: false,
        transaction: { t1Ms: 150, t2Ms: 500, t4Ms: 500 },
        core: {
          kind: 'external',
          uris: [`sip:${REGISTRAR}:${registrar.port};transport=udp`],
          listen: { addresses: [EDGE], port: 0 },
          trusted: ['127.0.0.0/8'],
        },
      },
      turn: { listeners: [{ transport: 'udp', address: '127.0.0.1', port: 0 }], relay: { addresses: ['127.0.0.1'] } },
    },
    { state: new MemoryState(), logger: silentLogger },
  );
  const { webSocket = '' } = await server.start();
  const running = new Set<ChildProcess>();
  const end = (): void => {
    for (const child of running) child.kill('SIGKILL');
  };
  return {
    server,
    url: webSocket,
    bindingOf: (user) => registrar.bindingOf(user),
    call: async (scenario, to) => runScenario(program, scenario, port, to, running),
    end,
    [Symbol.asyncDispose]: async () => {
      end();
      await server.stop();
      registrar.close();
    },
  };
}

/** A registrar over UDP that believes everybody. */
class Registrar {
  readonly #socket: Socket;
  readonly #serviceRoute: string;
  readonly #bindings = new Map<string, Binding>();

  private constructor(socket: Socket, serviceRoute: string) {
    this.#socket = socket;
    this.#serviceRoute = serviceRoute;
    socket.on('message', (bytes, { address, port }) => {
      const parsed = parseSipMessage(bytes, { maxHeaders: 64, maxLineBytes: 8192 });
      if (!parsed.ok || parsed.value.kind !== 'request') return;
      socket.send(formatSipMessage(this.#answer(parsed.value)), port, address);
    });
  }

  static async open(serviceRoute: string): Promise<Registrar> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => {
      socket.bind(0, REGISTRAR, resolve);
    });
    return new Registrar(socket, serviceRoute);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  bindingOf(user: string): Binding {
    const binding = this.#bindings.get(user);
    if (!binding) throw new Error(`${user} has not registered`);
    return binding;
  }

  close(): void {
    this.#socket.close();
  }

  #answer(request: SipRequest) {
    const response = createResponse(request, 200);
    if (request.method !== 'REGISTER') return response;
    const { headers } = request;
    const contact = parseNameAddr(headers.get('Contact') ?? '');
    const to = parseNameAddr(headers.get('To') ?? '');
    if (!contact.ok || !to.ok) return createResponse(request, 400);
    const user = /^sip:([^@]+)@/.exec(to.value.uri)?.[1] ?? '';
    this.#bindings.set(user, { user, contact: contact.value.uri, path: headers.getAll('Path').join(', ') });
    if (headers.get('Expires') !== '0') response.headers.append('Contact', `<${contact.value.uri}>;expires=120`);
    response.headers.append('Path', headers.getAll('Path').join(', '));
    response.headers.append('Service-Route', this.#serviceRoute);
    response.headers.append('P-Associated-URI', `<${to.value.uri}>`);
    return response;
  }
}

async function runScenario(
  program: string,
  scenario: string,
  port: number,
  to: Binding | undefined,
  running: Set<ChildProcess>,
): Promise<{ readonly done: Promise<SippRun> }> {
  const folder = mkdtempSync(join(tmpdir(), 'epcscf-turn-sipp-'));
  // It writes what it counts beside the scenario.
  copyFileSync(join(FOLDER, `${scenario}.xml`), join(folder, `${scenario}.xml`));
  const args = ['-sf', `${scenario}.xml`, '-i', SIPP, '-p', String(port), '-m', '1', '-nostdin', '-trace_counts'];
  args.push('-trace_err', '-trace_msg', '-timeout', `${TIMEOUT_SEC}s`, '-timeout_error', '-fd', '1');
  if (to) args.push('-key', 'user', to.user, '-key', 'domain', DOMAIN, '-key', 'contact', to.contact);
  if (to) args.push('-key', 'path', to.path, /@([\d.]+:\d+)/.exec(to.path)?.[1] ?? '');
  const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  running.add(child);
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const done = new Promise<number | null>((resolve) => {
    child.once('error', () => {
      resolve(null);
    });
    child.once('close', resolve);
  }).then((exitCode): SippRun => {
    running.delete(child);
    const errors = readdirSync(folder).filter((name) => /_(?:errors|messages)\.log$/.test(name));
    for (const name of errors) log += readFileSync(join(folder, name), 'utf8');
    const counts = readdirSync(folder).find((name) => name.endsWith('_counts.csv'));
    const repeated = repetitions(counts === undefined ? '' : readFileSync(join(folder, counts), 'utf8'));
    rmSync(folder, { recursive: true, force: true });
    return { exitCode, repeated, log };
  });
  if (!to) await listens(port, done);
  return { done };
}

function repetitions(csv: string): ReadonlyMap<string, number> {
  const lines = csv.trim().split('\n');
  const names = (lines[0] ?? '').split(';');
  const values = (lines.at(-1) ?? '').split(';');
  return new Map(
    names.flatMap((name, i) => (name.endsWith('_Retrans') ? [[name.slice(0, -8), Number(values[i])] as const] : [])),
  );
}

/** Waits until the port is in the system's table; throws when SIPp ends instead. */
async function listens(port: number, done: Promise<SippRun>): Promise<void> {
  const state: { run?: SippRun } = {};
  void done.then((run) => (state.run = run));
  const entry = `:${port.toString(16).toUpperCase().padStart(4, '0')} `;
  while (!readFileSync('/proc/net/udp', 'latin1').includes(entry)) {
    if (state.run) throw new Error(`SIPp did not start: ${state.run.log}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
