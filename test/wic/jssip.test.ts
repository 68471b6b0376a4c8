import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { attachTurnCredentials, type TurnCredentialOptions, type TurnCredentials } from '../../src/wic/index.ts';
import { credentialField, FakePeerConnection, FakeSession, FakeUserAgent } from './fake-user-agent.ts';

let ua: FakeUserAgent;
let turn: TurnCredentials;
const onChange = vi.fn();
const onFailure = vi.fn();

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2030, 0, 1) });
  // No jitter, and the longest back-off, unless a test says otherwise.
  vi.spyOn(Math, 'random').mockReturnValue(0);
  onChange.mockReset();
  onFailure.mockReset();
  attach();
});

afterEach(() => {
  turn.detach();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function attach(options: TurnCredentialOptions = {}): void {
  ua = new FakeUserAgent();
  turn = attachTurnCredentials(ua, { onChange, onFailure, ...options });
}

const sec = (n: number): Promise<unknown> => vi.advanceTimersByTimeAsync(n * 1000);
const username = (): string | undefined => turn.iceServers()[0]?.username.split(':')[1];

describe('a credential', () => {
  it('is asked for on REGISTER beside the header fields of the app, before and after it sets others', () => {
    expect(ua.extraHeaders).toEqual(['X-App: 1', 'TURN-Cred-Req: turn']);
    ua.registrator().setExtraHeaders(['X-App: 2']);
    expect(ua.extraHeaders).toEqual(['X-App: 2', 'TURN-Cred-Req: turn']);
    turn.detach();
    expect(ua.extraHeaders).toEqual(['X-App: 2']);
  });

  it('is asked for with the wished ttl', () => {
    turn.detach();
    attach({ ttlSec: 600 });
    expect(ua.extraHeaders).toContain('TURN-Cred-Req: turn;ttl=600');
  });

  it('is handed out now, by promise and by callback, and in every REGISTER answer anew', async () => {
    const ready = turn.ready();
    expect(turn.iceServers()).toEqual([]);
    ua.answerRegister(credentialField('u1', 3600));
    const urls = ['turn:relay.example?transport=udp', 'turn:relay.example?transport=tcp'];
    const expected = [{ urls, username: expect.stringMatching(/^\d+:u1$/) as string, credential: 'p' }];
    expect(await ready).toEqual(expected);
    expect(turn.iceServers()).toEqual(expected);
    expect(onChange.mock.calls).toEqual([[expected]]);
    ua.answerRegister(credentialField('u2', 3600));
    expect(username()).toBe('u2');
    expect(ua.received).toHaveLength(2);
  });

  it('is not taken from answers to other methods, from refusals, nor for an un-REGISTER', () => {
    const field = `TURN-Cred-Rsp: ${credentialField('evil', 3600)}`;
    ua.registered = true;
    for (const start of [
      'SIP/2.0 200 OK\r\nCSeq: 1 INVITE',
      'SIP/2.0 401 No\r\nCSeq: 1 REGISTER',
      'MESSAGE sip:a SIP/2.0\r\nCSeq: 1 REGISTER',
      'SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\n\r\nCSeq: 1 REGISTER',
    ])
      ua.transport.ondata({ message: `${start}\r\n${field}\r\n\r\n` });
    ua.registered = false;
    ua.transport.ondata({ message: `SIP/2.0 200 OK\r\nCSeq: 1 REGISTER\r\n${field}\r\n\r\n` });
    expect([turn.iceServers(), onChange.mock.calls, onFailure.mock.calls]).toEqual([[], [], []]);
  });

  it('is not handed out after its end', async () => {
    ua.answerRegister(credentialField('u1', 60));
    ua.registered = false;
    await sec(59);
    expect(username()).toBe('u1');
    await sec(1);
    expect(turn.iceServers()).toEqual([]);
  });

  it('of a client whose clock is wrong lives for its ttl', async () => {
    ua.answerRegister(credentialField('u1', 100, Date.UTC(2020, 0, 1)));
    await sec(74);
    expect([username(), ua.asked.length]).toEqual(['u1', 0]);
    await sec(1);
    expect(ua.asked).toHaveLength(1);
  });
});

describe('the refresh', () => {
  it('goes by OPTIONS to the domain when three quarters of the life are over', async () => {
    ua.answerRegister(credentialField('u1', 3600));
    await sec(2699);
    expect(ua.asked).toEqual([]);
    await sec(1);
    expect(ua.asked).toMatchObject([
      { target: { user: '', host: 'example.com' }, extraHeaders: ['TURN-Cred-Req: turn'] },
    ]);
    ua.answerOptions(credentialField('u2', 3600));
    expect(username()).toBe('u2');
    await sec(2700);
    expect(ua.asked).toHaveLength(2);
  });

  it('comes up to a tenth earlier, at random', async () => {
    vi.mocked(Math.random).mockReturnValue(1);
    ua.answerRegister(credentialField('u1', 1000));
    await sec(674);
    expect(ua.asked).toHaveLength(0);
    await sec(1);
    expect(ua.asked).toHaveLength(1);
  });

  it('waits for a registration', async () => {
    ua.answerRegister(credentialField('u1', 100));
    ua.registered = false;
    await sec(90);
    expect(ua.asked).toHaveLength(0);
    ua.registered = true;
    await sec(2);
    expect(ua.asked).toHaveLength(1);
  });

  it('is made up for within half a minute of a sleep in which timers stood still', async () => {
    ua.answerRegister(credentialField('u1', 3600));
    await sec(10);
    vi.setSystemTime(Date.now() + 7_200_000);
    expect(turn.iceServers()).toEqual([]);
    await sec(30);
    expect(ua.asked).toHaveLength(1);
  });

  it('is made up for at once when somebody wants a credential', () => {
    ua.answerRegister(credentialField('u1', 3600));
    vi.setSystemTime(Date.now() + 7_200_000);
    turn.ready().catch(() => undefined);
    expect(ua.asked).toHaveLength(1);
  });

  it('is asked for again when no answer comes at all', async () => {
    ua.answerRegister(credentialField('u1', 3600));
    turn.refresh();
    await sec(40);
    expect(ua.asked).toHaveLength(2);
  });

  it('is due at once on a user agent that has registered already', () => {
    turn.detach();
    ua = new FakeUserAgent();
    ua.registered = true;
    turn = attachTurnCredentials(ua);
    expect(ua.asked).toHaveLength(1);
  });
});

describe('after a failure', () => {
  it.each([
    [1, 2],
    [2, 4],
    [3, 8],
    [7, 120],
    [9, 120],
  ])('number %i in a row waits %i s', (count, waitSec) => {
    ua.registered = true;
    for (let i = 0; i < count; i++) {
      turn.refresh();
      ua.refuseOptions(null);
    }
    expect(onFailure).toHaveBeenLastCalledWith({ error: 'failed', retryInMs: waitSec * 1000 });
  });

  it('waits less by up to a half at random', () => {
    vi.mocked(Math.random).mockReturnValue(1);
    ua.registered = true;
    turn.refresh();
    ua.refuseOptions(null);
    expect(onFailure).toHaveBeenLastCalledWith({ error: 'failed', retryInMs: 1000 });
  });

  it('begins with the short wait again once a credential came', () => {
    ua.registered = true;
    turn.refresh();
    ua.refuseOptions(null);
    turn.refresh();
    ua.answerOptions(credentialField('u1', 1));
    turn.refresh();
    ua.refuseOptions(null);
    expect(onFailure).toHaveBeenLastCalledWith({ error: 'failed', retryInMs: 2000 });
  });

  it.each([
    ['Retry-After of a 503', { 'Retry-After': '300 (busy);duration=9' }, 'failed'],
    ['retry-after= beside error=', { 'TURN-Cred-Rsp': 'error=quota;retry-after=300' }, 'quota'],
  ])('honours %s', async (_what, fields, error) => {
    ua.registered = true;
    turn.refresh();
    ua.refuseOptions(fields);
    expect(onFailure).toHaveBeenLastCalledWith({ error, retryInMs: 300_000 });
    await sec(299);
    expect(ua.asked).toHaveLength(1);
    await sec(1);
    expect(ua.asked).toHaveLength(2);
  });

  it.each(['denied', 'insecure', 'unsupported'])(
    'with error=%s asks no more before the next REGISTER',
    async (error) => {
      ua.answerRegister(`error=${error}`);
      expect(onFailure.mock.calls).toEqual([[{ error }]]);
      await sec(10_000);
      expect(ua.asked).toHaveLength(0);
      ua.answerRegister(credentialField('u1', 100));
      await sec(75);
      expect(ua.asked).toHaveLength(1);
    },
  );

  it('says so when the edge knows nothing of credentials', async () => {
    ua.answerRegister(undefined);
    expect(onFailure.mock.calls).toEqual([[{ error: 'none' }]]);
    await sec(10_000);
    expect(ua.asked).toHaveLength(0);
  });

  it('keeps a fresh credential, and does not ask before its time, when a REGISTER brings none', async () => {
    ua.answerRegister(credentialField('u1', 1000));
    ua.answerRegister('error=quota;retry-after=5');
    expect(username()).toBe('u1');
    await sec(749);
    expect(ua.asked).toHaveLength(0);
    await sec(1);
    expect(ua.asked).toHaveLength(1);
  });
});

describe('a running call', () => {
  const OWN = { urls: 'stun:app.example' };

  function establish(direction = 'outgoing', policy = 'relay'): FakeSession {
    const [server] = turn.iceServers();
    const chosen = { ...server!, urls: [server!.urls[0]!] };
    const connection = new FakePeerConnection({ iceServers: [OWN, chosen], iceTransportPolicy: policy });
    const session = new FakeSession(connection, direction);
    ua.emit('newRTCSession', { session });
    session.emit('confirmed');
    return session;
  }

  /** As an ICE restart by either side leaves it. */
  function restarted({ connection }: FakeSession): void {
    connection.localDescription = { sdp: 'v=0\r\na=ice-ufrag:two\r\na=candidate:1 1 udp 1 a 1 typ relay\r\n' };
  }

  const configured = ({ connection }: FakeSession): (string | undefined)[] =>
    connection.getConfiguration().iceServers!.map((server) => server.username?.split(':')[1]);

  beforeEach(() => {
    ua.answerRegister(credentialField('u1', 1000));
  });

  it('goes over by an ICE restart when the credential it began with nears its end', async () => {
    const session = establish();
    await sec(750);
    ua.answerOptions(credentialField('u2', 1000));
    await sec(0);
    expect(session.connection.getConfiguration()).toMatchObject({
      iceServers: [OWN, { urls: ['turn:relay.example?transport=udp'], credential: 'p' }],
      iceTransportPolicy: 'relay',
    });
    expect(configured(session)).toEqual([undefined, 'u2']);
    expect([session.connection.restarts, session.renegotiate.mock.calls.length]).toEqual([1, 1]);
    restarted(session);
    await sec(60);
    expect(session.renegotiate).toHaveBeenCalledTimes(1);
  });

  it('is not disturbed by credentials that silent REGISTERs bring while its own is fresh', async () => {
    const session = establish();
    ua.answerRegister(credentialField('u2', 1000));
    await sec(700);
    expect([configured(session)[1], session.renegotiate.mock.calls.length]).toEqual(['u2', 0]);
    await sec(51);
    expect(session.renegotiate).toHaveBeenCalledTimes(1);
  });

  it('that was called leaves the caller the first restart, and needs none of its own then', async () => {
    const session = establish('incoming');
    await sec(750);
    ua.answerOptions(credentialField('u2', 1000));
    await sec(4);
    expect(session.renegotiate).not.toHaveBeenCalled();
    restarted(session);
    await sec(60);
    expect(session.renegotiate).not.toHaveBeenCalled();
  });

  it('that was called restarts itself when the caller does not', async () => {
    const session = establish('incoming');
    await sec(750);
    ua.answerOptions(credentialField('u2', 1000));
    await sec(7);
    expect(session.renegotiate).toHaveBeenCalledTimes(1);
  });

  it('whose media goes straight is not restarted', async () => {
    const session = establish();
    session.connection.candidateType = 'host';
    await sec(750);
    ua.answerOptions(credentialField('u2', 1000));
    await sec(60);
    expect([configured(session)[1], session.renegotiate.mock.calls.length]).toEqual(['u2', 0]);
  });

  it('waits while another negotiation is under way, and tries again when nothing came of the first', async () => {
    const session = establish();
    session.connection.signalingState = 'have-remote-offer';
    turn.moveCalls();
    await sec(3);
    expect(session.renegotiate).not.toHaveBeenCalled();
    session.connection.signalingState = 'stable';
    await sec(1);
    expect(session.renegotiate).toHaveBeenCalledTimes(1);
    await sec(10);
    expect(session.renegotiate).toHaveBeenCalledTimes(2);
  });

  it('without a credential of ours, or with moveCalls off, is left alone', async () => {
    const stranger = new FakeSession(new FakePeerConnection({ iceServers: [OWN] }));
    ua.emit('newRTCSession', { session: stranger });
    stranger.emit('confirmed');
    turn.moveCalls();
    await sec(20);
    expect(stranger.renegotiate).not.toHaveBeenCalled();
    turn.detach();
    attach({ moveCalls: false });
    ua.answerRegister(credentialField('u1', 1000));
    const session = establish();
    turn.moveCalls();
    await sec(20);
    expect(session.renegotiate).not.toHaveBeenCalled();
  });

  it('that is over is forgotten', async () => {
    const session = establish();
    session.ended = true;
    turn.moveCalls();
    await sec(20);
    expect(session.renegotiate).not.toHaveBeenCalled();
  });

  it('describes itself after a restart only when a relay candidate is there, or none will come', async () => {
    const { connection } = establish();
    const done = vi.fn();
    void connection.setLocalDescription({ sdp: 'a=ice-ufrag:one\r\n' }).then(done);
    await sec(0);
    expect(done).toHaveBeenCalledTimes(1);
    void connection.setLocalDescription({ sdp: 'a=ice-ufrag:two\r\n' }).then(done);
    await sec(1);
    expect(done).toHaveBeenCalledTimes(1);
    connection.localDescription = { sdp: 'a=ice-ufrag:two\r\na=candidate:1 1 udp 1 a 1 typ relay\r\n' };
    await sec(0.2);
    expect(done).toHaveBeenCalledTimes(2);
    void connection.setLocalDescription({ sdp: 'a=ice-ufrag:three\r\n' }).then(done);
    await sec(9.9);
    expect(done).toHaveBeenCalledTimes(2);
    await sec(0.1);
    expect(done).toHaveBeenCalledTimes(3);
    connection.iceGatheringState = 'complete';
    void connection.setLocalDescription({ sdp: 'a=ice-ufrag:four\r\n' }).then(done);
    await sec(1);
    expect(done).toHaveBeenCalledTimes(3);
    await sec(0.3);
    expect(done).toHaveBeenCalledTimes(4);
  });

  it('is given back its own methods on detach, and a description in the making is finished', async () => {
    const { connection } = establish();
    const done = vi.fn();
    void connection.setLocalDescription({ sdp: 'a=ice-ufrag:two\r\n' }).then(done);
    await sec(0);
    turn.detach();
    await sec(0);
    expect(done).toHaveBeenCalledTimes(1);
    void connection.setLocalDescription({ sdp: 'a=ice-ufrag:three\r\n' }).then(done);
    await sec(0);
    expect(done).toHaveBeenCalledTimes(2);
  });
});

describe('detach', () => {
  it('takes every hook off, rejects who waits and hears no more', async () => {
    const ready = expect(turn.ready()).rejects.toThrow('detached');
    const { ondata } = ua.transport;
    turn.detach();
    await ready;
    expect(ua.transport.ondata).not.toBe(ondata);
    expect(ua.listenerCount('newRTCSession')).toBe(0);
    ua.answerRegister(credentialField('u1', 100));
    await expect(turn.ready()).rejects.toThrow('detached');
    expect(onChange).not.toHaveBeenCalled();
  });

  it('leaves what somebody else has put over our hook, and only passes through it', () => {
    const ours = ua.transport.ondata;
    const theirs = (event: { message: unknown }): void => {
      ours(event);
    };
    ua.transport.ondata = theirs;
    turn.detach();
    expect(ua.transport.ondata).toBe(theirs);
    ua.answerRegister(credentialField('u1', 100));
    expect([ua.received.length, onChange.mock.calls.length]).toEqual([1, 0]);
  });

  it('from within a callback arms no timer', () => {
    turn.detach();
    attach({
      onChange: () => {
        turn.detach();
      },
    });
    ua.answerRegister(credentialField('u1', 100));
    expect(vi.getTimerCount()).toBe(0);
  });
});
