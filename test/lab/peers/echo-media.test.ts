import { readdirSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { EchoMediaSource } from '../../../src/lab/peers/echo-media.ts';
import { type PeerMedia, type PeerMediaSource } from '../../../src/lab/peers/peer-media.ts';
import { type Lab, startLab } from '../../../src/lab/start-lab.ts';
import { Caller } from './support/caller.ts';

const callers: Caller[] = [];
const sources: PeerMediaSource[] = [];
afterEach(() => {
  for (const open of [...callers.splice(0), ...sources.splice(0)]) open.close();
});

function caller(...args: ConstructorParameters<typeof Caller>): Caller {
  const created = new Caller(...args);
  callers.push(created);
  return created;
}

function source(...args: ConstructorParameters<typeof EchoMediaSource>): EchoMediaSource {
  const created = new EchoMediaSource(...args);
  sources.push(created);
  return created;
}

async function open(lab?: Lab): Promise<PeerMedia> {
  const media = await source(() => lab?.mint('bob').iceServer).open(() => undefined);
  return media!;
}

/** Of a caller who is not there yet: as soon as one is reached, no further candidate is looked for. */
function withoutCandidates(sdp: string): string {
  return sdp.replaceAll(/a=candidate:.*\r\n/g, '');
}

const candidatesOf = (sdp: string): string[] => sdp.split('\r\n').filter((line) => line.startsWith('a=candidate:'));

describe('echo media', () => {
  it('answers once and whole, with candidates of the host and of the relay, those of loopback too', async () => {
    await using lab = await startLab();
    const media = await open(lab);
    const candidates = candidatesOf(await media.answer(withoutCandidates(await caller().offer())));
    expect(candidates.filter((line) => line.includes(' typ relay'))).not.toEqual([]);
    expect(candidates.filter((line) => line.includes(' 127.0.0.1 ') && line.includes(' typ host'))).not.toEqual([]);
    media.close();
    media.close();
  });

  it('sends data back, text as text and bytes as bytes, relay to relay', async () => {
    await using lab = await startLab({ config: { turn: { peers: { allowPrivate: false } } } });
    const alice = caller({ iceServers: [lab.mint('alice').iceServer], iceTransportPolicy: 'relay' });
    const media = await open(lab);
    await alice.accept(await media.answer(await alice.offer()));
    await alice.opened;
    alice.channel.send('héllo');
    alice.channel.send(new Uint8Array([1, 0, 255]));
    await expect.poll(() => alice.heard, { timeout: 10_000 }).toEqual(['héllo', [1, 0, 255]]);
    media.close();
  });

  it('keeps its candidates for a further offer, and gathers anew for an ICE restart, with a fresh credential', async () => {
    await using lab = await startLab({ config: { turn: { peers: { allowPrivate: false } } } });
    const alice = caller({ iceServers: [lab.mint('alice').iceServer], iceTransportPolicy: 'relay' });
    let minted = 0;
    const counted = source(() => {
      minted += 1;
      return lab.mint('bob').iceServer;
    });
    const media = (await counted.open(() => undefined))!;
    const first = await media.answer(await alice.offer());
    await alice.accept(first);
    const second = await media.answer(await alice.offer());
    await alice.accept(second);
    const third = await media.answer(await alice.offer({ iceRestart: true }));
    await alice.accept(third);
    const fragments = [first, second, third].map((sdp) => /a=ice-ufrag:(.*)/.exec(sdp)![1]);
    expect(fragments[1]).toBe(fragments[0]);
    expect(fragments[2]).not.toBe(fragments[0]);
    for (const sdp of [second, third]) {
      expect(candidatesOf(sdp).filter((line) => line.includes(' typ relay'))).not.toEqual([]);
    }
    expect(minted).toBe(3);
    await alice.opened;
    media.close();
  });

  it('answers without a relay where there is none', async () => {
    const media = await open();
    const candidates = candidatesOf(await media.answer(withoutCandidates(await caller().offer())));
    expect(candidates.filter((line) => line.includes(' typ host'))).not.toEqual([]);
    media.close();
  });

  it.each(['', 'v=0', 'v=0\r\nm=audio 9 RTP/AVP 0\r\n', '\0'])('rejects %j', async (offer) => {
    const media = await open();
    await expect(media.answer(offer)).rejects.toThrow();
    media.close();
  });

  it('tells when the other side is gone for good', { timeout: 90_000 }, async () => {
    const alice = caller();
    let isLost = false;
    const media = (await source(() => undefined, 10).open(() => {
      isLost = true;
    }))!;
    await alice.accept(await media.answer(await alice.offer()));
    await alice.opened;
    expect(isLost).toBe(false);
    alice.close();
    await expect.poll(() => isLost, { timeout: 80_000, interval: 200 }).toBe(true);
    media.close();
  });

  it.runIf(process.platform === 'linux')(
    'holds no more threads and files after many calls than after the first',
    { timeout: 60_000 },
    async () => {
      const echo = source(() => undefined);
      const held = () => ['task', 'fd'].map((what) => readdirSync(`/proc/self/${what}`).length);
      const call = async (): Promise<void> => {
        const media = (await echo.open(() => undefined))!;
        await media.answer(await caller().offer());
        media.close();
        callers.pop()!.close();
      };
      for (let i = 0; i < 3; i++) await call();
      const before = held();
      for (let i = 0; i < 30; i++) await call();
      const after = held();
      for (const [i, count] of after.entries()) expect(count).toBeLessThan(before[i]! + 20);
    },
  );

  it('opens nothing when it is closed in the meantime, and again afterwards', async () => {
    const echo = source(() => undefined);
    const opening = echo.open(() => undefined);
    echo.close();
    expect(await opening).toBeUndefined();
    const media = await echo.open(() => undefined);
    expect(media).toBeDefined();
    media!.close();
  });
});
