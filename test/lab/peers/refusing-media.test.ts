import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RefusingMedia } from '../../../src/lab/peers/refusing-media.ts';

const OFFER = [
  'v=0',
  'o=- 77 2 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'a=group:BUNDLE 0 1',
  'm=audio 50000 UDP/TLS/RTP/SAVPF 111 0',
  'c=IN IP4 192.0.2.1',
  'a=mid:0',
  'a=ice-pwd:secret',
  'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
  'a=mid:1',
  '',
].join('\r\n');

it('answers each stream in its place with port 0', async () => {
  const media = new RefusingMedia();
  const answer = (version: number) =>
    [
      'v=0',
      `o=- 1 ${version} IN IP4 127.0.0.1`,
      's=-',
      'c=IN IP4 0.0.0.0',
      't=0 0',
      'm=audio 0 UDP/TLS/RTP/SAVPF 111 0',
      'a=mid:0',
      'm=application 0 UDP/DTLS/SCTP webrtc-datachannel',
      'a=mid:1',
      '',
    ].join('\r\n');
  expect(await media.answer(OFFER)).toBe(answer(1));
  expect(await media.answer(OFFER)).toBe(answer(2));
});

it('rejects what is no SDP', async () => {
  await expect(new RefusingMedia().answer('hello')).rejects.toThrow('offer: expected SDP that begins with v=0');
});

it('answers with as many streams as were offered, whatever else the offer holds', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(fc.string(), fc.constantFrom('m=audio 9 RTP/AVP 0', 'm=', 'a=mid:x'))),
      async (lines) => {
        const offer = ['v=0', ...lines].join('\r\n');
        const streams = (sdp: string) => sdp.split(/\r?\n/).filter((line) => /^m=\S+ \S+ ./.test(line)).length;
        expect(streams(await new RefusingMedia().answer(offer))).toBe(streams(offer));
      },
    ),
  );
});
