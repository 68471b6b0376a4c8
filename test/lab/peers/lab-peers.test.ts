import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NO_BODY, type SipRequest } from '../../../src/sip/message.ts';
import { callerDialog } from '../../edge/support/wic.ts';
import { ackOf, DirectPeers } from './support/direct-peers.ts';
import { bodyText } from '../../../src/sip/body-text.ts';

let scene: DirectPeers;
beforeEach(() => {
  vi.useFakeTimers();
  scene = new DirectPeers();
});
afterEach(() => {
  scene.peers.close();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

/** From one point of time to a later one, with all that happens in between. */
async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

describe('a call to a peer', () => {
  it('is answered at once by echo, and its media answers the offer', async () => {
    const invite = scene.invite('echo');
    await pass(0);
    const answer = await scene.response(200, 'INVITE');
    expect(scene.lines).toEqual(['200 INVITE']);
    expect(bodyText(answer)).toBe('answer to v=0');
    expect(answer.headers.get('Content-Type')).toBe('application/sdp');
    expect(answer.headers.get('Contact')).toBe('<sip:echo@example.com;transport=ws>');
    expect(answer.headers.getList('Record-Route')).toEqual(['<sip:a@edge;lr>', '<sip:b@edge;lr>']);
    const dialog = callerDialog(answer);
    scene.inDialog('ACK', dialog, ackOf(invite));
    scene.inDialog('BYE', dialog);
    expect(scene.lines).toEqual(['200 INVITE', '200 BYE']);
    expect(scene.media.map(({ isClosed }) => isClosed)).toEqual([true]);
    const facts = { peer: 'echo', from: 'sip:alice@example.com', user: 'alice', callId: dialog.callId };
    expect(scene.started).toEqual([facts]);
    expect(scene.ended).toEqual([{ ...facts, cause: 'hung-up', status: undefined }]);
  });

  it.each([
    ['busy', 486],
    ['decline', 603],
  ])('is refused by %s with %i', (peer, status) => {
    scene.invite(peer);
    expect(scene.lines).toEqual([`${status} INVITE`]);
    expect(scene.ended).toMatchObject([{ peer, cause: 'refused', status }]);
  });

  it('rings at noanswer until it is cancelled', async () => {
    const invite = scene.invite('noanswer');
    await pass(180_000);
    expect(scene.lines).toEqual(['180 INVITE']);
    scene.cancel(invite);
    expect(scene.lines).toEqual(['180 INVITE', '487 INVITE', '200 CANCEL']);
    expect(scene.ended).toMatchObject([{ cause: 'cancelled' }]);
    const tags = new Set(scene.sent.slice(0, 2).map(({ headers }) => headers.get('To')));
    expect(tags.size).toBe(1);
  });

  it.each([
    ['later', 2],
    ['later-7', 7],
  ])('rings at %s for %i seconds', async (peer, seconds) => {
    scene.invite(peer);
    await pass(seconds * 1000 - 1);
    expect(scene.lines).toEqual(['180 INVITE']);
    await pass(1);
    expect(scene.lines).toEqual(['180 INVITE', '200 INVITE']);
  });

  it('can be cancelled while media gets ready, and nothing of it stays', async () => {
    scene.holdsAnswers = true;
    const invite = scene.invite('echo');
    await pass(0);
    scene.cancel(invite);
    scene.media[0]!.release!();
    await pass(0);
    expect(scene.lines).toEqual(['487 INVITE', '200 CANCEL']);
    expect(scene.media[0]!.isClosed).toBe(true);
  });

  it('is answered with 481 when a CANCEL finds no call that rings', async () => {
    const invite = scene.invite('echo');
    await pass(0);
    scene.cancel(invite);
    expect(scene.lines).toEqual(['200 INVITE', '481 CANCEL']);
  });

  it('ends an early dialog by BYE', () => {
    scene.invite('noanswer');
    const ringing = scene.sent[0]!;
    if (ringing.kind !== 'response') throw new Error('expected 180');
    scene.inDialog('BYE', callerDialog(ringing));
    expect(scene.lines).toEqual(['180 INVITE', '200 BYE', '487 INVITE']);
  });

  it('is refused with 488 for an offer that media can do nothing with, and without an offer', async () => {
    scene.invite('echo', {}, 'bad');
    await pass(0);
    scene.invite('echo', {}, '');
    expect(scene.lines).toEqual(['488 INVITE', '488 INVITE']);
    expect(scene.media[0]!.isClosed).toBe(true);
    expect(scene.ended).toMatchObject([{ status: 488 }, { status: 488 }]);
  });

  it('tells what to install where there is no WebRTC', async () => {
    scene.webRtc = 'none';
    scene.invite('echo');
    await pass(0);
    expect(scene.sent).toMatchObject([
      { status: 480, reason: 'Temporarily Unavailable (npm install @roamhq/wrtc, or let a page answer as echo)' },
    ]);
  });

  it('is answered by later with every stream refused where there is no WebRTC', async () => {
    scene.webRtc = 'none';
    scene.invite('later', {}, 'v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\n');
    await pass(2000);
    expect(bodyText(await scene.response(200, 'INVITE'))).toContain('m=audio 0 UDP/TLS/RTP/SAVPF 0\r\n');
  });

  it('is refused with 500 when WebRTC does not start', async () => {
    scene.webRtc = 'broken';
    scene.invite('echo');
    await pass(0);
    expect(scene.lines).toEqual(['500 INVITE']);
  });

  it.each([
    ['an extension it would need', { Require: '100rel, timer' }, 420, 'Unsupported', '100rel'],
    ['another kind of body', { 'Content-Type': 'text/plain' }, 415, 'Accept', 'application/sdp'],
    ['a session that is too short', { 'Session-Expires': '60' }, 422, 'Min-SE', '90'],
  ])('is refused for %s', (_what, extra, status, header, value) => {
    scene.invite('echo', extra);
    expect(scene.sent).toMatchObject([{ status }]);
    expect(scene.sent[0]!.headers.get(header)).toBe(value);
  });

  it('is refused with 503 beyond a hundred at once', async () => {
    const invites = Array.from({ length: 101 }, () => scene.invite('noanswer'));
    expect(scene.lines.filter((line) => line === '180 INVITE')).toHaveLength(100);
    const refused = await scene.response(503, 'INVITE');
    expect(refused.headers.get('Retry-After')).toBe('5');
    scene.cancel(invites[0]!);
    scene.invite('noanswer');
    expect(scene.lines.slice(-3)).toEqual(['487 INVITE', '200 CANCEL', '180 INVITE']);
  });

  it('ends after an hour', async () => {
    await scene.call();
    scene.invite('noanswer');
    await pass(3_600_000);
    expect(scene.lines.filter((line) => line !== '180 INVITE')).toEqual(['BYE', '480 INVITE']);
    expect(scene.ended).toMatchObject([{ cause: 'too-long' }, { cause: 'refused', status: 480 }]);
  });

  it('ends without a word when the server stops, and a server that starts again is served', async () => {
    await scene.call();
    scene.peers.close();
    expect(scene.lines).toEqual([]);
    expect(scene.media[0]!.isClosed).toBe(true);
    expect(scene.sourceClosed).toBe(1);
    expect(scene.ended).toMatchObject([{ cause: 'stopped' }]);
    const again: string[] = [];
    scene.peers.connect((message) => again.push(message.kind));
    scene.invite('busy');
    expect(again).toEqual(['response']);
  });
});

describe('the 200 of a peer', () => {
  it('is repeated until its ACK comes, and the call hung up when none does', async () => {
    scene.invite('echo');
    await pass(31_999);
    const repeats = scene.lines.length;
    expect(repeats).toBeGreaterThan(8);
    expect(new Set(scene.lines)).toEqual(new Set(['200 INVITE']));
    await pass(1);
    expect(scene.lines.slice(repeats)).toEqual(['BYE']);
    expect(scene.ended).toMatchObject([{ cause: 'not-acknowledged' }]);
  });

  it('is not repeated after its ACK, which another ACK is not', async () => {
    const invite = scene.invite('echo');
    await pass(0);
    const dialog = callerDialog(await scene.response(200, 'INVITE'));
    scene.inDialog('ACK', dialog, { CSeq: '99 ACK' });
    await pass(500);
    expect(scene.lines).toEqual(['200 INVITE', '200 INVITE']);
    scene.inDialog('ACK', dialog, ackOf(invite));
    await pass(60_000);
    expect(scene.lines).toEqual(['200 INVITE', '200 INVITE']);
  });
});

describe('in a call, a peer', () => {
  it('answers a further offer by INVITE and by UPDATE', async () => {
    const dialog = await scene.call();
    const again = scene.inDialog('INVITE', dialog, {}, 'v=0 restart');
    expect(bodyText(await scene.response(200, 'INVITE'))).toBe('answer to v=0 restart');
    scene.inDialog('ACK', dialog, ackOf(again));
    scene.inDialog('UPDATE', dialog, {}, 'v=0 update');
    const updated = await scene.response(200, 'UPDATE');
    expect(bodyText(updated)).toBe('answer to v=0 update');
    expect(updated.headers.get('Contact')).toBe('<sip:echo@example.com;transport=ws>');
    await pass(60_000);
    expect(scene.lines).toEqual(['200 INVITE', '200 UPDATE']);
  });

  it('keeps the call when a further offer is bad', async () => {
    const dialog = await scene.call();
    scene.inDialog('INVITE', dialog, {}, 'bad');
    scene.inDialog('INVITE', dialog, {}, '');
    await pass(0);
    expect(scene.lines.toSorted()).toEqual(['488 INVITE', '488 INVITE']);
    scene.inDialog('INFO', dialog);
    await scene.response(200, 'INFO');
    expect(scene.ended).toEqual([]);
  });

  it('has a second offer wait until the first is answered', async () => {
    const dialog = await scene.call();
    scene.media[0]!.isHeld = true;
    scene.inDialog('INVITE', dialog, {}, 'v=0 first');
    scene.inDialog('INVITE', dialog, {}, 'v=0 second');
    expect(scene.lines).toEqual(['500 INVITE']);
    expect(scene.sent[0]!.headers.get('Retry-After')).toBe('1');
    scene.media[0]!.release!();
    expect(bodyText(await scene.response(200, 'INVITE'))).toBe('answer to v=0 first');
  });

  it('answers an offer with 487 that a BYE overtakes', async () => {
    const dialog = await scene.call();
    scene.media[0]!.isHeld = true;
    scene.inDialog('INVITE', dialog, {}, 'v=0 late');
    scene.inDialog('BYE', dialog);
    scene.media[0]!.release!();
    await pass(0);
    expect(scene.lines).toEqual(['200 BYE', '487 INVITE']);
  });

  it('refuses an offer before the first is answered', async () => {
    scene.invite('noanswer');
    const dialog = callerDialog(await scene.response(180, 'INVITE'));
    scene.inDialog('UPDATE', dialog, {}, 'v=0');
    expect(scene.lines).toEqual(['180 INVITE', '491 UPDATE']);
  });

  it.each(['INFO', 'OPTIONS', 'MESSAGE'])('answers %s', async (method) => {
    const dialog = await scene.call();
    scene.inDialog(method, dialog);
    expect(scene.lines).toEqual([`200 ${method}`]);
  });

  it('answers 405 to what it does not know', async () => {
    const dialog = await scene.call();
    scene.inDialog('REFER', dialog);
    expect(scene.lines).toEqual(['405 REFER']);
    expect(scene.sent[0]!.headers.get('Allow')).toContain('INVITE');
  });

  it('answers 500 to a request that is older than the last', async () => {
    const dialog = await scene.call();
    scene.inDialog('INFO', dialog, { CSeq: '1000 INFO' });
    scene.inDialog('INFO', dialog, { CSeq: '999 INFO' });
    expect(scene.lines).toEqual(['200 INFO', '500 INFO']);
  });

  it.each([
    ['another To tag', { To: '<sip:echo@example.com>;tag=other' }],
    ['another From tag', { From: '<sip:alice@example.com>;tag=other' }],
    ['another Call-ID', { 'Call-ID': 'other' }],
  ])('answers 481 to a BYE with %s, and stays', async (_what, extra) => {
    const dialog = await scene.call();
    scene.inDialog('BYE', dialog, extra);
    expect(scene.lines).toEqual(['481 BYE']);
    expect(scene.ended).toEqual([]);
  });

  it('hangs up when media is lost, where the caller can be reached', async () => {
    const dialog = await scene.call();
    const moved = 'sip:moved@device.invalid';
    scene.inDialog('UPDATE', dialog, { Contact: `<${moved}>` });
    await pass(0);
    scene.media[0]!.lost();
    const bye = scene.sent.at(-1) as SipRequest;
    expect(bye).toMatchObject({ method: 'BYE', uri: moved });
    expect(bye.headers.get('To')).toBe(dialog.local);
    expect(bye.headers.get('From')).toBe(dialog.remote);
    expect(bye.headers.get('Call-ID')).toBe(dialog.callId);
    expect(bye.headers.getList('Route')).toEqual(['<sip:a@edge;lr>', '<sip:b@edge;lr>']);
    expect(bye.headers.get('Reason')).toBe('SIP;cause=480;text="no media passes"');
    expect(scene.ended).toMatchObject([{ cause: 'media-lost' }]);
  });
});

describe('a session timer', () => {
  const timer = { 'Session-Expires': '90', Supported: 'timer' };

  it('is left to the caller, and the call hung up when no refresh comes', async () => {
    scene.invite('echo', timer);
    const answer = await vi.waitFor(() => scene.response(200, 'INVITE'));
    expect(answer.headers.get('Session-Expires')).toBe('90;refresher=uac');
    expect(answer.headers.get('Require')).toBe('timer');
    scene.inDialog('ACK', callerDialog(answer), { CSeq: '1 ACK' });
    scene.sent.length = 0;
    await pass(50_000);
    scene.inDialog('UPDATE', callerDialog(answer), { 'Session-Expires': '90;refresher=uac', Supported: 'timer' });
    expect((await scene.response(200, 'UPDATE')).headers.get('Session-Expires')).toBe('90;refresher=uac');
    await pass(59_000);
    expect(scene.lines).toEqual(['200 UPDATE']);
    await pass(1500);
    expect(scene.lines).toEqual(['200 UPDATE', 'BYE']);
    expect(scene.ended).toMatchObject([{ cause: 'session-expired' }]);
  });

  it('is kept by the peer when the caller wants that', async () => {
    await scene.call('echo', { ...timer, 'Session-Expires': '90;refresher=uas' });
    for (const round of [1, 2]) {
      await pass(45_000);
      const update = scene.sent.pop() as SipRequest;
      expect(update).toMatchObject({ method: 'UPDATE', body: NO_BODY });
      expect(update.headers.get('CSeq')).toBe(`${round} UPDATE`);
      expect(update.headers.get('Session-Expires')).toBe('90;refresher=uac');
      respond(update, 200);
    }
    await pass(45_000);
    respond(scene.sent.pop() as SipRequest, 481);
    expect(scene.lines).toEqual(['BYE']);
  });

  it('ends with a refresh that asks for none', async () => {
    const dialog = await scene.call('echo', timer);
    scene.inDialog('UPDATE', dialog);
    await pass(300_000);
    expect(scene.lines).toEqual(['200 UPDATE']);
  });

  function respond(request: SipRequest, status: number): void {
    scene.peers.receive({ kind: 'response', status, reason: '', headers: request.headers.clone(), body: NO_BODY });
  }
});

describe('outside a call', () => {
  it('echo sends a MESSAGE back to whom it came from', () => {
    const sent = scene.request('MESSAGE', 'echo', { 'Content-Type': 'text/plain;charset=utf-8' }, 'héllo');
    expect(scene.lines).toEqual(['200 MESSAGE', 'MESSAGE']);
    const back = scene.sent[1] as SipRequest;
    expect(back.uri).toBe('sip:alice@example.com');
    expect(bodyText(back)).toBe('héllo');
    expect(back.headers.get('From')).toMatch(/^<sip:echo@example\.com>;tag=/);
    expect(back.headers.get('To')).toBe('<sip:alice@example.com>');
    expect(back.headers.get('Content-Type')).toBe('text/plain;charset=utf-8');
    expect(back.headers.get('Call-ID')).not.toBe(sent.headers.get('Call-ID'));
  });

  it.each([
    ['a peer', '<sip:later@example.com>;tag=1'],
    ['nobody of this domain', '<sip:anonymous@anonymous.invalid>;tag=1'],
  ])('echo sends nothing back to %s', (_what, from) => {
    scene.request('MESSAGE', 'echo', { From: from }, 'hello');
    expect(scene.lines).toEqual(['200 MESSAGE']);
  });

  it('a MESSAGE to the others is answered as their plan says', () => {
    for (const peer of ['busy', 'decline', 'noanswer', 'later']) scene.request('MESSAGE', peer, {}, 'hello');
    expect(scene.lines).toEqual(['486 MESSAGE', '603 MESSAGE', '200 MESSAGE', '200 MESSAGE']);
  });

  it('OPTIONS tells what a peer understands', () => {
    scene.request('OPTIONS', 'echo');
    expect(scene.lines).toEqual(['200 OPTIONS']);
    const { headers } = scene.sent[0]!;
    expect(headers.get('Allow')).toContain('UPDATE');
    expect(headers.get('Accept')).toBe('application/sdp');
    expect(headers.get('Supported')).toBe('timer');
  });

  it.each([
    ['BYE', 481],
    ['INFO', 481],
    ['UPDATE', 481],
    ['SUBSCRIBE', 405],
    ['INV', 405],
  ])('%s is answered with %i', (method, status) => {
    scene.request(method, 'echo');
    expect(scene.lines).toEqual([`${status} ${method}`]);
  });

  it('an ACK or a response to nothing is dropped', () => {
    const invite = scene.request('ACK', 'echo');
    scene.peers.receive({ kind: 'response', status: 200, reason: 'OK', headers: invite.headers, body: NO_BODY });
    scene.request('ACK', 'echo', { To: '<sip:echo@example.com>;tag=x' });
    expect(scene.lines).toEqual([]);
  });
});
