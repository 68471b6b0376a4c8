import { requestedTransport } from '../../../src/stun/attributes/rfc8656.ts';
import { Method } from '../../../src/stun/message-type.ts';
import { count, inWaves, sourceAddress, type Campaign } from './campaign.ts';
import { channelData, mutated, signedDamage, validMessage } from './stun-messages.ts';
import { UdpClient } from './udp-client.ts';
import { mintCredential } from './victim.ts';

const SOURCES = 6;
const WAVE = 40;
const PAUSE_MS = 20;

/** Random, mutated and, from clients that did authenticate, rightly signed but damaged datagrams, from several source addresses. */
export async function attackOverUdp(campaign: Campaign): Promise<void> {
  await Promise.all(Array.from({ length: SOURCES }, (_, index) => attackFrom(campaign, index)));
}

async function attackFrom(campaign: Campaign, index: number): Promise<void> {
  const random = campaign.random.fork(`udp ${index}`);
  const client = await UdpClient.open({
    server: campaign.victim.turn('udp'),
    localAddress: sourceAddress(index),
    credential: mintCredential(campaign.endMs / 1000 + 1),
    random,
    patienceMs: 5000,
  });
  // Half of them hold an allocation when they begin.
  if (index % 2 === 0) {
    await client.turn.request(Method.Allocate, (writer) => writer.add(requestedTransport, 17)).catch(() => undefined);
  }
  await inWaves(campaign, PAUSE_MS, () => {
    const { challenge } = client.turn;
    for (let i = 0; i < WAVE; i++) {
      const message = validMessage(random, challenge);
      const kind = random.below(10);
      if (kind === 0) client.send(random.bytes(random.pick([0, 1, 3, 4, 19, 20, 21, 100, 1400, 65_507])));
      else if (kind === 1) client.send(channelData(random));
      else if (kind === 2) client.send(message);
      else if (kind < 6 && challenge) client.send(signedDamage(message, random, challenge));
      else client.send(fit(mutated(message, random)));
    }
    count(campaign, 'datagrams', WAVE);
  });
  client.close();
}

function fit(bytes: Buffer): Buffer {
  return bytes.subarray(0, 65_507);
}
