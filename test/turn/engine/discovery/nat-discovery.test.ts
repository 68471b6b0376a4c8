import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  changeRequest,
  otherAddress,
  padding,
  responseOrigin,
  responsePort,
} from '../../../../src/stun/attributes/rfc5780.ts';
import { mappedAddress, unknownAttributes, xorMappedAddress } from '../../../../src/stun/attributes/rfc8489.ts';
import { Method } from '../../../../src/stun/message-type.ts';
import { type AnswerLimitOptions } from '../../../../src/turn/engine/authentication/answer-limit.ts';
import { address, codeOf, decoded, plain, World, type Build } from '../world.ts';

const natDiscovery = { primary: address('8.8.4.1:3478'), alternate: address('8.8.4.2:3479') };
const REMOTE = '198.51.100.7:40000';

let world: World;
beforeEach(() => {
  world = new World({ natDiscovery });
});

const binding = (build?: Build) => plain(Method.Binding, 'request', build);

describe('NAT behaviour discovery', () => {
  it('tells where the answer came from and which place shares neither address nor port with it', () => {
    const answer = world.client(REMOTE).exchange(binding())!;
    expect(answer.get(xorMappedAddress)).toEqual(address(REMOTE));
    expect(answer.get(responseOrigin)).toEqual(natDiscovery.primary);
    expect(answer.get(otherAddress)).toEqual(natDiscovery.alternate);
    expect(answer.has(padding)).toBe(false);
    expect(world.detours).toEqual([]);
  });

  it.each(
    ['8.8.4.1', '8.8.4.2'].flatMap((ip) =>
      [3478, 3479].flatMap((port) =>
        [true, false].flatMap((changeIp) =>
          [true, false].map((changePort) => {
            const originIp = changeIp ? `8.8.4.${ip === '8.8.4.1' ? 2 : 1}` : ip;
            const originPort = changePort ? 6957 - port : port;
            return { local: `${ip}:${port}`, changeIp, changePort, origin: `${originIp}:${originPort}` };
          }),
        ),
      ),
    ),
  )(
    'answers from $origin what came to $local with CHANGE-REQUEST $changeIp $changePort',
    ({ local, changeIp, changePort, origin }) => {
      const client = Object.assign(world.client(REMOTE), { local: address(local) });
      const straight = client.exchange(binding((message) => message.add(changeRequest, { changeIp, changePort })));
      const detour = world.detours[0];
      expect(straight === undefined).toBe(changeIp || changePort);
      const answer = straight ?? decoded(detour!.bytes);
      if (detour) expect(detour).toMatchObject({ origin: address(origin), remote: address(REMOTE) });
      expect(codeOf(answer)).toBe(0);
      expect(answer.get(responseOrigin)).toEqual(address(origin));
    },
  );

  it('tells the mapped address plain and masked, so that a client finds out who rewrites addresses on the way', () => {
    for (const remote of [REMOTE, '[2a00:1450::77]:40000']) {
      const answer = world.client(remote).exchange(binding())!;
      expect(answer.get(mappedAddress)).toEqual(address(remote));
      expect(answer.get(xorMappedAddress)).toEqual(address(remote));
    }
  });

  it('takes a RESPONSE-PORT without the two bytes that fill it up to four', () => {
    const port = Buffer.from([0xa0, 0x28]);
    const short: Build = (message) => message.add({ ...padding, type: responsePort.type }, port);
    expect(world.client(REMOTE).exchange(binding(short))).toBeUndefined();
    expect(world.detours).toMatchObject([{ remote: address('198.51.100.7:41000') }]);
  });

  it('sends to RESPONSE-PORT of the own address of the source, and to no other address', () => {
    const answered = world.client(REMOTE).exchange(binding((message) => message.add(responsePort, 41_000)));
    expect(answered).toBeUndefined();
    expect(world.detours).toMatchObject([{ origin: natDiscovery.primary, remote: address('198.51.100.7:41000') }]);
    expect(decoded(world.detours[0]!.bytes).get(xorMappedAddress)).toEqual(address(REMOTE));
  });

  it.each([1, 4, 100, 1500, 9000])('answers %i bytes of PADDING with no more than came, and 1500 at most', (bytes) => {
    const request = binding((message) => message.add(padding, Buffer.alloc(bytes)));
    const answered = world.client().exchange(request)!.get(padding)!;
    expect(answered).toHaveLength(Math.min(1500, Math.floor(bytes / 4) * 4));
    expect(answered.every((byte) => byte === 0)).toBe(true);
  });

  it.each<[number, string, Build]>([
    [400, 'RESPONSE-PORT with PADDING', (m) => m.add(responsePort, 41_000).add(padding, Buffer.alloc(4))],
    [400, 'RESPONSE-PORT 0', (m) => m.add(responsePort, 0)],
    [400, 'a RESPONSE-PORT of no port', (m) => m.add({ ...padding, type: responsePort.type }, Buffer.alloc(1))],
    [400, 'a CHANGE-REQUEST of eight bytes', (m) => m.add({ ...padding, type: changeRequest.type }, Buffer.alloc(8))],
    [420, 'another unknown attribute', (m) => m.add({ ...padding, type: 0x7ff0 }, Buffer.alloc(4))],
  ])('answers %i to %s, the way the request came', (code, _what, build) => {
    expect(codeOf(world.client().exchange(binding(build)))).toBe(code);
    expect(world.detours).toEqual([]);
  });

  it.each(['tcp', 'tls'] as const)('does not know CHANGE-REQUEST over %s', (transport) => {
    const change = binding((message) => message.add(changeRequest, { changeIp: true, changePort: true }));
    const answer = world.client(REMOTE, transport).exchange(change)!;
    expect(codeOf(answer)).toBe(420);
    expect(answer.get(unknownAttributes)).toEqual([changeRequest.type]);
  });

  it('does not know CHANGE-REQUEST at a place that is none of the four', () => {
    const client = Object.assign(world.client(), { local: address('8.8.4.9:3478') });
    const change = binding((message) => message.add(changeRequest, { changeIp: true, changePort: false }));
    expect(codeOf(client.exchange(change))).toBe(420);
  });

  it('does not know CHANGE-REQUEST in Allocate, nor in Binding when it is off', () => {
    const change: Build = (message) => message.add(changeRequest, { changeIp: true, changePort: false });
    expect(codeOf(world.client().as('alice').allocate(change))).toBe(420);
    const answer = new World().client().exchange(binding(change))!;
    expect(codeOf(answer)).toBe(420);
    expect(new World().client().exchange(binding())!.has(otherAddress)).toBe(false);
  });

  it('counts answers that leave another way in the answer limit of the source', () => {
    const answerLimit: AnswerLimitOptions = { perSec: 1, burst: 3, sources: 100, exempt: [] };
    world = new World({ natDiscovery, answerLimit });
    const client = world.client(REMOTE);
    const build: Build = (m) => m.add(changeRequest, { changeIp: true, changePort: true }).add(responsePort, 41_000);
    for (let i = 0; i < 20; i += 1) client.exchange(binding(build));
    expect(world.detours).toHaveLength(3);
  });

  it('throws at nothing, answers no more than once, and pads no answer beyond what came', () => {
    const client = world.client(REMOTE);
    const attribute = fc.record({
      type: fc.constantFrom(changeRequest.type, responsePort.type, padding.type),
      value: fc.uint8Array({ maxLength: 2000 }),
    });
    fc.assert(
      fc.property(fc.array(attribute, { maxLength: 4 }), (attributes) => {
        const request = binding((message) => {
          for (const { type, value } of attributes) message.add({ ...padding, type }, Buffer.from(value));
        });
        const before = client.inbox.length + world.detours.length;
        world.engine.onClientMessage(client, request);
        expect(client.inbox.length + world.detours.length).toBe(before + 1);
        const all = [...client.inbox.splice(0), ...world.detours.splice(0).map(({ bytes }) => bytes)];
        // Beyond what came: the four addresses of every answer.
        for (const bytes of all) expect(bytes.length).toBeLessThanOrEqual(request.length + 48);
        for (const { remote } of world.detours) expect(remote.address).toBe(client.remote.address);
      }),
      { numRuns: 500 },
    );
    expect(world.engine.stats().drops).toEqual({});
  });
});
