/*
 * Runs in a network namespace of its own, with 20.0.0.1 and 20.0.0.2 on its loopback device and addresses that no interface lists: what a client reaches through a relay on the first of
 * them. Prints what came of it as one line of JSON.
 */
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { createServer as createTcpServer } from 'node:net';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../../src/base/clock.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { type TransportAddress } from '../../../src/base/transport-address.ts';
import { createServer } from '../../../src/index.ts';
import { Server } from '../../../src/server/server.ts';
import { channelNumber, xorPeerAddress } from '../../../src/stun/attributes/rfc8656.ts';
import { Method } from '../../../src/stun/message-type.ts';
import { TurnClient } from '../../turn/support/turn-client.ts';

const HOST = '20.0.0.1';
const CORE = '20.0.0.2';
const LATER = '20.0.0.3';
const FAR_CORE = '20.0.3.1';
const ELSEWHERE = '20.0.0.9';

const at = (address: string, port: number): TransportAddress => ({ family: 4, address, port });

const heard: string[] = [];
const udp = createSocket('udp4', (data) => heard.push(`udp ${data.toString()}`));
await new Promise<void>((resolve) => udp.bind(7001, '0.0.0.0', resolve));
for (const address of ['20.1.0.77', '20.2.0.55', '20.4.0.1']) {
  const unlisted = createSocket('udp4', () => heard.push(`udp at ${address}`));
  await new Promise<void>((resolve) => unlisted.bind(7003, address, resolve));
}
const tcp = createTcpServer(() => heard.push('tcp'));
await new Promise<void>((resolve) => tcp.listen(7002, '0.0.0.0', resolve));
const core = createSocket('udp4', (data) => {
  if (!data.toString().startsWith('OPTIONS')) heard.push('core');
});
await new Promise<void>((resolve) => core.bind(5060, CORE, resolve));

const server = await createServer(
  {
    domain: 'ims.test',
    stateDir: mkdtempSync(join(tmpdir(), 'own-machine-')),
    edge: {
      listen: { addresses: [HOST], port: 0 },
      demoPage: false,
      core: {
        kind: 'external',
        uris: [`sip:${CORE}:5060;transport=udp`, `sip:${FAR_CORE}:5060;transport=udp`],
        trusted: ['20.0.2.0/24'],
        listen: { addresses: [HOST], port: 5060 },
      },
    },
    turn: {
      listeners: [
        { transport: 'udp', address: HOST, port: 0 },
        { transport: 'tcp', address: HOST, port: 0 },
      ],
      relay: { addresses: [HOST] },
    },
  },
  { logger: silentLogger },
);
const { turn, https, core: coreListeners = [] } = await server.start();
const issued = Server.secretsOf(server).sharedKey.issuer.issue(
  { registrationId: 'alice', person: 'alice', grantedExpiresSec: 600 },
  systemClock.now(),
);
if (!issued.ok) throw new Error('no credential');
const { username, password } = issued.value;

async function connect(transport: 'udp' | 'tcp'): Promise<TurnClient> {
  const listener = turn.find((one) => one.transport === transport);
  if (!listener) throw new Error(`no ${transport} listener`);
  return TurnClient.connect({ transport, server: listener, username, password: password.revealText() });
}

let channel = 0x4000;
async function codeOf(client: TurnClient, method: number, peer: TransportAddress): Promise<number> {
  try {
    await client.request(method, (request) => {
      if (method === Method.ChannelBind) request.add(channelNumber, channel++);
      return request.add(xorPeerAddress, peer);
    });
    return 0;
  } catch (error) {
    return Number.parseInt((error as Error).message, 10);
  }
}

const [alice, bob, tcpAlice] = [await connect('udp'), await connect('udp'), await connect('tcp')];
await alice.allocate();
const bobRelay = await bob.allocate();
await tcpAlice.allocate({ tcp: true });

const channels = new Map<string, number>();
for (const [name, peer] of [
  ['udp service', at(HOST, 7001)],
  ['udp service on loopback', at('127.0.0.1', 7001)],
  ['udp service on any address of a local prefix', at('20.1.0.77', 7003)],
  ['udp service on any address of the prefix of loopback', at('20.2.0.55', 7003)],
  ['udp service on an interface without a carrier', at('20.4.0.1', 7003)],
  ['http listener', https[0]],
  ['turn listener', turn[0]],
  ['edge towards the core', at(HOST, coreListeners[0]?.port ?? 0)],
  ['core', at(CORE, 5060)],
  ['another port of the core', at(CORE, 7001)],
  ['core elsewhere', at(FAR_CORE, 5060)],
  ['another port of the core elsewhere', at(FAR_CORE, 7001)],
  ['another machine of the core', at('20.0.2.1', 5060)],
  ['live relay', bobRelay],
  ['address that comes later', at(LATER, 7001)],
  ['another host', at(ELSEWHERE, 7001)],
] as const) {
  channels.set(name, peer ? await codeOf(alice, Method.ChannelBind, peer) : -1);
}
const connects = {
  'tcp service': await codeOf(tcpAlice, Method.Connect, at(HOST, 7002)),
  'edge towards the core': await codeOf(tcpAlice, Method.Connect, at(HOST, 5060)),
  core: await codeOf(tcpAlice, Method.Connect, at(CORE, 5060)),
};
const permissions = {
  host: await codeOf(alice, Method.CreatePermission, at(HOST, 1)),
  core: await codeOf(alice, Method.CreatePermission, at(CORE, 1)),
  coreElsewhere: await codeOf(alice, Method.CreatePermission, at(FAR_CORE, 1)),
};
alice.send(at(HOST, 7001), Buffer.from('x'));
alice.send(at(CORE, 5060), Buffer.from('x'));
alice.send(at('20.1.0.77', 7003), Buffer.from('x'));

await bob.permit(at(HOST, 1));
alice.send(bobRelay, Buffer.from('hello'));
const [arrival] = await bob.receive();

execFileSync('ip', ['address', 'add', `${LATER}/32`, 'dev', 'lo']);
const deadline = Date.now() + 10_000;
let later = 0;
while (later === 0 && Date.now() < deadline) {
  await sleep(250);
  later = await codeOf(alice, Method.CreatePermission, at(LATER, 1));
}
alice.sendChannel(0x400b, Buffer.from('later'));
await sleep(200);

console.log(
  JSON.stringify({
    channels: Object.fromEntries(channels),
    connects,
    permissions,
    later,
    heard,
    arrived: arrival?.data.toString(),
  }),
);
process.exit(0);
