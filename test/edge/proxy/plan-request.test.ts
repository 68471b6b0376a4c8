import { describe, expect, it } from 'vitest';
import { EmergencyServices } from '../../../src/edge/emergency-services.ts';
import { type DialogRole } from '../../../src/edge/flow/dialog-hashes.ts';
import { FlowTokens } from '../../../src/edge/flow/flow-token.ts';
import { HomeDomain } from '../../../src/edge/home-domain.ts';
import { EndedDialogs } from '../../../src/edge/proxy/ended-dialogs.ts';
import { LoopDetection } from '../../../src/edge/proxy/loop-detection.ts';
import { judgeRequest, type PlanFacts, planRequest } from '../../../src/edge/proxy/plan-request.ts';
import { SenderFinder } from '../../../src/edge/proxy/sender-finder.ts';
import { TargetFinder } from '../../../src/edge/proxy/target-finder.ts';
import { Registrations } from '../../../src/edge/registration/registrations.ts';
import { createResponse } from '../../../src/sip/create-response.ts';
import { type SipRequest } from '../../../src/sip/message.ts';
import { type RequestEssentials, validateRequest } from '../../../src/sip/validate-request.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakeHop } from '../support/fake-hop.ts';
import { WicMessages } from '../support/wic.ts';
import { unwrap } from '../../support/unwrap.ts';

type Headers = Readonly<Record<string, string>>;

const BOB = 'sip:bob@example.com';
const CALL_ID = 'the-call';
const clock = new FakeClock();
const home = new HomeDomain('example.com');
const tokens = new FlowTokens();
const ended = new EndedDialogs();
const registrations = new Registrations({
  handleOf: (registrationId) => tokens.handleOf(registrationId),
  clock,
  timers: clock.timers,
  maxLapsed: 10,
  maxPerFlow: 10,
});
const [alice, bob] = [new WicMessages('alice'), new WicMessages('bob')];
const [atAlice, atBob, atNobody, atCore] = [new FakeHop(), new FakeHop(), new FakeHop(), new FakeHop({ kind: 'core' })];
const names = new Map([
  [atAlice.id, 'alice'],
  [atBob.id, 'bob'],
]);
for (const [wic, hop] of [
  [alice, atAlice],
  [bob, atBob],
] as const) {
  const request = wic.buildRegister();
  const response = createResponse(request, 200);
  response.headers.append('Contact', `${wic.contact};expires=600`);
  registrations.applySuccess(request, response, wic.aor, hop);
}

function factsOf(joinsWics: boolean, emergencyUris: readonly string[] = []): PlanFacts {
  const emergency = new EmergencyServices({ numbers: ['112'], uris: emergencyUris }, home, 10);
  return {
    home,
    tokens,
    registrations,
    senders: new SenderFinder({ registrations, tokens, ended }),
    targets: new TargetFinder({ home, registrations, findHop: (id) => (id === atBob.id ? atBob : undefined) }),
    checks: {
      loops: new LoopDetection(),
      takesUri: (text) => !joinsWics || emergency.serviceOf(text, undefined) !== undefined,
    },
    emergency,
    joinsWics,
  };
}
const inside = factsOf(true);
const outside = factsOf(false);
const withHelp = factsOf(true, ['sip:ecscf.example.com']);

/** Our Record-Route for one side of a call of alice, or of whoever it began as, with bob. */
function entry(hop: FakeHop, role: DialogRole, { callId = CALL_ID, fromUri = alice.aor } = {}): string {
  const origin = { callId, fromUri, fromTag: 'a', toUri: BOB };
  return `<sip:${tokens.issue(hop.id, undefined, { role, origin })}@example.com;transport=ws;lr>`;
}
const SUPPORT = 'sip:support@example.com';
const ofAlice = entry(atAlice, 'uac');
const ofBob = entry(atBob, 'uas');
const ofSupport = entry(atAlice, 'uac', { fromUri: SUPPORT });

function inCall(method: string, route: readonly string[], more: Headers = {}): SipRequest {
  const headers = { To: `<${BOB}>;tag=b`, 'Call-ID': CALL_ID, Route: route.join(', '), ...more };
  return alice.build(method, bob.contactUri, BOB, headers);
}

function essentialsOf(request: SipRequest): RequestEssentials {
  return unwrap(validateRequest(request));
}

/** The plan in a few words; what is asked for twice must be answered the same. */
function wordsFor(request: SipRequest, hop: FakeHop, facts: PlanFacts): string {
  const essentials = essentialsOf(request);
  const speaker = judgeRequest(request, essentials, hop, facts);
  switch (speaker.kind) {
    case 'reject':
      return `reject ${speaker.response.status}`;
    case 'stranger':
      return `stranger ${speaker.cause}`;
    case 'visitor':
      return 'visitor';
    case 'no-help':
      return `no help with ${speaker.service}`;
    case 'speaker':
  }
  const plan = planRequest(request, essentials, hop, speaker, facts);
  switch (plan.kind) {
    case 'refuse':
      return `refuse ${plan.status}${plan.status === 403 ? ` ${plan.cause}` : ''}`;
    case 'answer':
    case 'register':
      return plan.kind;
    case 'to-flow':
    case 'join':
      return `${plan.kind} ${names.get(plan.target?.hop.id ?? '') ?? 'nobody'}${plan.inDialog ? ' in dialog' : ''}`;
    case 'to-core':
      return `to-core${plan.inDialog ? ' in dialog' : ''}${plan.emergency === undefined ? '' : ` for ${plan.emergency}`}`;
  }
}

describe('the plan for a request', () => {
  it.each<[what: string, words: string, request: SipRequest, hop?: FakeHop, facts?: PlanFacts]>([
    ['that begins a call', 'to-core', alice.build('INVITE', BOB, BOB)],
    ['to register', 'register', alice.buildRegister()],
    ['with no hops left', 'reject 483', alice.build('INVITE', BOB, BOB, { 'Max-Forwards': '0' })],
    ['that asks for an extension nobody has', 'reject 420', alice.build('INVITE', BOB, BOB, { 'Proxy-Require': 'x' })],
    ['for a scheme that the core inside does not know', 'reject 416', alice.build('INVITE', 'tel:+493012', BOB)],
    ['for a number at a core outside', 'to-core', alice.build('INVITE', 'tel:+493012', BOB), atAlice, outside],
    ['in the name of somebody else', 'stranger from-not-registered', bob.build('INVITE', BOB, BOB)],
    ['of nobody', 'stranger from-not-registered', alice.build('MESSAGE', BOB, BOB), atNobody],
    ['OPTIONS to the edge', 'answer', alice.build('OPTIONS', 'sip:example.com', 'sip:example.com')],
    [
      'OPTIONS to the edge of nobody',
      'visitor',
      alice.build('OPTIONS', 'sip:example.com', 'sip:example.com'),
      atNobody,
    ],
    ['OPTIONS to a user', 'to-core', alice.build('OPTIONS', BOB, BOB)],
    ['for a Contact', 'join bob', alice.build('INVITE', bob.contactUri, BOB)],
    ['for a Contact, before a core outside', 'to-core', alice.build('INVITE', bob.contactUri, BOB), atAlice, outside],
    ['of a core for a Contact', 'join bob', alice.build('INVITE', bob.contactUri, BOB), atCore, outside],
    ['of a core for a user', 'to-core', alice.build('INVITE', BOB, BOB), atCore, outside],
    ['of a call', 'to-flow bob in dialog', inCall('BYE', [ofAlice, ofBob])],
    ['ACK of a call', 'to-flow bob in dialog', inCall('ACK', [ofAlice, ofBob])],
    [
      'of a call to a device that is gone',
      'to-flow nobody in dialog',
      inCall('BYE', [ofAlice, entry(atNobody, 'uas')]),
    ],
    ['that skips its own side of the call', 'refuse 403 dialog-elsewhere', inCall('BYE', [ofBob])],
    ['of a core along its own side only', 'to-flow bob', inCall('BYE', [ofBob]), atCore, outside],
    [
      'with the token of another call',
      'refuse 403 other-dialog',
      inCall('BYE', [ofAlice, entry(atBob, 'uas', { callId: 'other' })]),
    ],
    [
      'with a token that was changed',
      'refuse 403 route-tampered',
      inCall('BYE', [ofAlice.replace(/sip:.{4}/, 'sip:AAAA')]),
    ],
    ['with a Route that is none', 'refuse 400', inCall('BYE', ['<tel:1>'])],
    [
      'past a core outside to another client',
      'refuse 403 reaches-clients',
      inCall('BYE', [ofAlice, ofBob]),
      atAlice,
      outside,
    ],
    ['of a call through a core outside', 'to-core in dialog', inCall('BYE', [ofAlice]), atAlice, outside],
    [
      'of a party that is not registered by its name, in its call',
      'to-flow bob in dialog',
      inCall('BYE', [ofSupport, entry(atBob, 'uas', { fromUri: SUPPORT })], { From: `<${SUPPORT}>;tag=a` }),
    ],
    [
      'of such a party to somebody else',
      'refuse 403 other-dialog',
      inCall('MESSAGE', [ofSupport], { From: `<${SUPPORT}>;tag=a` }),
    ],
    ['for help where there is none', 'no help with urn:service:sos', alice.build('INVITE', 'urn:service:sos', BOB)],
    [
      'for help of a client that is registered, whatever its From',
      'to-core for urn:service:sos',
      bob.build('INVITE', 'sip:112@example.com', BOB, { Route: '<sip:elsewhere.example;lr>' }),
      atAlice,
      withHelp,
    ],
    [
      'for help of nobody',
      'no help with urn:service:sos',
      alice.build('INVITE', 'urn:service:sos', BOB),
      atNobody,
      withHelp,
    ],
  ])('%s: %s', (_what, words, request, hop = atAlice, facts = inside) => {
    const before = [...request.headers.entries()].join('\n');
    expect(wordsFor(request, hop, facts)).toBe(words);
    expect(wordsFor(request, hop, facts)).toBe(words);
    expect([...request.headers.entries()].join('\n')).toBe(before);
  });

  it('takes our own entries off the Route set of the copy alone, and what Proxy-Require asked of us', () => {
    const request = inCall('BYE', [ofAlice, ofBob], { 'Proxy-Require': 'turn-cred' });
    const essentials = essentialsOf(request);
    const plan = planRequest(
      request,
      essentials,
      atAlice,
      { kind: 'speaker', uri: undefined, sender: undefined },
      inside,
    );
    const copy = 'copy' in plan ? plan.copy : undefined;
    expect([copy?.headers.has('Route'), copy?.headers.has('Proxy-Require')]).toEqual([false, false]);
    expect(request.headers.getList('Route')).toEqual([ofAlice, ofBob]);
  });
});
