import { expect, it } from 'vitest';
import { type CoreObserver } from '../../src/edge/core/core-observer.ts';
import { EmbeddedCore } from '../../src/edge/core/embedded-core.ts';
import { type EmbeddedCoreOptions } from '../../src/edge/edge-options.ts';
import { HomeDomain } from '../../src/edge/home-domain.ts';
import { createResponse } from '../../src/sip/create-response.ts';
import { type SipRequest } from '../../src/sip/message.ts';
import { newBranch } from '../../src/sip/token.ts';
import { CoreBench, type Device } from './support/core-bench.ts';
import { edgeOptions } from './support/edge-options.ts';
import { type FakeHop } from './support/fake-hop.ts';
import { perRound } from './support/function-counts.ts';
import { ProxyBench } from './support/proxy-bench.ts';
import { callerDialog, type RegisterOptions, WicMessages } from './support/wic.ts';

function noObserver(): CoreObserver {
  const ignore = (): void => undefined;
  return {
    challenged: ignore,
    authenticated: ignore,
    authenticationFailed: ignore,
    tooManyContacts: ignore,
    bindingRemoved: ignore,
  };
}

function benchWithRegistrar(): ProxyBench {
  const options = edgeOptions({
    core: { digest: { algorithms: ['MD5'], nonceLifetimeSec: 300 } },
    credential: { burst: 1000 },
  });
  const bench = new ProxyBench(options);
  const core = new EmbeddedCore({
    options: options.core as EmbeddedCoreOptions,
    registration: options.registration,
    home: new HomeDomain(options.domain),
    clock: bench.clock,
    timers: bench.clock.timers,
    observer: noObserver(),
  });
  bench.handle = (...request) => {
    core.handle(...request);
  };
  return bench;
}

/** REGISTER, its challenge, REGISTER with the proof, and the 200 with a credential, all in the names that a client keeps. */
function cycle(bench: ProxyBench, wic: WicMessages, hop: FakeHop): void {
  const kept: RegisterOptions = { headers: { From: `<${wic.aor}>;tag=kept`, 'TURN-Cred-Req': 'turn' } };
  bench.receive(wic.buildRegister(kept), hop);
  const again = wic.buildRegister(kept);
  again.headers.append('Authorization', wic.authorization(hop.lastResponse(), again));
  bench.receive(again, hop);
  const answer = hop.lastResponse();
  expect([answer.status, answer.headers.has('TURN-Username')]).toEqual([200, true]);
  expect(hop.take()).toEqual(['401', '200']);
}

/** INVITE, 200, ACK, BYE, 200 between two clients. */
function call(bench: ProxyBench, alice: Party, bob: Party): void {
  bench.receive(alice.wic.build('INVITE', bob.wic.aor, bob.wic.aor, contactOf(alice)), alice.hop);
  answer(bench, bob, 'INVITE');
  const { routes, remoteTarget, callId, local, remote } = callerDialog(alice.hop.lastResponse());
  const within = { 'Call-ID': callId, From: local, To: remote, Route: routes.join(', ') };
  for (const method of ['ACK', 'BYE']) bench.receive(alice.wic.build(method, remoteTarget, '', within), alice.hop);
  answer(bench, bob, 'BYE');
  expect(bob.hop.take()).toEqual(['INVITE', 'ACK', 'BYE']);
  expect(alice.hop.take()).toEqual(['100', '200', '200']);
}

type Party = Device;

/** The same by way of a core outside, which sends each request back to the edge. */
function callThroughCore(bench: CoreBench, alice: Device, bob: Device, bobPath: string): void {
  bench.sent(alice, 'INVITE', contactOf(alice), bob.wic.aor);
  passOn(bench, bob, 'INVITE', bobPath);
  answerThroughCore(bench, bob, 'INVITE');
  const { routes, remoteTarget, callId, local, remote } = callerDialog(alice.hop.lastResponse());
  const within = { 'Call-ID': callId, From: local, To: remote, Route: routes.join(', ') };
  for (const method of ['ACK', 'BYE']) {
    bench.receive(alice.wic.build(method, remoteTarget, '', within), alice.hop);
    passOn(bench, bob, method);
  }
  answerThroughCore(bench, bob, 'BYE');
  expect(bob.hop.take()).toEqual(['INVITE', 'ACK', 'BYE']);
  expect(alice.hop.take()).toEqual(['100', '200', '200']);
  bench.core.take();
}

/** The core sends a request on to where its Route leads, or along this Path; it takes its own entry off and is in the Route set. */
function passOn(bench: CoreBench, { wic }: Device, method: string, path?: string): void {
  const { headers, body } = bench.core.lastRequest(method);
  const onward: SipRequest = { kind: 'request', method, uri: wic.contactUri, headers: headers.clone(), body };
  if (path !== undefined) {
    onward.headers.prepend('Record-Route', CORE_ENTRY);
    onward.headers.set('Route', path);
  } else onward.headers.removeFirst('Route');
  onward.headers.prepend('Via', `SIP/2.0/UDP 192.0.2.9:5060;branch=${newBranch()}`);
  bench.receive(onward, bench.core);
}

function answerThroughCore(bench: CoreBench, party: Device, method: string): void {
  answer(bench, party, method);
  const response = bench.core.lastResponse();
  response.headers.removeFirst('Via');
  bench.receive(response, bench.core);
}

const CORE_ENTRY = '<sip:192.0.2.9:5060;lr>';

function contactOf({ wic }: Party): { readonly Contact: string } {
  return { Contact: `<${wic.contactUri}>` };
}

function answer(bench: ProxyBench, party: Party, method: string): void {
  const response = createResponse(party.hop.lastRequest(method), 200, { toTag: 'answered' });
  response.headers.append('Contact', contactOf(party).Contact);
  bench.receive(response, party.hop);
}

it('a client that registers anew on its flow costs two messages read, no HMAC, one hash of a digest and two timers moved, and no plan, no index, no look for an allowance, no new timer and no address', () => {
  const bench = benchWithRegistrar();
  const wic = new WicMessages('alice');
  const hop = bench.addHop();
  cycle(bench, wic, hop);
  const count = perRound(() => {
    cycle(bench, wic, hop);
  });
  expect({
    messages: count('sip/parse-message parseSipMessage'),
    uris: count('sip/uri readSipUri'),
    // A nonce is hashed when it is made; when it comes back the flow knows it.
    hmacs: count('base/keyed-hmac #digest') + count('base/hmac hmac'),
    // One here, and the three of the client.
    digestHashes: count('sip/digest-algorithm digestHash'),
    registrationIds: count('edge/registration/registration-id registrationIdOf'),
    registrationFacts: count('edge/registration/registration readFacts'),
    answersRead: count('edge/registration/register-answer readAnswer'),
    newTimers: count('base/timer-queue schedule'),
    movedTimers: count('base/timer-queue reschedule'),
    plans: count('edge/core/plan-register planRegister'),
    names: count('edge/flood/admission-control #nameInTo'),
    // The one of the credential.
    buckets: count('base/token-buckets #usedNow'),
    newBindings: count('edge/core/binding-table #replace'),
    newRegistrations: count('edge/registration/registrations #add'),
  }).toEqual({
    messages: 2,
    uris: 0,
    hmacs: 0,
    digestHashes: 1 + 3,
    registrationIds: 0,
    registrationFacts: 0,
    answersRead: 0,
    newTimers: 0,
    movedTimers: 2,
    plans: 0,
    names: 0,
    buckets: 1,
    newBindings: 0,
    newRegistrations: 0,
  });
  expect(count('sip/name-addr readNameAddr')).toBe(0);
});

it('a call costs five messages read, three Vias and no URI parsed, an HMAC for each of its two flow tokens and one for its Call-ID, and one timer for each transaction that waits', () => {
  const bench = new ProxyBench();
  const [alice, bob] = [bench.register('alice'), bench.register('bob')];
  bench.routeTo(bob);
  const count = perRound(() => {
    call(bench, alice, bob);
  });
  expect({
    messages: count('sip/parse-message parseSipMessage'),
    // Of each request that of its sender.
    vias: count('sip/via readUsual'),
    // Of ACK and BYE two each, none of which is parsed.
    entriesOpened: count('edge/flow/flow-token openEntry'),
    uris: count('sip/uri readSipUri'),
    // One for each message.
    exchangesSought: count('edge/proxy/open-exchanges find'),
    // Of no token that is shown: those that were made of late are known.
    hmacs: count('base/keyed-hmac #digest') + count('base/hmac hmac'),
    tokensIssued: count('edge/flow/flow-token issue'),
    dialogsHashed: count('edge/flow/dialog-hashes #hashOf'),
    loopHashes: count('edge/proxy/loop-detection #hash'),
    // Of INVITE two, of which that of the client transaction is followed by Timer C; of BYE that of the client.
    newTimers: count('base/timer-queue schedule'),
    cancelledTimers: count('base/timer-queue cancel'),
    clones: count('sip/message clone'),
    outlines: count('edge/proxy/request-outline outlineOf'),
  }).toEqual({
    messages: 5,
    vias: 3,
    entriesOpened: 4,
    uris: 0,
    exchangesSought: 5,
    hmacs: 3,
    tokensIssued: 2,
    dialogsHashed: 2,
    loopHashes: 3,
    newTimers: 4,
    cancelledTimers: 2,
    clones: 6,
    outlines: 2,
  });
});

it('a call by way of a core outside costs ten messages read, a loop hash for each request that is looked at, and an HMAC for each flow token and twice one for the Call-ID', () => {
  const bench = new CoreBench();
  const [alice, bob] = [bench.registered('alice'), bench.registered('bob')];
  const path = bench.registerAt(bob).headers.get('Path') ?? '';
  bob.hop.take();
  const count = perRound(() => {
    callThroughCore(bench, alice, bob, path);
  });
  expect({
    messages: count('sip/parse-message parseSipMessage'),
    // Each of three requests comes twice; what has come back is looked at for a loop, and forwarded under the same hash.
    loopHashes: count('edge/proxy/loop-detection #hash'),
    branches: count('edge/proxy/loop-detection branch'),
    tokensIssued: count('edge/flow/flow-token issue'),
    // Of two tokens, of the dialog that both are of, and of what it is charged under.
    hmacs: count('base/keyed-hmac #digest') + count('base/hmac hmac'),
    exchangesSought: count('edge/proxy/open-exchanges find'),
  }).toEqual({
    messages: 10,
    loopHashes: 6,
    branches: 6,
    tokensIssued: 2,
    hmacs: 4,
    exchangesSought: 10,
  });
});
