import { describe, expect, it } from 'vitest';
import { edgeOptions } from './support/edge-options.ts';
import { type EdgeServer, startEdge } from './support/edge-server.ts';
import { Wic } from './support/wic.ts';
import { formatText } from '../sip/message-text.ts';

const EACH_OCTET = Buffer.from(Array.from({ length: 256 }, (_, octet) => octet));
/** RP-DATA of a short message (TS 24.341). */
const SMS = Buffer.from('00170007917198765432f0ffc8', 'hex');
const ISUP = Buffer.from('01004960000a0202070583907038460f0a', 'hex');
const MULTIPART = Buffer.concat([
  Buffer.from('--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n\r\n--b\r\nContent-Type: application/isup\r\n\r\n'),
  ISUP,
  EACH_OCTET,
  Buffer.from('\r\n--b--\r\n'),
]);

async function registered(server: EdgeServer, user: string): Promise<Wic> {
  const wic = new Wic(user, await server.connect());
  await wic.register();
  return wic;
}

/** What a test changes in the octets of a message, one character each. */
function altered(message: string, from: string, to: string): Buffer {
  return Buffer.from(message.replace(from, to), 'latin1');
}

describe('a body', () => {
  it.each([
    ['application/vnd.3gpp.sms', SMS],
    ['application/isup;version=itu-t92+', ISUP],
    ['multipart/mixed;boundary=b', MULTIPART],
    ['application/octet-stream', EACH_OCTET],
    ['text/plain;charset=iso-8859-1', Buffer.from('grüße', 'latin1')],
  ])('of %s passes both ways byte for byte, in binary frames', async (type, body) => {
    await using server = await startEdge(edgeOptions());
    const alice = await registered(server, 'alice');
    const bob = await registered(server, 'bob');
    alice.send(alice.build('MESSAGE', bob.aor, bob.aor, { 'Content-Type': type }, body));
    const message = await bob.socket.request('MESSAGE');
    expect(Buffer.from(message.body)).toEqual(body);
    expect(message.headers.get('Content-Length')).toBe(String(body.length));
    bob.reply(message, 200, { 'Content-Type': type }, body);
    expect(Buffer.from((await alice.socket.response(200, 'MESSAGE')).body)).toEqual(body);
    for (const { socket } of [alice, bob]) expect(socket.binaryFrames).toHaveLength(1);
  });

  it('that is text leaves in a text frame, whatever frame brought it', async () => {
    await using server = await startEdge(edgeOptions());
    const alice = await registered(server, 'alice');
    const bob = await registered(server, 'bob');
    const message = alice.build('MESSAGE', bob.aor, bob.aor, {}, 'grüße');
    alice.sendBinary(message);
    expect(Buffer.from((await bob.socket.request('MESSAGE')).body).toString()).toBe('grüße');
    expect(bob.socket.binaryFrames).toEqual([]);
  });

  it('ends with Content-Length, be it amid a character', async () => {
    await using server = await startEdge(edgeOptions());
    const alice = await registered(server, 'alice');
    const bob = await registered(server, 'bob');
    const text = formatText(alice.build('MESSAGE', bob.aor, bob.aor, {}, 'xxxx'));
    alice.socket.send(text.replace('xxxx', 'aß').replace('Content-Length: 4', 'Content-Length: 2'));
    expect(Buffer.from((await bob.socket.request('MESSAGE')).body)).toEqual(Buffer.from('61c3', 'hex'));
  });
});

describe('a head that is not UTF-8', () => {
  it('is answered with 400 where it can be, and ends no connection', async () => {
    await using server = await startEdge(edgeOptions());
    const alice = await registered(server, 'alice');
    const message = formatText(alice.build('MESSAGE', alice.aor, alice.aor, { Subject: 'xx' }));
    alice.socket.send(altered(message, 'Subject: xx', 'Subject: \xc3\x28'));
    expect((await alice.socket.response(400, 'MESSAGE')).reason).toBe('Bad Request (not utf8)');
    alice.socket.send(altered(message, 'MESSAGE sip:', 'MESSAGE \xff:'));
    await alice.socket.response(400, 'MESSAGE');
    await alice.register();
  });

  it.each(['ff', 'c328', '0d0a', '00000000', '8081820a0d0a'])(
    'is ignored where no request is in it: %s',
    async (hex) => {
      await using server = await startEdge(edgeOptions());
      const alice = new Wic('alice', await server.connect());
      alice.socket.webSocket.send(Buffer.from(hex, 'hex'));
      await alice.register();
      expect(alice.socket.frames).toHaveLength(2);
      expect(server.events.named('flow-closed')).toEqual([]);
    },
  );
});
