import { Agent, request, type RequestOptions } from 'node:https';
import { type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { parseConfig } from '../../../../src/config/load.ts';
import { certificateNames } from '../../../../src/config/secrets.ts';
import { silentLogger } from '../../../../src/base/logger.ts';
import { createLabControl, type LabControlOptions } from '../../../../src/lab/control/lab-control.ts';
import { createLab } from '../../../../src/lab/create-lab.ts';
import { createLabState } from '../../../../src/lab/lab-authority.ts';
import { labConfig } from '../../../../src/lab/lab-config.ts';
import { labPasswords } from '../../../../src/lab/lab-users.ts';
import { type LabEventLog } from '../../../../src/lab/lab-event-log.ts';
import { type Lab } from '../../../../src/lab/lab.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Of an answer in JSON. */
  readonly json: unknown;
}

export interface Ask {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** A lab with alice and bob whose routes are open, and a client that trusts it. */
export interface ControlledLab extends AsyncDisposable {
  readonly lab: Lab;
  readonly log: LabEventLog;
  readonly ask: (path: string, ask?: Ask) => Promise<Answer>;
  /** The answer while it still comes in. */
  readonly open: (path: string, ask?: Ask) => Promise<IncomingMessage>;
}

export async function startControlledLab(
  options: Partial<LabControlOptions> = {},
  { tokens = false }: { readonly tokens?: boolean } = {},
): Promise<ControlledLab> {
  const config = parseConfig(labConfig({}, labPasswords(['alice', 'bob']), { tokens }));
  const control = createLabControl({ version: '1.2.3', ...options });
  let log: LabEventLog | undefined;
  const lab = await createLab(config, {
    logger: silentLogger,
    showUsers: true,
    state: await createLabState(certificateNames(config), Date.now()),
    control: {
      ...control,
      mount: (app, ports) => {
        log = ports.log;
        control.mount(app, ports);
      },
    },
  });
  await lab.server.start();
  const agent = new Agent({ ca: lab.ca, keepAlive: false });
  const open = (path: string, { method = 'GET', body, headers, signal }: Ask = {}): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const { port } = lab.addresses.https[0]!;
      const target: RequestOptions = { host: '127.0.0.1', port, path, method, agent, servername: 'localhost' };
      const all = { Host: `localhost:${port}`, ...headers };
      const sent = request({ ...target, headers: all, ...(signal && { signal }) }, resolve).on('error', reject);
      sent.end(typeof body === 'string' || body === undefined ? body : JSON.stringify(body));
    });
  // Routes are mounted for the first request.
  (await open('/healthz')).resume();
  return {
    lab,
    log: log!,
    open,
    ask: async (path, ask) => {
      const response = await open(path, ask);
      let text = '';
      for await (const part of response.setEncoding('utf8')) text += String(part);
      const isJson = response.headers['content-type']?.startsWith('application/json') ?? false;
      return {
        status: response.statusCode ?? 0,
        headers: response.headers,
        text,
        json: isJson ? (JSON.parse(text) as unknown) : undefined,
      };
    },
    [Symbol.asyncDispose]: async () => {
      agent.destroy();
      await lab.stop();
    },
  };
}
