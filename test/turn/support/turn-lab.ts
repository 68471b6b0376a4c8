import { createSocket, type Socket } from 'node:dgram';
import { afterEach } from 'vitest';
import { type Clock } from '../../../src/base/clock.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { type TransportAddress } from '../../../src/base/transport-address.ts';
import { type CredentialVerifier } from '../../../src/credentials/credential.ts';
import { type ClientTransport } from '../../../src/turn/contract/client-path.ts';
import { type TurnServerOptions } from '../../../src/turn/turn-server-options.ts';
import { TurnServer } from '../../../src/turn/turn-server.ts';
import { type TurnWrap } from '../../../src/turn/turn-wrap.ts';
import { turnServerOptions } from './options.ts';
import { staticVerifier } from './static-verifier.ts';
import { TurnClient, type ClientOptions } from './turn-client.ts';

const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A started server that the end of the test stops. Users: alice and bob, passwords `alice-secret` and `bob-secret`. */
export async function startServer(
  overrides: Partial<TurnServerOptions> = {},
  clock?: Clock,
  verifier: CredentialVerifier = staticVerifier({ alice: 'alice-secret', bob: 'bob-secret' }),
  wrap?: TurnWrap,
): Promise<TurnServer> {
  const server = new TurnServer(turnServerOptions(overrides), {
    verifier,
    logger: silentLogger,
    wrap,
    ...(clock && { clock }),
  });
  await server.start();
  closers.push(() => server.stop());
  return server;
}

function addressOf(server: TurnServer, transport: ClientTransport, family: 4 | 6 = 4): TransportAddress {
  const found = server.addresses.find((at) => at.transport === transport && at.family === family);
  if (!found) throw new Error(`no ${transport} listener of family ${family}`);
  return found;
}

export async function connectClient(
  server: TurnServer,
  { transport = 'udp', family = 4, username = 'alice', ...rest }: Partial<ClientOptions> & { family?: 4 | 6 } = {},
): Promise<TurnClient> {
  const at = addressOf(server, transport, family);
  const client = await TurnClient.connect({
    transport,
    server: at,
    username,
    password: `${username}-secret`,
    ...rest,
  });
  closers.push(() => {
    client.close();
  });
  return client;
}

export interface EchoPeer {
  readonly address: TransportAddress;
  readonly socket: Socket;
  readonly heard: { data: Buffer; from: TransportAddress }[];
}

/** A UDP peer on loopback that sends everything back. */
export async function echoPeer(family: 4 | 6 = 4, host = family === 4 ? '127.0.0.1' : '::1'): Promise<EchoPeer> {
  const socket = createSocket({ type: family === 4 ? 'udp4' : 'udp6', recvBufferSize: 1 << 20 });
  await new Promise<void>((resolve) => {
    socket.bind(0, host, resolve);
  });
  const heard: EchoPeer['heard'] = [];
  socket.on('message', (data, { address, port }) => {
    heard.push({ data, from: { family, address, port } });
    socket.send(data, port, address);
  });
  closers.push(
    () =>
      new Promise<void>((resolve) => {
        socket.close(resolve);
      }),
  );
  return { address: { family, address: host, port: socket.address().port }, socket, heard };
}
