import { once } from 'node:events';
import { type UA } from 'jssip';
import { afterEach, describe, expect, it } from 'vitest';
import { type Lab, startLab } from '../../../src/lab/start-lab.ts';
import { createAgent } from '../support/jssip-agent.ts';
import { type Channel, PeerConnection, SessionDescription } from './support/caller.ts';

const agents: UA[] = [];
afterEach(() => {
  for (const agent of agents.splice(0)) agent.stop();
});

/** Parts of a JsSIP session that the tests drive. */
interface Session extends NodeJS.EventEmitter {
  readonly connection: { createDataChannel(label: string): Channel };
  terminate(): void;
  renegotiate(options: object, done: () => void): boolean;
  sendInfo(type: string, body: string): void;
}

interface Failure {
  readonly cause: string;
  readonly message: { readonly status_code: number; readonly reason_phrase: string } | null;
}

/** A registered JsSIP agent over real WebRTC. */
async function agentOf(lab: Lab, name: string): Promise<UA> {
  const agent = createAgent(lab, name);
  Object.assign(globalThis, { RTCPeerConnection: PeerConnection, RTCSessionDescription: SessionDescription });
  agents.push(agent);
  agent.start();
  await lab.waitFor('registered', ({ user }) => user === name);
  return agent;
}

/** Calls with a data channel and no other stream, through a relay only. */
function call(lab: Lab, agent: UA, peer: string): { session: Session; channel: Channel } {
  let channel: Channel | undefined;
  const session = agent.call(`sip:${peer}@${lab.domain}`, {
    mediaConstraints: { audio: false, video: false },
    pcConfig: { iceServers: [lab.mint('alice').iceServer], iceTransportPolicy: 'relay' },
    eventHandlers: {
      peerconnection: ({ peerconnection }: { peerconnection: Session['connection'] }) => {
        channel = peerconnection.createDataChannel('jssip');
      },
    },
  } as object) as unknown as Session;
  return { session, channel: channel! };
}

async function failureOf(session: Session): Promise<Failure> {
  const [failure] = (await once(session, 'failed')) as [Failure];
  return failure;
}

describe('JsSIP', () => {
  it('talks with echo, sends INFO, restarts ICE, hangs up', { timeout: 60_000 }, async () => {
    await using lab = await startLab();
    const agent = await agentOf(lab, 'alice');
    const { session, channel } = call(lab, agent, 'echo');
    const heard = new Promise((resolve) => {
      channel.onmessage = ({ data }) => {
        resolve(data);
      };
    });
    channel.onopen = () => {
      channel.send('over the relay');
    };
    await once(session, 'confirmed');
    expect(await heard).toBe('over the relay');
    const answered = (method: string, status: number) =>
      lab.waitFor('message', (event) => event.method === method && event.status === status && event.to === 'wic');
    session.sendInfo('text/plain', 'hello');
    await answered('INFO', 200);
    await new Promise<void>((resolve) => {
      session.renegotiate({ rtcOfferConstraints: { iceRestart: true } }, resolve);
    });
    const again = new Promise((resolve) => {
      channel.onmessage = ({ data }) => {
        resolve(data);
      };
    });
    channel.send('after the restart');
    expect(await again).toBe('after the restart');
    session.terminate();
    const ended = await lab.waitFor('peer-call-ended');
    expect(ended).toMatchObject({ peer: 'echo', from: 'sip:alice@localhost', user: 'alice', cause: 'hung-up' });
    expect(lab.events('peer-call-started')).toMatchObject([{ peer: 'echo', user: 'alice', callId: ended.callId }]);
    await expect.poll(() => lab.snapshot().allocations, { timeout: 10_000 }).toEqual([]);
  });

  it.each([
    ['busy', 486, 'Busy'],
    ['decline', 603, 'Rejected'],
  ])('hears from %s a %i', async (peer, status, cause) => {
    await using lab = await startLab();
    const { session } = call(lab, await agentOf(lab, 'alice'), peer);
    const failure = await failureOf(session);
    expect(failure.cause).toBe(cause);
    expect(failure.message!.status_code).toBe(status);
    await lab.waitFor('peer-call-ended', (event) => event.cause === 'refused' && event.status === status);
  });

  it('rings at noanswer and cancels', async () => {
    await using lab = await startLab();
    const { session } = call(lab, await agentOf(lab, 'alice'), 'noanswer');
    await once(session, 'progress');
    const failed = failureOf(session);
    session.terminate();
    expect((await failed).cause).toBe('Canceled');
    await lab.waitFor('peer-call-ended', ({ cause }) => cause === 'cancelled');
  });

  it('rings at later-1 and is answered', async () => {
    await using lab = await startLab();
    const { session } = call(lab, await agentOf(lab, 'alice'), 'later-1');
    await once(session, 'progress');
    await once(session, 'confirmed');
    session.terminate();
    await lab.waitFor('peer-call-ended', ({ cause }) => cause === 'hung-up');
  });

  it('gets its MESSAGE back from echo', async () => {
    await using lab = await startLab();
    const agent = await agentOf(lab, 'alice');
    const back = new Promise((resolve) => {
      (agent as NodeJS.EventEmitter).on(
        'newMessage',
        (event: { originator: string; request: { body: string; from: { uri: { toString(): string } } } }) => {
          if (event.originator === 'remote') resolve([event.request.body, event.request.from.uri.toString()]);
        },
      );
    });
    agent.sendMessage(`sip:echo@${lab.domain}`, 'hello');
    expect(await back).toEqual(['hello', 'sip:echo@localhost']);
  });

  it('reaches the device that is registered as echo, in the place of the peer', async () => {
    await using lab = await startLab({ users: ['alice', 'echo'] });
    const device = await agentOf(lab, 'echo');
    const rung = once(device, 'newRTCSession') as Promise<[{ session: Session }]>;
    const { session } = call(lab, await agentOf(lab, 'alice'), 'echo');
    const failed = failureOf(session);
    (await rung)[0].session.terminate();
    expect((await failed).cause).toBe('Unavailable');
    expect(lab.events('peer-call-started')).toEqual([]);
  });

  it('hears a call end when its lab stops', async () => {
    const lab = await startLab();
    const { session } = call(lab, await agentOf(lab, 'alice'), 'echo');
    await once(session, 'confirmed');
    await lab.stop();
    expect(lab.events('peer-call-ended')).toMatchObject([{ cause: 'stopped' }]);
  });

  it('calls again after a restart of the server', { timeout: 60_000 }, async () => {
    await using lab = await startLab();
    const agent = await agentOf(lab, 'alice');
    await once(call(lab, agent, 'echo').session, 'confirmed');
    await lab.restart();
    await lab.waitFor('registered', ({ user }) => user === 'alice', { timeoutMs: 30_000 });
    await once(call(lab, agent, 'echo').session, 'confirmed');
  });
});
