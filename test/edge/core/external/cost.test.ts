import { expect, it } from 'vitest';
import { createResponse } from '../../../../src/sip/create-response.ts';
import { formatSipMessage } from '../../../../src/sip/format-message.ts';
import { type SipResponse } from '../../../../src/sip/message.ts';
import { type FakeHop } from '../../support/fake-hop.ts';
import { perRound } from '../../support/function-counts.ts';
import { type RegisterOptions, WicMessages } from '../../support/wic.ts';
import { CoreBench, externalOptions, FIRST } from './core-bench.ts';

let nonces = 0;

/** The core answers the REGISTER that has come last, at once. */
function answer(bench: CoreBench, status: 200 | 401): void {
  const hop = bench.hop(FIRST);
  const request = hop.request('REGISTER');
  hop.sent.length = 0;
  const response: SipResponse = createResponse(request, status, { toTag: 'core' });
  const { headers } = response;
  if (status === 401) {
    headers.append('WWW-Authenticate', `Digest realm="example.com", nonce="nonce${++nonces}", qop="auth"`);
  } else {
    headers.append('Contact', `${request.headers.get('Contact') ?? ''};expires=600`);
    headers.append('Path', request.headers.get('Path') ?? '');
    headers.append('Service-Route', '<sip:orig@192.0.2.1:5060;lr>');
    headers.append('P-Associated-URI', '<sip:alice@example.com>, <sip:alice-office@example.com>');
  }
  bench.proxy.receive(formatSipMessage(response), hop);
}

/** REGISTER, its challenge, REGISTER with the proof, and the 200 with a credential, within one turn of the event loop. */
function cycle(bench: CoreBench, wic: WicMessages, hop: FakeHop): void {
  const kept: RegisterOptions = { headers: { From: `<${wic.aor}>;tag=kept`, 'TURN-Cred-Req': 'turn' } };
  bench.receive(wic.buildRegister(kept), hop);
  answer(bench, 401);
  const again = wic.buildRegister(kept);
  again.headers.append('Authorization', wic.authorization(hop.lastResponse(), again));
  bench.receive(again, hop);
  answer(bench, 200);
  expect(hop.lastResponse().headers.has('TURN-Username')).toBe(true);
  expect(hop.take()).toEqual(['401', '200']);
}

it('a client that registers anew at a core outside waits for no promise, and costs four messages read, its proof read once for all rooms, the Path it had and no index', async () => {
  const bench = await CoreBench.startWith([FIRST], {}, externalOptions([]));
  await bench.answerProbes(200, FIRST);
  bench.connect();
  const wic = new WicMessages('alice');
  const hop = bench.addHop();
  const count = perRound(() => {
    cycle(bench, wic, hop);
  });
  expect({
    messages: count('sip/parse-message parseSipMessage'),
    // A challenge, here and by the client; a proof, as it was written and as the edge vouches for it.
    credentials: count('sip/auth-params parseAuthFields'),
    tokens: count('edge/flow/flow-token issue'),
    registrationFacts: count('edge/registration/registration readFacts'),
    answersRead: count('edge/registration/register-answer readAnswer'),
    newRegistrations: count('edge/registration/registrations #add'),
    health: count('edge/core/external/core-health #probe'),
  }).toEqual({
    messages: 4,
    credentials: 4,
    tokens: 0,
    registrationFacts: 0,
    answersRead: 0,
    newRegistrations: 0,
    health: 0,
  });
});
