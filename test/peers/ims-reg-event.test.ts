import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { type ServerEvents } from '../../src/index.ts';
import { Wic } from '../edge/support/wic.ts';
import { WicSocket } from '../edge/support/wic-socket.ts';
import { TurnClient } from '../turn/support/turn-client.ts';
import { statusFrom } from './ask-core.ts';
import { Hss } from './hss.ts';
import { DOMAIN, type Ims, PASSWORD, startIms } from './ims.ts';
import { kamailioWith } from './peers.ts';

const kamailio = kamailioWith('pua_reginfo', 'ims_registrar_scscf');

const GONE = ['reg-event-obeyed', 'registration-ended', 'credential-revoked', 'allocation-ended'] as const;

interface Device {
  readonly wic: Wic;
  readonly turn: { readonly username: string; readonly password: string };
  readonly relay: TurnClient;
}

let users = 0;

/** `registrar`: its changes are published to a presence server (pua_reginfo). `scscf`: the modules for the IMS, with an HSS. */
const CORES = [
  ['registrar', 'udp'],
  ['registrar', 'tcp'],
  ['scscf', 'udp'],
  ['scscf', 'tcp'],
] as const;

describe.skipIf(!kamailio).each(CORES)('reg-event of Kamailio as %s, by %s', (core, transport) => {
  let ims: Ims;
  let hss: Hss | undefined;
  const happened: {
    readonly name: keyof ServerEvents;
    readonly registrationId: string | undefined;
    readonly atMs: number;
  }[] = [];
  const relays: TurnClient[] = [];

  beforeAll(async () => {
    if (core === 'scscf') hss = await Hss.start(DOMAIN);
    ims = await startIms(kamailio!, { transport, ...(hss ? { hss } : { regEvent: true }) });
    await hss?.isKnown;
    for (const name of ['reg-event-subscribed', 'registered', ...GONE] as const) {
      ims.server.on(name, (event) => {
        const { registrationId } = event as { readonly registrationId?: string };
        happened.push({ name, registrationId, atMs: performance.now() });
      });
    }
  });

  afterAll(async () => {
    for (const relay of relays) relay.close();
    await ims[Symbol.asyncDispose]();
    await hss?.[Symbol.asyncDispose]();
  });

  /** The core ends all that a user has registered: by the word of its operator, or of the HSS. */
  async function cutOff({ user, aor }: Wic): Promise<void> {
    if (hss) hss.terminate(`${user}@${DOMAIN}`, aor);
    else await ims.core.command('ul.rm', 'location', user);
  }

  const names = (): string[] => happened.map(({ name }) => name);

  const turnClient = async (turn: Device['turn']): Promise<TurnClient> => {
    const client = await TurnClient.connect({ transport: 'udp', server: ims.server.addresses.turn[0]!, ...turn });
    relays.push(client);
    return client;
  };

  /** A device that has registered and holds a relay. */
  async function device(user: string): Promise<Device> {
    const wic = new Wic(user, await WicSocket.connect(ims.url), new Secret(PASSWORD), DOMAIN);
    const { headers } = await wic.register({ headers: { 'TURN-Cred-Req': 'turn' } });
    const turn = { username: headers.get('TURN-Username')!, password: headers.get('TURN-Password')! };
    const relay = await turnClient(turn);
    await relay.allocate();
    return { wic, turn, relay };
  }

  /** A device of a user whose registrations the edge has subscribed to. */
  async function watched(user: string): Promise<Device> {
    happened.length = 0;
    const first = await device(user);
    await expect.poll(names, { interval: 20, timeout: 4000 }).toContain('reg-event-subscribed');
    return first;
  }

  const newUser = (): string => `alice${++users}`;

  it('ends what the core ends: registration, credential and live relay, by one NOTIFY', async () => {
    const { wic, turn } = await watched(newUser());
    happened.length = 0;
    const startMs = performance.now();
    await cutOff(wic);
    await expect.poll(names, { interval: 5, timeout: 4000 }).toEqual(expect.arrayContaining([...GONE]));
    const took = GONE.map((name) => {
      const { atMs } = happened.find((event) => event.name === name)!;
      return `${name} ${Math.round(atMs - startMs)} ms`;
    });
    console.log(`cut off by Kamailio as ${core}, by ${transport}: ${took.join(', ')}`);
    expect(ims.registrationsOf(wic.aor)).toEqual([]);
    await expect((await turnClient(turn)).allocate()).rejects.toThrow(/^401/);
  });

  it('is not for who is in no Path of that user', async () => {
    const { wic } = await watched(newUser());
    const subscribe = wic.build('SUBSCRIBE', wic.aor, wic.aor, {
      ...{ Event: 'reg', Accept: 'application/reginfo+xml', Expires: '600', Contact: '<sip:elsewhere@127.0.0.2>' },
      'P-Asserted-Identity': '<sip:elsewhere@127.0.0.2;lr>',
    });
    expect(await statusFrom('127.0.0.2', subscribe, ims.core)).toBe(403);
  });

  it('lets a user whom the core has cut off come back, and follows the registration again', async () => {
    const { wic } = await watched(newUser());
    await cutOff(wic);
    await expect.poll(names, { interval: 5, timeout: 4000 }).toContain('registration-ended');
    happened.length = 0;
    await wic.register();
    await expect.poll(names, { interval: 20, timeout: 4000 }).toContain('reg-event-subscribed');
    await cutOff(wic);
    await expect.poll(names, { interval: 5, timeout: 4000 }).toContain('registration-ended');
  });

  if (core === 'registrar') {
    it('ends the one device whose contact is removed, and leaves the other its relay', async () => {
      const user = newUser();
      const lost = await watched(user);
      const kept = await device(user);
      happened.length = 0;
      await ims.core.command('ul.rm_contact', 'location', user, lost.wic.contactUri);
      await expect.poll(names, { interval: 5, timeout: 4000 }).toEqual(expect.arrayContaining([...GONE]));
      expect(ims.registrationsOf(lost.wic.aor)).toHaveLength(1);
      await expect((await turnClient(lost.turn)).allocate()).rejects.toThrow(/^401/);
      await kept.relay.refresh(600);
      await kept.wic.register();
    });
  }
});
