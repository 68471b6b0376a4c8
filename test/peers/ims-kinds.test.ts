import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { calleeDialog, callerDialog, Wic } from '../edge/support/wic.ts';
import { WicSocket } from '../edge/support/wic-socket.ts';
import { PASSWORD, startIms, type Ims } from './ims.ts';
import { peer } from './peers.ts';

const kamailio = peer('kamailio');

/** RP-DATA with an SMS-DELIVER (TS 24.011): octets that are no text. */
const SMS = Buffer.from('000a000791f7ffc80000ff2f040b917777777777f70000626082219410000ae8329bfd4697d9ec37', 'hex');

describe.skipIf(!kamailio).each(['udp', 'tcp'] as const)(
  'requests of every kind, with Kamailio behind the edge, by %s',
  (transport) => {
    let ims: Ims;
    let alice: Wic;
    let bob: Wic;
    const texts: string[] = [];

    beforeAll(async () => {
      ims = await startIms(kamailio!, {
        transport,
        domain: 'example.com',
        traces: true,
        edge: { core: { kind: 'external', emergency: { numbers: ['112'] } } },
      });
      ims.server.on('message', ({ from, to, text }) => {
        if (from === 'core' || to === 'core') texts.push(text ?? '');
      });
      [alice, bob] = [await registered('alice'), await registered('bob')];
    });

    afterAll(() => ims[Symbol.asyncDispose]());

    async function registered(user: string): Promise<Wic> {
      const wic = new Wic(user, await WicSocket.connect(ims.url), new Secret(PASSWORD));
      await wic.register();
      return wic;
    }

    it('reach who has a telephone number', async () => {
      alice.invite('tel:+15550100');
      const incoming = await bob.socket.request('INVITE');
      expect(incoming.headers.get('To')).toBe('<tel:+15550100>');
      bob.reply(incoming, 486);
      await alice.socket.response(486);
    });

    it.each(['urn:service:sos', 'urn:service:sos.fire', 'tel:112', 'sip:112@example.com'])(
      'are an emergency to %s: 380 with what the client is to do, before the core hears of them',
      async (target) => {
        texts.length = 0;
        alice.invite(target);
        const response = await alice.socket.response(380);
        expect(response.headers.get('Content-Type')).toBe('application/3gpp-ims+xml');
        expect(Buffer.from(response.body).toString()).toContain('<type>emergency</type>');
        expect(texts.filter((text) => text.startsWith('INVITE'))).toEqual([]);
      },
    );

    it('are an SMS over IP: its octets arrive both ways', async () => {
      for (const [from, to] of [
        [alice, bob],
        [bob, alice],
      ] as const) {
        from.send(from.build('MESSAGE', to.aor, to.aor, { 'Content-Type': 'application/vnd.3gpp.sms' }, SMS));
        const message = await to.socket.request('MESSAGE');
        expect(Buffer.from(message.body)).toEqual(SMS);
        to.reply(message, 200);
        await from.socket.response(200, 'MESSAGE');
      }
    });

    it('are ended by a callee who was called under another name', async () => {
      alice.invite('sip:forwarded@example.com');
      const incoming = await bob.socket.request('INVITE');
      expect(incoming.headers.get('To')).toBe('<sip:forwarded@example.com>');
      const answer = bob.reply(incoming, 200);
      const accepted = await alice.socket.response(200, 'INVITE');
      alice.inDialog('ACK', callerDialog(accepted), { CSeq: `${accepted.headers.get('CSeq')!.split(' ')[0]!} ACK` });
      await bob.socket.request('ACK');
      bob.inDialog('BYE', calleeDialog(incoming, answer));
      alice.reply(await alice.socket.request('BYE'), 200);
      await bob.socket.response(200, 'BYE');
    });

    it('have one icid for all of a dialog, in requests and responses of both sides', async () => {
      const invite = alice.invite(bob.aor);
      const callId = invite.headers.get('Call-ID')!;
      const incoming = await bob.socket.request('INVITE');
      bob.reply(incoming, 180);
      await alice.socket.response(180);
      const answer = bob.reply(incoming, 200);
      const accepted = await alice.socket.response(200, 'INVITE');
      const [callerSide, calleeSide] = [callerDialog(accepted), calleeDialog(incoming, answer)];
      alice.inDialog('ACK', callerSide, { CSeq: `${accepted.headers.get('CSeq')!.split(' ')[0]!} ACK` });
      await bob.socket.request('ACK');
      for (const [from, side, to] of [
        [alice, callerSide, bob],
        [bob, calleeSide, alice],
      ] as const) {
        from.inDialog('INFO', side);
        to.reply(await to.socket.request('INFO'), 200);
        await from.socket.response(200, 'INFO');
      }
      bob.inDialog('BYE', calleeSide);
      alice.reply(await alice.socket.request('BYE'), 200);
      await bob.socket.response(200, 'BYE');

      const ofCall = texts.filter((text) => text.includes(callId));
      const icids = new Set(ofCall.flatMap((text) => /icid-value="?([^";\s]+)/.exec(text)?.[1] ?? []));
      expect(icids.size).toBe(1);
      const without = ofCall.filter((text) => !text.includes('icid-value')).map((text) => text.split('\r\n')[0]!);
      expect(without.filter((line) => !/^ACK |^SIP\/2\.0 100 /.test(line))).toEqual([]);
    });
  },
);

describe.skipIf(!kamailio)('an emergency call, with Kamailio as the E-CSCF', () => {
  it('is passed on with its Request-URI, and whoever answers there can end it', async () => {
    await using ims = await startIms(kamailio!, { transport: 'udp', domain: 'example.com', takesEmergencies: true });
    const registered = async (user: string): Promise<Wic> => {
      const wic = new Wic(user, await WicSocket.connect(ims.url), new Secret(PASSWORD));
      await wic.register();
      return wic;
    };
    const [alice, centre] = [await registered('alice'), await registered('carol')];
    alice.invite('urn:service:sos');
    const incoming = await centre.socket.request('INVITE');
    expect(incoming.headers.get('To')).toBe('<urn:service:sos>');
    const answer = centre.reply(incoming, 200);
    const accepted = await alice.socket.response(200, 'INVITE');
    alice.inDialog('ACK', callerDialog(accepted), { CSeq: `${accepted.headers.get('CSeq')!.split(' ')[0]!} ACK` });
    await centre.socket.request('ACK');
    centre.inDialog('BYE', calleeDialog(incoming, answer));
    alice.reply(await alice.socket.request('BYE'), 200);
    await centre.socket.response(200, 'BYE');
  });
});
