import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type ApplicationServer } from '../../../src/lab/peers/application-server.ts';
import { servedByPeers } from '../../../src/lab/peers/served-by-peers.ts';
import { createResponse } from '../../../src/sip/create-response.ts';
import { createAck } from '../../../src/sip/hop-requests.ts';
import { NO_BODY, SipHeaders, type SipMessage, type SipRequest, type SipResponse } from '../../../src/sip/message.ts';
import { newBranch } from '../../../src/sip/token.ts';
import { edgeOptions } from '../../edge/support/edge-options.ts';
import { type EdgeServer, startEdge } from '../../edge/support/edge-server.ts';
import { calleeDialog, callerDialog, Wic } from '../../edge/support/wic.ts';

const ECHO = 'sip:echo@example.com';
const CONTACT = 'sip:program@core.invalid';
const PATIENT = { timeout: 10_000 };

/** Serves `echo` and `a b`; each test says what it does with what it gets. */
class TestServer implements ApplicationServer {
  readonly received: SipMessage[] = [];
  readonly log: string[] = [];
  onMessage: (message: SipMessage) => void = () => undefined;
  send: (message: SipMessage) => void = () => undefined;

  serves(user: string): boolean {
    return user === 'echo' || user === 'a b';
  }

  connect(send: (message: SipMessage) => void): void {
    this.log.push('connect');
    this.send = send;
  }

  receive(message: SipMessage): void {
    this.received.push(message);
    this.log.push(message.kind === 'request' ? message.method : String(message.status));
    this.onMessage(message);
  }

  close(): void {
    this.log.push('close');
  }

  answer(request: SipRequest, status: number): SipResponse {
    const response = createResponse(request, status, { toTag: 'echo-tag' });
    if (status < 300) response.headers.append('Contact', `<${CONTACT}>`);
    this.send(response);
    return response;
  }

  request(method: string, uri: string, extra: Readonly<Record<string, string>>): SipRequest {
    const headers = new SipHeaders();
    headers.append('Via', `SIP/2.0/TCP core.invalid;branch=${newBranch()}`);
    headers.append('From', `<${ECHO}>;tag=echo-tag`);
    headers.append('To', `<${uri}>`);
    headers.append('Call-ID', randomBytes(8).toString('hex'));
    headers.append('CSeq', `1 ${method}`);
    for (const [name, value] of Object.entries(extra)) headers.set(name, value);
    const request: SipRequest = { kind: 'request', method, uri, headers, body: NO_BODY };
    this.send(request);
    return request;
  }

  last(what: string): SipMessage {
    return this.received[this.log.filter((entry) => entry !== 'connect').lastIndexOf(what)]!;
  }
}

interface Scene extends AsyncDisposable {
  readonly program: TestServer;
  readonly server: EdgeServer;
  readonly alice: Wic;
}

async function scene(): Promise<Scene> {
  const program = new TestServer();
  const server = await startEdge(edgeOptions(), {
    wrap: { coreInside: (side, ports) => servedByPeers(side, program, ports) },
  });
  const alice = new Wic('alice', await server.connect());
  await alice.register();
  return { program, server, alice, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

function ackOf(invite: SipRequest): Record<string, string> {
  return { CSeq: `${Number.parseInt(invite.headers.get('CSeq')!, 10)} ACK` };
}

describe('an application server', () => {
  it('takes a call, and either side ends it', async () => {
    await using started = await scene();
    const { program, server, alice } = started;
    program.onMessage = (message) => {
      if (message.kind !== 'request' || message.method === 'ACK') return;
      if (message.method === 'INVITE') program.answer(message, 180);
      program.answer(message, 200);
    };
    for (const ender of ['alice', 'program']) {
      const invite = alice.invite(ECHO);
      await alice.socket.response(180, 'INVITE');
      const accepted = await alice.socket.response(200, 'INVITE');
      const incoming = program.last('INVITE') as SipRequest;
      expect(incoming.uri).toBe(ECHO);
      expect(incoming.headers.getList('Record-Route')).toHaveLength(2);
      alice.inDialog('ACK', callerDialog(accepted), ackOf(invite));
      await expect.poll(() => program.log.at(-1), PATIENT).toBe('ACK');
      expect((program.last('ACK') as SipRequest).uri).toBe(CONTACT);
      if (ender === 'alice') {
        alice.inDialog('BYE', callerDialog(accepted));
        await alice.socket.response(200, 'BYE');
        expect(program.log.at(-1)).toBe('BYE');
      } else {
        const { routes, remoteTarget, local, remote, callId } = calleeDialog(incoming, accepted);
        program.request('BYE', remoteTarget, { Route: routes.join(', '), From: local, To: remote, 'Call-ID': callId });
        alice.reply(await alice.socket.request('BYE'), 200);
        await expect.poll(() => program.log.at(-1), PATIENT).toBe('200');
      }
    }
    expect(alice.socket.unread).toEqual(['100', '100']);
    expect(server.errors).toEqual([]);
  });

  it('calls a registered user', async () => {
    await using started = await scene();
    const { program, alice } = started;
    program.onMessage = (message) => {
      if (message.kind === 'request') program.answer(message, 200);
    };
    const invite = program.request('INVITE', alice.aor, { Contact: `<${CONTACT}>` });
    const incoming = await alice.socket.request('INVITE');
    const answer = alice.reply(incoming, 200);
    await expect.poll(() => program.log, PATIENT).toEqual(['connect', '100', '200']);
    const { routes, remoteTarget, callId, local, remote } = callerDialog(program.last('200') as SipResponse);
    const dialog = { Route: routes.join(', '), 'Call-ID': callId, From: local, To: remote };
    program.request('ACK', remoteTarget, { ...dialog, ...ackOf(invite) });
    await alice.socket.request('ACK');
    alice.inDialog('BYE', calleeDialog(incoming, answer));
    await alice.socket.response(200, 'BYE');
  });

  it('hears of a CANCEL, and its 487 reaches the caller', async () => {
    await using started = await scene();
    const { program, alice } = started;
    let ringing: SipRequest | undefined;
    program.onMessage = (message) => {
      if (message.kind !== 'request' || message.method === 'ACK') return;
      if (message.method === 'INVITE') {
        ringing = message;
        program.answer(message, 180);
      } else {
        program.answer(message, 200);
        program.answer(ringing!, 487);
      }
    };
    const invite = alice.invite(ECHO);
    await alice.socket.response(180);
    const headers = invite.headers.clone();
    headers.set('CSeq', `${Number.parseInt(headers.get('CSeq')!, 10)} CANCEL`);
    alice.send({ ...invite, method: 'CANCEL', headers, body: NO_BODY });
    await alice.socket.response(200, 'CANCEL');
    const terminated = await alice.socket.response(487, 'INVITE');
    alice.send(createAck(invite, terminated));
    await expect.poll(() => program.log, PATIENT).toEqual(['connect', 'INVITE', 'CANCEL', 'ACK']);
  });

  it('refuses a call with what it likes, and gets the ACK of the edge', async () => {
    await using started = await scene();
    const { program, alice } = started;
    program.onMessage = (message) => {
      if (message.kind === 'request' && message.method === 'INVITE') program.answer(message, 486);
    };
    alice.invite(ECHO);
    await alice.socket.response(486, 'INVITE');
    await expect.poll(() => program.log, PATIENT).toEqual(['connect', 'INVITE', 'ACK']);
  });

  it('takes a MESSAGE to its users, also under an escaped name, and nobody else gets one for a user who is not', async () => {
    await using started = await scene();
    const { program, alice } = started;
    program.onMessage = (message) => {
      if (message.kind === 'request') program.answer(message, 200);
    };
    for (const uri of [ECHO, 'sip:a%20b@example.com']) {
      alice.send(alice.build('MESSAGE', uri, uri));
      await alice.socket.response(200, 'MESSAGE');
    }
    alice.send(alice.build('MESSAGE', 'sip:nobody@example.com', 'sip:nobody@example.com'));
    await alice.socket.response(404, 'MESSAGE');
    alice.send(alice.build('MESSAGE', 'sip:bob@example.com', 'sip:bob@example.com'));
    await alice.socket.response(480, 'MESSAGE');
    expect(program.log).toEqual(['connect', 'MESSAGE', 'MESSAGE']);
  });

  it('stands back for a device that is registered by the name', async () => {
    await using started = await scene();
    const { program, server, alice } = started;
    program.serves = (user) => user === 'bob';
    const bob = new Wic('bob', await server.connect());
    await bob.register();
    alice.send(alice.build('MESSAGE', bob.aor, bob.aor));
    bob.reply(await bob.socket.request('MESSAGE'), 200);
    await alice.socket.response(200, 'MESSAGE');
    await bob.register({ expires: 0 });
    program.onMessage = (message) => {
      if (message.kind === 'request') program.answer(message, 202);
    };
    alice.send(alice.build('MESSAGE', bob.aor, bob.aor));
    await alice.socket.response(202, 'MESSAGE');
  });

  it('may change what it is given, and breaks nothing by a mistake of its own', async () => {
    await using started = await scene();
    const { program, server, alice } = started;
    program.onMessage = (message) => {
      if (message.kind !== 'request') return;
      const intact = { ...message, headers: message.headers.clone() };
      message.headers.remove('Via');
      message.headers.remove('To');
      program.answer(intact, 200);
      throw new Error('a mistake');
    };
    alice.send(alice.build('MESSAGE', ECHO, ECHO));
    await alice.socket.response(200, 'MESSAGE');
    expect(server.errors).toHaveLength(1);
  });

  it('is shown to observers as the core: one arrow each way', async () => {
    await using started = await scene();
    const { program, server, alice } = started;
    program.onMessage = (message) => {
      if (message.kind === 'request') program.answer(message, 200);
    };
    const from = server.events.named('message').length;
    alice.invite(ECHO);
    const accepted = await alice.socket.response(200, 'INVITE');
    alice.inDialog('BYE', callerDialog(accepted));
    await alice.socket.response(200, 'BYE');
    const arrows = server.events.named('message').slice(from);
    expect(arrows.map(({ from: a, to: b, method, status }) => [a, b, status ?? method].join(' '))).toEqual([
      'wic edge INVITE',
      'edge wic 100',
      'edge core INVITE',
      'core edge 200',
      'edge wic 200',
      'wic edge BYE',
      'edge core BYE',
      'core edge 200',
      'edge wic 200',
    ]);
  });

  it('is closed when the edge stops, is heard no more, and is connected anew by the next', async () => {
    await using started = await scene();
    const { program, server, alice } = started;
    const { send } = program;
    await server.restart();
    expect(program.log).toEqual(['connect', 'close', 'connect']);
    expect(await alice.socket.closed).toBe(1012);
    alice.socket = await server.connect();
    alice.nonceCount = 0;
    await alice.register();
    program.send = send;
    program.request('MESSAGE', alice.aor, {});
    alice.send(alice.build('OPTIONS', 'sip:example.com', 'sip:example.com'));
    await alice.socket.response(200, 'OPTIONS');
    expect(alice.socket.unread).toEqual([]);
  });
});
