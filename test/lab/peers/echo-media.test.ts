import { afterEach, describe, expect, it } from 'vitest';
import { openEchoMedia } from '../../../src/lab/peers/echo-media.ts';
import { type PeerMedia } from '../../../src/lab/peers/peer-media.ts';
import { type Lab, startLab } from '../../../src/lab/start-lab.ts';
import { Caller } from './support/caller.ts';

const callers: Caller[] = [];
afterEach(() => {
  for (const caller of callers.splice(0)) caller.close();
});

function caller(...args: ConstructorParameters<typeof Caller>): Caller {
  const created = new Caller(...args);
  callers.push(created);
  return created;
}

async function open(lab?: Lab, lost: () => void = () => undefined, mendingMs = 30_000): Promise<PeerMedia> {
  const iceServer = () => lab?.mint('bob').iceServer;
  const media = await openEchoMedia(iceServer, mendingMs)(lost);
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
    const media = (await openEchoMedia(() => {
      minted += 1;
      return lab.mint('bob').iceServer;
    })(() => undefined))!;
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
    const media = await open(
      undefined,
      () => {
        isLost = true;
      },
      10,
    );
    await alice.accept(await media.answer(await alice.offer()));
    await alice.opened;
    expect(isLost).toBe(false);
    alice.close();
    await expect.poll(() => isLost, { timeout: 80_000, interval: 200 }).toBe(true);
    media.close();
  });
});
