import { beforeEach, describe, expect, it } from 'vitest';
import { formatSipMessage } from '../../../src/sip/format-message.ts';
import { createResponse } from '../../../src/sip/create-response.ts';
import { type SipRequest } from '../../../src/sip/message.ts';
import { createDeregistration } from '../../../src/edge/registration/deregistration.ts';
import { CoreBench, type Device } from '../support/core-bench.ts';
import { edgeOptions } from '../support/edge-options.ts';
import { WicMessages } from '../support/wic.ts';
import { Waf, webIdentity } from './waf.ts';

const VOUCHED =
  'Digest username="alice@example.com", realm="example.com", uri="sip:example.com", nonce="", response="", integrity-protected="auth-done", authorization-entity="waf.example.com"';

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe('towards a core outside, a client that has signed in by a token', () => {
  let bench: CoreBench;
  let waf: Waf;
  let alice: Device;
  let token: string;

  beforeEach(async () => {
    bench = new CoreBench({}, edgeOptions({ webIdentity: webIdentity() }));
    waf = new Waf('example.com', () => Math.floor(bench.clock.now().unixMs / 1000));
    await waf.addKey('k1');
    bench.webFetch = async () => ({ status: 200, body: JSON.stringify(await waf.keySet()) });
    alice = { wic: new WicMessages('alice'), hop: bench.addHop() };
    token = await waf.token('alice');
  });

  const authorization = (): Record<string, string> => ({ Authorization: `Bearer ${token}` });

  /** The core's 200 to a REGISTER. */
  function accept(request: SipRequest): void {
    const response = createResponse(request, 200);
    for (const contact of request.headers.getAll('Contact')) response.headers.append('Contact', contact);
    bench.receive(response, bench.core);
  }

  async function signIn(headers: Record<string, string> = {}): Promise<void> {
    bench.receive(alice.wic.buildRegister({ headers: { ...authorization(), ...headers } }), alice.hop);
    await turn();
    accept(bench.core.lastRequest('REGISTER'));
  }

  it('is vouched for in the place of whatever it has written', async () => {
    await signIn({ 'Proxy-Authorization': 'Digest username="mallory", integrity-protected="yes"' });
    const { headers } = bench.core.lastRequest('REGISTER');
    expect(headers.getAll('Authorization')).toEqual([VOUCHED]);
    expect(headers.has('Proxy-Authorization')).toBe(false);
    expect(headers.get('P-Visited-Network-ID')).toBe('"example.com"');
    expect(headers.has('Path')).toBe(true);
  });

  it('shows the core no token in any message, and tells it nothing of who vouches but in REGISTER', async () => {
    await signIn();
    for (const spelling of [`Bearer ${token}`, `Bearer access_token="${token}"`, `bearer\t${token}`]) {
      for (const name of ['Authorization', 'Proxy-Authorization']) {
        for (const method of ['MESSAGE', 'SUBSCRIBE', 'INVITE', 'PUBLISH', 'OPTIONS']) {
          bench.sent(alice, method, { [name]: spelling, Contact: `<${alice.wic.contactUri}>` });
        }
      }
    }
    const invite = bench.core.lastRequest('INVITE');
    const ok = createResponse(invite, 200, { toTag: 't' });
    ok.headers.append('Contact', '<sip:bob@192.0.2.99>');
    bench.receive(ok, bench.core);
    const asked = bench.fromCore('MESSAGE', alice.wic.contactUri);
    const answer = createResponse(asked, 200);
    answer.headers.append('Authorization', `Bearer ${token}`);
    bench.receive(answer, alice.hop);
    await turn();
    const trace = bench.core.sent.map((message) => formatSipMessage(message).toString());
    expect(trace.length).toBeGreaterThan(25);
    expect(trace.filter((text) => /bearer/i.test(text) || text.includes(token.slice(0, 30)))).toEqual([]);
    expect(trace.filter((text) => text.includes('auth-done'))).toHaveLength(1);
  });

  describe('has a flow of its own: of two identities that register on it at once', () => {
    const bob = new WicMessages('bob');

    async function both(): Promise<readonly SipRequest[]> {
      bench.receive(alice.wic.buildRegister({ headers: authorization() }), alice.hop);
      bench.receive(bob.buildRegister({ headers: { Authorization: `Bearer ${await waf.token('bob')}` } }), alice.hop);
      await turn();
      return bench.core.sent.filter((message) => message.kind === 'request');
    }

    it('the second is refused before the core has answered the first, whose token serves on', async () => {
      const [first, ...others] = await both();
      expect([others, alice.hop.take()]).toEqual([[], ['403']]);
      expect(first!.headers.get('Authorization')).toBe(VOUCHED);
      accept(first!);
      expect(bench.registrations.of(alice.hop).map(({ aor }) => aor)).toEqual([alice.wic.aor]);
      bench.clock.advance(1000);
      await signIn();
      expect(alice.hop.take()).toEqual(['200', '200']);
      expect(bench.events.named('authentication-failed').map(({ cause }) => cause)).toEqual(['token-identity']);
    });

    it('the second may come again when the first has had no answer', async () => {
      await both();
      alice.hop.take();
      bench.clock.advance(32_000);
      bench.core.take();
      const headers = { Authorization: `Bearer ${await waf.token('bob')}` };
      bench.receive(bob.buildRegister({ headers }), alice.hop);
      await turn();
      accept(bench.core.lastRequest('REGISTER'));
      expect(bench.registrations.of(alice.hop).map(({ aor }) => aor)).toEqual([bob.aor]);
    });
  });

  it('is ended by a REGISTER of the edge with the same Call-ID, the next CSeq and the same word', async () => {
    await signIn();
    bench.close(alice.hop);
    bench.clock.advance(30_000);
    const request = createDeregistration(bench.deregistered[0]!, { domain: 'example.com', namesEntity: true });
    const { headers } = request;
    const next = alice.wic.buildRegister();
    expect([request.uri, headers.get('Expires'), headers.get('Authorization')]).toEqual([
      'sip:example.com',
      '0',
      VOUCHED,
    ]);
    expect([headers.get('Call-ID'), headers.get('CSeq')]).toEqual([
      next.headers.get('Call-ID'),
      next.headers.get('CSeq'),
    ]);
  });

  it('is not told whose token it was where the configuration says so', async () => {
    await signIn();
    bench.close(alice.hop);
    bench.clock.advance(30_000);
    const request = createDeregistration(bench.deregistered[0]!, { domain: 'example.com', namesEntity: false });
    expect(request.headers.get('Authorization')).not.toContain('authorization-entity');
  });

  it('hears a 403 of the core, and its registration ends', async () => {
    await signIn();
    bench.receive(alice.wic.buildRegister({ headers: authorization() }), alice.hop);
    await turn();
    bench.receive(createResponse(bench.core.lastRequest('REGISTER'), 403), bench.core);
    expect([alice.hop.lastResponse().status, bench.registrations.size]).toEqual([403, 0]);
  });
});

describe('an edge without web identities, towards a core outside', () => {
  it('does not know auth-done, whoever writes it', () => {
    const bench = new CoreBench();
    const alice = { wic: new WicMessages('alice'), hop: bench.addHop() };
    for (const value of [
      VOUCHED,
      'Bearer a.b.c',
      VOUCHED.replace('Digest', 'DIGEST').replace('integrity', 'Integrity'),
    ]) {
      bench.receive(alice.wic.buildRegister({ headers: { Authorization: value } }), alice.hop);
    }
    const trace = bench.core.sent.map((message) => formatSipMessage(message).toString()).join('');
    expect(bench.core.take()).toEqual(['REGISTER', 'REGISTER', 'REGISTER']);
    for (const word of ['auth-done', 'authorization-entity', 'earer']) expect(trace).not.toContain(word);
  });
});
