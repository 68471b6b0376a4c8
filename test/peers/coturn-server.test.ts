import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { Secret } from '../../src/base/secret.ts';
import { type TransportAddress } from '../../src/base/transport-address.ts';
import { type TurnCredential } from '../../src/credentials/credential.ts';
import { createSharedKeyIssuer } from '../../src/credentials/shared-key/issuer.ts';
import { createKeyRing } from '../../src/credentials/shared-key/key-ring.ts';
import { createPseudonyms } from '../../src/credentials/shared-key/pseudonym.ts';
import { TurnClient } from '../turn/support/turn-client.ts';
import { daemon, peer, type Daemon } from './peers.ts';
import { unwrap } from '../support/unwrap.ts';
import { freeUdpPort } from '../support/free-port.ts';

const turnserver = peer('turnserver');
const KM = 'the shared secret';
const REALM = 'ims.example';

let coturn: Daemon;
let folder: string;
let at: TransportAddress;

/** As the edge mints it in the 200 OK of a REGISTER. */
function mint(secret = KM): TurnCredential {
  const keyRing = createKeyRing([{ id: 'k1', secret: new Secret(secret) }]);
  const issuer = createSharedKeyIssuer({
    keyRing,
    profile: { order: 't:u', separator: ':', hash: 'sha1', realmBound: false },
    pseudonyms: createPseudonyms(new Secret(secret), new Secret('km')),
    realm: REALM,
    policy: 'per-registration',
    ttl: { defaultSec: 3600, minSec: 60, maxSec: 86_400 },
    maxRegistrations: 10,
  });
  return unwrap(issuer.issue({ registrationId: 'alice', person: 'alice', grantedExpiresSec: 600 }, systemClock.now()));
}

function connect({ username, password }: TurnCredential): Promise<TurnClient> {
  return TurnClient.connect({ transport: 'udp', server: at, username, password: password.revealText() });
}

/** Until coturn answers; a lost Binding request takes the client seconds to give up, so a new one is made each time. */
async function untilUp(): Promise<void> {
  for (let i = 0; i < 50; i++) {
    const probe = await TurnClient.connect({ transport: 'udp', server: at });
    const answered = await Promise.race([
      probe.binding().then(
        () => true,
        () => false,
      ),
      new Promise<boolean>((resolve) => setTimeout(resolve, 200, false)),
    ]);
    probe.close();
    if (answered) return;
  }
  throw new Error('coturn did not start');
}

describe.skipIf(!turnserver)('coturn with use-auth-secret and the same Km', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'coturn-'));
    at = { family: 4, address: '127.0.0.1', port: await freeUdpPort() };
    const options = [
      '-n',
      '--no-cli',
      '--no-tls',
      '--no-dtls',
      '--no-rfc5780',
      '--allow-loopback-peers',
      '--use-auth-secret',
      `--static-auth-secret=${KM}`,
      `--realm=${REALM}`,
      `--listening-ip=${at.address}`,
      `--relay-ip=${at.address}`,
      `--listening-port=${at.port}`,
      `--userdb=${join(folder, 'db')}`,
      `--pidfile=${join(folder, 'pid')}`,
      `--log-file=${join(folder, 'log')}`,
      '--simple-log',
    ];
    coturn = daemon(turnserver!, options);
    await untilUp();
  });

  afterAll(async () => {
    await coturn.stop();
    rmSync(folder, { recursive: true });
  });

  it('gives a relay to the credential that we minted', async () => {
    const client = await connect(mint());
    expect(await client.allocate()).toMatchObject({ family: 4, address: '127.0.0.1' });
    await client.refresh(0);
    client.close();
  });

  it('gives none for a credential of another Km', async () => {
    const client = await connect(mint('another Km'));
    await expect(client.allocate()).rejects.toThrow('401');
    client.close();
  });
});
