import { describe, expect, it } from 'vitest';
import { NO_BODY, type SipRequest, type SipResponse } from '../../src/sip/message.ts';
import { sampleSdp } from './support/browser-globals.ts';
import { edgeOptions } from './support/edge-options.ts';
import { type EdgeServer, startEdge } from './support/edge-server.ts';
import { calleeDialog, callerDialog, type DialogPeer, Wic } from './support/wic.ts';
import { bodyText } from '../../src/sip/body-text.ts';

async function registered(server: EdgeServer, user: string): Promise<Wic> {
  const wic = new Wic(user, await server.connect());
  await wic.register();
  return wic;
}

interface Call {
  readonly invite: SipRequest;
  readonly incoming: SipRequest;
  readonly accepted: SipResponse;
  readonly callerSide: DialogPeer;
  readonly calleeSide: DialogPeer;
}

async function establish(caller: Wic, callee: Wic): Promise<Call> {
  const invite = caller.invite(callee.aor, sampleSdp('offer'));
  const incoming = await callee.socket.request('INVITE');
  callee.reply(incoming, 180);
  await caller.socket.response(180);
  const answer = callee.reply(incoming, 200, { 'Content-Type': 'application/sdp' }, sampleSdp('answer'));
  const accepted = await caller.socket.response(200, 'INVITE');
  const callerSide = callerDialog(accepted);
  const cseq = `${Number.parseInt(invite.headers.get('CSeq')!, 10)} ACK`;
  caller.inDialog('ACK', callerSide, { CSeq: cseq });
  await callee.socket.request('ACK');
  return { invite, incoming, accepted, callerSide, calleeSide: calleeDialog(incoming, answer) };
}

describe('a call between two registered WICs', () => {
  it('passes both session descriptions byte for byte and both dialogs in both directions', async () => {
    await using server = await startEdge(edgeOptions());
    const [alice, bob] = [await registered(server, 'alice'), await registered(server, 'bob')];
    const { incoming, accepted, callerSide, calleeSide } = await establish(alice, bob);
    expect(bodyText(incoming)).toBe(sampleSdp('offer'));
    expect(bodyText(accepted)).toBe(sampleSdp('answer'));

    for (const method of [
      'INVITE',
      'UPDATE',
      'INFO',
      'MESSAGE',
      'REFER',
      'SUBSCRIBE',
      'NOTIFY',
      'PRACK',
      'UNHEARD-OF',
    ]) {
      bob.inDialog(method, calleeSide);
      alice.reply(await alice.socket.request(method), 200);
      await bob.socket.response(200, method);
    }
    alice.inDialog('BYE', callerSide);
    bob.reply(await bob.socket.request('BYE'), 200);
    await alice.socket.response(200, 'BYE');
  });

  it('is shown to the callee with one Via more, a hop less, a Record-Route for each side and its own Contact as Request-URI', async () => {
    await using server = await startEdge(edgeOptions());
    const [alice, bob] = [await registered(server, 'alice'), await registered(server, 'bob')];
    const invite = alice.invite(bob.aor);
    const incoming = await bob.socket.request('INVITE');
    expect(incoming.uri).toBe(bob.contactUri);
    expect(incoming.headers.getAll('Via')).toEqual([
      expect.stringMatching(/^SIP\/2\.0\/WSS example\.com;branch=z9hG4bK/) as string,
      invite.headers.get('Via'),
    ]);
    expect(incoming.headers.get('Max-Forwards')).toBe('68');
    const routes = incoming.headers.getList('Record-Route');
    expect(routes).toHaveLength(2);
    for (const route of routes) expect(route).toMatch(/^<sip:[\w-]{64}@example\.com;transport=ws;lr>$/);
    expect(incoming.headers.get('Contact')).toBe(invite.headers.get('Contact'));
  });

  it('answers the caller with 100 at once and with its one Via only', async () => {
    await using server = await startEdge(edgeOptions());
    const [alice, bob] = [await registered(server, 'alice'), await registered(server, 'bob')];
    const invite = alice.invite(bob.aor);
    const trying = await alice.socket.response(100);
    const incoming = await bob.socket.request('INVITE');
    incoming.headers.append('Via', 'SIP/2.0/WSS injected.invalid;branch=z9hG4bKx');
    bob.reply(incoming, 180);
    const ringing = await alice.socket.response(180);
    expect(trying.headers.getAll('Via')).toEqual([invite.headers.get('Via')]);
    expect(ringing.headers.getAll('Via')).toEqual([invite.headers.get('Via')]);
  });

  it('rings every device; the first to answer has the call and the others are cancelled', async () => {
    await using server = await startEdge(edgeOptions());
    const alice = await registered(server, 'alice');
    const devices = [await registered(server, 'bob'), await registered(server, 'bob'), await registered(server, 'bob')];
    const [desk, mobile, late] = devices as [Wic, Wic, Wic];
    alice.invite(desk.aor);
    const invites = await Promise.all(devices.map((device) => device.socket.request('INVITE')));
    expect(new Set(invites.map((invite) => invite.headers.get('Via'))).size).toBe(3);
    desk.reply(invites[0]!, 180);
    mobile.reply(invites[1]!, 180);
    await alice.socket.response(180);
    await alice.socket.response(180);
    mobile.reply(invites[1]!, 200);
    await alice.socket.response(200, 'INVITE');
    desk.reply(await desk.socket.request('CANCEL'), 200);
    desk.reply(invites[0]!, 487);
    await desk.socket.request('ACK');
    // A device that had not been heard of yet is cancelled once it is (RFC 3261 §9.1).
    late.reply(invites[2]!, 180);
    late.reply(await late.socket.request('CANCEL'), 200);
    late.reply(invites[2]!, 487);
    await late.socket.request('ACK');
    expect(alice.socket.unread).toEqual(['100']);
  });

  it('passes the 2xx of a second device that answered at the same time', async () => {
    await using server = await startEdge(edgeOptions());
    const alice = await registered(server, 'alice');
    const [first, second] = [await registered(server, 'bob'), await registered(server, 'bob')];
    alice.invite(first.aor);
    const [a, b] = [await first.socket.request('INVITE'), await second.socket.request('INVITE')];
    first.reply(a, 200);
    second.reply(b, 200);
    const tags = [await alice.socket.response(200, 'INVITE'), await alice.socket.response(200, 'INVITE')].map(
      (response) => response.headers.get('To'),
    );
    expect(new Set(tags).size).toBe(2);
  });

  it('hears the best answer once every device has refused, and ACKs go no further', async () => {
    await using server = await startEdge(edgeOptions());
    const alice = await registered(server, 'alice');
    const [desk, mobile] = [await registered(server, 'bob'), await registered(server, 'bob')];
    const invite = alice.invite(desk.aor);
    const [a, b] = [await desk.socket.request('INVITE'), await mobile.socket.request('INVITE')];
    desk.reply(a, 486);
    await desk.socket.request('ACK');
    mobile.reply(b, 603);
    await mobile.socket.request('ACK');
    const decline = await alice.socket.response(603);
    const ack = { ...invite, method: 'ACK', headers: invite.headers.clone(), body: NO_BODY };
    ack.headers.set('CSeq', '2 ACK');
    ack.headers.set('CSeq', `${Number.parseInt(invite.headers.get('CSeq')!, 10)} ACK`);
    ack.headers.set('To', decline.headers.get('To')!);
    alice.send(ack);
    await expect.poll(() => server.edge.snapshot().transactions).toBe(0);
    expect([desk.socket.unread, mobile.socket.unread]).toEqual([[], []]);
  });

  it('is called off by CANCEL, and hears 487', async () => {
    await using server = await startEdge(edgeOptions());
    const [alice, bob] = [await registered(server, 'alice'), await registered(server, 'bob')];
    const invite = alice.invite(bob.aor);
    const incoming = await bob.socket.request('INVITE');
    bob.reply(incoming, 180);
    await alice.socket.response(180);
    const cancel = { ...invite, method: 'CANCEL', headers: invite.headers.clone(), body: NO_BODY };
    cancel.headers.set('CSeq', `${Number.parseInt(invite.headers.get('CSeq')!, 10)} CANCEL`);
    alice.send(cancel);
    await alice.socket.response(200, 'CANCEL');
    const forwarded = await bob.socket.request('CANCEL');
    expect(forwarded.headers.getAll('Via')).toEqual([incoming.headers.getAll('Via')[0]]);
    bob.reply(forwarded, 200);
    bob.reply(incoming, 487);
    await alice.socket.response(487, 'INVITE');
  });

  it('a CANCEL of nothing is answered 481', async () => {
    await using server = await startEdge(edgeOptions());
    const alice = await registered(server, 'alice');
    alice.send(alice.build('CANCEL', 'sip:bob@example.com', 'sip:bob@example.com'));
    await alice.socket.response(481);
  });

  it('fails at once with 480 when the callee closes its connection while it rings', async () => {
    await using server = await startEdge(edgeOptions());
    const [alice, bob] = [await registered(server, 'alice'), await registered(server, 'bob')];
    alice.invite(bob.aor);
    bob.reply(await bob.socket.request('INVITE'), 180);
    await alice.socket.response(180);
    bob.socket.webSocket.terminate();
    await alice.socket.response(480);
    alice.send(alice.build('MESSAGE', bob.aor, bob.aor));
    await alice.socket.response(480, 'MESSAGE');
  });

  it('is cancelled towards the callee when the caller closes its connection', async () => {
    await using server = await startEdge(edgeOptions());
    const [alice, bob] = [await registered(server, 'alice'), await registered(server, 'bob')];
    alice.invite(bob.aor);
    const incoming = await bob.socket.request('INVITE');
    bob.reply(incoming, 180);
    await alice.socket.response(180);
    await alice.socket.close();
    bob.reply(await bob.socket.request('CANCEL'), 200);
    bob.reply(incoming, 487);
    await bob.socket.request('ACK');
    await expect.poll(() => server.edge.snapshot().transactions).toBe(0);
  });

  it('answers a request in a dialog whose other flow is gone with 430', async () => {
    await using server = await startEdge(edgeOptions());
    const [alice, bob] = [await registered(server, 'alice'), await registered(server, 'bob')];
    const { callerSide } = await establish(alice, bob);
    await bob.socket.close();
    await expect.poll(() => server.edge.snapshot().registrations.length).toBe(1);
    alice.inDialog('BYE', callerSide);
    await alice.socket.response(430, 'BYE');
  });

  it('goes on over the new connection of a WIC that has reconnected', async () => {
    await using server = await startEdge(edgeOptions());
    const [alice, bob] = [await registered(server, 'alice'), await registered(server, 'bob')];
    const { callerSide, calleeSide } = await establish(alice, bob);
    bob.socket.webSocket.terminate();
    bob.socket = await server.connect();
    await bob.register();
    alice.inDialog('INFO', callerSide);
    bob.reply(await bob.socket.request('INFO'), 200);
    await alice.socket.response(200, 'INFO');
    bob.inDialog('BYE', calleeSide);
    alice.reply(await alice.socket.request('BYE'), 200);
    await bob.socket.response(200, 'BYE');
  });

  it('goes on with nobody else who registers the Contact of a WIC that has lost its connection', async () => {
    await using server = await startEdge(edgeOptions());
    const [alice, bob] = [await registered(server, 'alice'), await registered(server, 'bob')];
    const { callerSide } = await establish(alice, bob);
    await bob.socket.close();
    const carol = new Wic('carol', await server.connect());
    await carol.register({ contact: `${bob.contact};expires=600` });
    alice.inDialog('INFO', callerSide);
    await alice.socket.response(430, 'INFO');
    alice.inDialog('INFO', { ...callerSide, routes: [] });
    await alice.socket.response(403, 'INFO');
    expect(carol.socket.unread).toEqual([]);

    bob.socket = await server.connect();
    await bob.register();
    alice.inDialog('BYE', callerSide);
    bob.reply(await bob.socket.request('BYE'), 200);
    await alice.socket.response(200, 'BYE');
  });

  it('goes on with an anonymous caller that has reconnected', async () => {
    await using server = await startEdge(edgeOptions());
    const [alice, bob] = [await registered(server, 'alice'), await registered(server, 'bob')];
    alice.invite(bob.aor, '', { From: '<sip:anonymous@anonymous.invalid>;tag=1' });
    const incoming = await bob.socket.request('INVITE');
    const dialog = calleeDialog(incoming, bob.reply(incoming, 200));
    alice.socket.webSocket.terminate();
    alice.socket = await server.connect();
    await alice.register();
    bob.inDialog('BYE', dialog);
    await alice.socket.request('BYE');
  });

  it('reaches the user that registered a Contact first, when another has registered it too', async () => {
    await using server = await startEdge(edgeOptions());
    const [alice, bob] = [await registered(server, 'alice'), await registered(server, 'bob')];
    const carol = new Wic('carol', await server.connect());
    await carol.register({ contact: `${bob.contact};expires=600` });
    alice.invite(bob.contactUri);
    await bob.socket.request('INVITE');
    alice.send(alice.build('MESSAGE', bob.contactUri, bob.aor));
    await bob.socket.request('MESSAGE');
    alice.send(alice.build('MESSAGE', bob.contactUri, carol.aor));
    await carol.socket.request('MESSAGE');
    expect(carol.socket.unread).toEqual([]);
  });

  it('reaches a Contact directly, as a transferred call does', async () => {
    await using server = await startEdge(edgeOptions());
    const [alice, bob] = [await registered(server, 'alice'), await registered(server, 'bob')];
    alice.invite(`${bob.contactUri};ob`);
    expect((await bob.socket.request('INVITE')).uri).toBe(`${bob.contactUri};ob`);
  });

  it('may be anonymous, and then tells nothing of the caller but what it says itself', async () => {
    await using server = await startEdge(edgeOptions());
    const [alice, bob] = [await registered(server, 'alice'), await registered(server, 'bob')];
    alice.invite(bob.aor, '', {
      From: '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1',
      'P-Preferred-Identity': alice.aor,
      'P-Asserted-Identity': '<sip:carol@example.com>',
      Privacy: 'id',
    });
    const incoming = await bob.socket.request('INVITE');
    expect([...incoming.headers.entries()].flat().join('\n')).not.toMatch(/alice|carol/);
  });
});
