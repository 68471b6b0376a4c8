import { createResponse } from '../../../src/sip/create-response.ts';
import WebSocket from 'ws';
import { count, inWaves, isOver, sourceAddress, type Campaign } from './campaign.ts';
import { type Random } from './random.ts';
import { openWebSocket, SipClient } from './sip-client.ts';
import { DOMAIN } from './victim.ts';
import { mutatedText, sampleMessage } from './sip-messages.ts';
import { formatText } from '../../sip/message-text.ts';

const STRANGERS = 4;
const INSIDERS = 2;
const PAUSE_MS = 100;
/** Below the edge's default rate, so that most of it is parsed; every so often the flood is above it. */
const WAVE = 4;
const FLOOD = 400;

/** Text of every kind from strangers and from clients that are registered, and connections that come and go. */
export async function attackOverWebSocket(campaign: Campaign): Promise<void> {
  await Promise.all([
    ...Array.from({ length: STRANGERS }, (_, index) => attack(campaign, index, false)),
    ...Array.from({ length: INSIDERS }, (_, index) => attack(campaign, STRANGERS + index, true)),
    churn(campaign),
    badUpgrades(campaign),
  ]);
}

async function attack(campaign: Campaign, index: number, registered: boolean): Promise<void> {
  const random = campaign.random.fork(`sip ${index}`);
  while (!isOver(campaign)) {
    try {
      await attackOnce(campaign, index, registered, random);
    } catch {
      // Closed for what it did: on to the next connection.
    }
  }
}

async function attackOnce(campaign: Campaign, index: number, registered: boolean, random: Random): Promise<void> {
  const localAddress = sourceAddress(40 + index);
  const client = await SipClient.connect(campaign.victim, { user: 'mallory', localAddress, random, patienceMs: 5000 });
  client.onRequest = (request) => {
    const response = createResponse(request, random.pick([100, 180, 183, 200, 200, 302, 401, 486, 503, 603]));
    const text = formatText(response);
    if (random.chance(0.5)) client.send(mutatedText(text, random));
    return random.chance(0.7) ? response : undefined;
  };
  if (registered) await client.register();
  const lifeEndsMs = Date.now() + random.between(500, 4000);
  await inWaves({ ...campaign, endMs: Math.min(campaign.endMs, lifeEndsMs) }, PAUSE_MS, () => {
    if (!client.isOpen) throw new Error('closed');
    const amount = random.chance(0.02) ? FLOOD : WAVE;
    for (let i = 0; i < amount; i++) client.send(message(client, random));
    count(campaign, registered ? 'SIP messages of insiders' : 'SIP messages of strangers', amount);
  });
  if (random.chance(0.5)) client.cut();
  else await client.close();
}

function message(client: SipClient, random: Random): string | Buffer {
  const kind = random.below(20);
  if (kind === 0) return random.text(random.below(5000), ' \r\n\t:;,<>"@/=sipINVTE0123456789\0é');
  if (kind === 1) return random.bytes(random.below(3000));
  if (kind === 2) return random.pick(['', '\r\n', '\r\n\r\n', '\0', '\r\n\r\n\r\n\r\n']);
  const sample = sampleMessage(client, random);
  if (kind < 7) return sample;
  const text = mutatedText(sample, random);
  return kind === 7 ? Buffer.from(text) : text;
}

/** Opens, perhaps says something, perhaps in pieces, and goes. */
async function churn(campaign: Campaign): Promise<void> {
  const random = campaign.random.fork('churn');
  const open = new Set<WebSocket>();
  await inWaves(campaign, PAUSE_MS, () => {
    if (open.size > 20) return;
    const socket = openWebSocket(campaign.victim, sourceAddress(60 + random.below(4)));
    open.add(socket);
    count(campaign, 'WebSockets opened and left');
    socket.on('error', () => undefined);
    socket.once('close', () => open.delete(socket));
    socket.once('open', () => {
      const pieces = random.below(20);
      for (let i = 0; i < pieces; i++) socket.send(random.text(500), { fin: random.chance(0.1) });
      if (random.chance(0.3)) for (let i = 0; i < 500; i++) socket.ping();
      if (random.chance(0.2)) socket.send(random.text(200_000));
    });
    setTimeout(() => {
      if (random.chance(0.5)) socket.terminate();
      else socket.close();
    }, random.below(2000));
  });
  for (const socket of open) socket.terminate();
}

/** Handshakes that must be refused. */
async function badUpgrades(campaign: Campaign): Promise<void> {
  const random = campaign.random.fork('upgrades');
  const url = campaign.victim.webSocketUrl;
  await inWaves(campaign, PAUSE_MS * 2, () => {
    const socket = random.pick([
      () => new WebSocket(url, { rejectUnauthorized: false }),
      () => new WebSocket(url, 'xmpp', { rejectUnauthorized: false }),
      () => new WebSocket(`${url}elsewhere`, 'sip', { rejectUnauthorized: false }),
      () => new WebSocket(url, 'sip', { rejectUnauthorized: false, origin: `https://${DOMAIN}.evil.example` }),
      () => new WebSocket(url, 'sip', { rejectUnauthorized: false, origin: 'null' }),
      () => new WebSocket(url, 'sip', { rejectUnauthorized: false, headers: { 'X-Long': 'x'.repeat(20_000) } }),
    ])();
    count(campaign, 'bad upgrades');
    socket.on('error', () => undefined);
    socket.on('open', () => {
      socket.terminate();
    });
  });
}
