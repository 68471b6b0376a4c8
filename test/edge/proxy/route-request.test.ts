import { describe, expect, it } from 'vitest';
import { type DialogRole } from '../../../src/edge/flow/dialog-hashes.ts';
import { FlowTokens } from '../../../src/edge/flow/flow-token.ts';
import { HomeDomain } from '../../../src/edge/home-domain.ts';
import { type RouteContext, routeRequest } from '../../../src/edge/proxy/route-request.ts';
import { FakeHop } from '../support/fake-hop.ts';
import { WicMessages } from '../support/wic.ts';

const tokens = new FlowTokens();
const [here, there, gone] = [new FakeHop(), new FakeHop(), new FakeHop()];
const DEVICE = 'the device on the flow of the sender';
const context: RouteContext = {
  tokens,
  home: new HomeDomain('example.com'),
  isSender: ({ flowId, handle }) => flowId === here.id || handle === tokens.handleOf(DEVICE),
};
/** The edge before a core outside, which knows it as 192.0.2.7:5060. */
const outside: RouteContext = { ...context, isCoreSide: ({ host, port }) => host === '192.0.2.7' && port === 5060 };
const CALL_ID = 'the-call';
const tokenOf = ({ id }: FakeHop, role: DialogRole, callId = CALL_ID, fromTag = '1', device?: string): string => {
  const origin = { callId, fromUri: 'sip:alice@example.com', fromTag, toUri: 'sip:bob@example.com' };
  return `<sip:${tokens.issue(id, device, { role, origin })}@example.com;transport=ws;lr>`;
};
const own = (hop: FakeHop, callId?: string): string => tokenOf(hop, 'uac', callId);
const theirs = (hop: FakeHop, callId?: string, fromTag?: string): string => tokenOf(hop, 'uas', callId, fromTag);

function route(routes: readonly string[], uri = 'sip:bob@host.invalid', where = context, sender = here) {
  const request = new WicMessages('alice').build('BYE', uri, 'sip:bob@example.com', { 'Call-ID': CALL_ID });
  if (routes.length > 0) request.headers.append('Route', routes.join(', '));
  return { decision: routeRequest(request, sender, where), request };
}

describe('the Route set of a request', () => {
  it.each([
    { what: 'none', routes: [], decision: { kind: 'core' } },
    {
      what: 'both sides of a dialog',
      routes: [own(here), theirs(there)],
      decision: { kind: 'flow', flow: { flowId: there.id } },
    },
    {
      what: 'both sides of a dialog of others',
      routes: [own(gone), theirs(there)],
      decision: { kind: 'refuse', status: 403, cause: 'dialog-elsewhere' },
    },
    {
      what: 'a sender that has reconnected since',
      routes: [tokenOf(gone, 'uac', CALL_ID, '1', DEVICE)],
      decision: { kind: 'core', fromDialog: true },
    },
    {
      what: 'the own side of another call',
      routes: [own(here, 'another-call')],
      decision: { kind: 'core', fromDialog: false },
    },
    {
      what: 'the other side only',
      routes: [theirs(there)],
      decision: { kind: 'refuse', status: 403, cause: 'dialog-elsewhere' },
    },
    { what: 'the own side only', routes: [own(here)], decision: { kind: 'core' } },
    {
      what: 'a call to oneself',
      routes: [own(here), theirs(here)],
      decision: { kind: 'flow', flow: { flowId: here.id } },
    },
    {
      what: 'the pre-loaded route of JsSIP',
      routes: ['<sip:edge.example.com:8443;transport=ws;lr>'],
      decision: { kind: 'core' },
    },
    { what: 'the domain', routes: ['<sip:example.com;lr>'], decision: { kind: 'core' } },
    {
      what: 'an invented token',
      routes: [`<sip:${'x'.repeat(64)}@example.com;lr>`],
      decision: { kind: 'refuse', status: 403, cause: 'route-tampered' },
    },
    {
      what: 'a user of ours',
      routes: ['<sip:bob@example.com;lr>'],
      decision: { kind: 'refuse', status: 403, cause: 'route-without-token' },
    },
    {
      what: 'the other side of another call',
      routes: [own(here), theirs(there, 'another-call')],
      decision: { kind: 'refuse', status: 403, cause: 'other-dialog' },
    },
    {
      what: 'the other side of another dialog of this Call-ID',
      routes: [own(here), theirs(there, CALL_ID, '2')],
      decision: { kind: 'refuse', status: 403, cause: 'other-dialog' },
    },
    {
      what: 'the same side twice',
      routes: [own(here), own(there)],
      decision: { kind: 'refuse', status: 403, cause: 'other-dialog' },
    },
    {
      what: 'eight entries of ours',
      routes: [own(here), ...new Array<string>(7).fill(theirs(here))],
      decision: { kind: 'flow', flow: { flowId: here.id } },
    },
    {
      what: 'more of them than any dialog has',
      routes: new Array<string>(9).fill(own(here)),
      decision: { kind: 'refuse', status: 400 },
    },
    {
      what: 'the domain over and over',
      routes: new Array<string>(5000).fill('<sip:example.com;lr>'),
      decision: { kind: 'refuse', status: 400 },
    },
    { what: 'no URI', routes: ['<>'], decision: { kind: 'refuse', status: 400 } },
  ])('with $what leads to $decision and leaves none of our entries', ({ routes, decision }) => {
    const result = route(routes);
    expect(result.decision).toMatchObject(decision);
    if (decision.kind !== 'refuse') expect(result.request.headers.has('Route')).toBe(false);
  });

  it.each([
    ['<sip:sip.example.org;transport=ws;lr>', true],
    ['<sip:SIP.example.org:443;transport=ws;lr>', true],
    ['<sip:sip.example.org:8444;transport=ws;lr>', true],
    ['<sip:edge.example.org;transport=ws;lr>', true],
    ['<sip:edge.example.org:443;transport=ws;lr>', true],
    ['<sip:sip.example.org:8445;transport=ws;lr>', false],
    ['<sip:edge.example.org:8443;transport=ws;lr>', false],
    ['<sip:example.org;transport=ws;lr>', false],
  ])('holds an entry of ours by every name of the edge towards its clients: %s', (entry, isOurs) => {
    const otherNames = new Set(['sip.example.org', 'sip.example.org:8444']);
    const sender = new FakeHop({
      self: { sentBy: { host: 'example.com' }, transport: 'ws', tokens: true, otherNames },
      authority: 'edge.example.org',
    });
    for (const where of [context, outside]) {
      const { request } = route([entry], undefined, where, sender);
      expect(request.headers.has('Route')).toBe(!isOurs);
    }
    const ofCore = route([entry], undefined, outside, new FakeHop({ kind: 'core' }));
    expect(ofCore.request.headers.has('Route')).toBe(true);
  });

  it('keeps the entries of others, and the first of them ends ours', () => {
    const last = theirs(there);
    const { decision, request } = route([own(here), '<sip:core.example.org;lr>', last]);
    expect(decision).toMatchObject({ kind: 'core', fromDialog: true, sides: [{ flowId: here.id }] });
    expect(request.headers.getList('Route')).toEqual(['<sip:core.example.org;lr>', last]);
  });

  it('is split once, however long it is', () => {
    const request = new WicMessages('alice').build('BYE', 'sip:bob@host.invalid', 'sip:bob@example.com');
    for (let i = 0; i < 8; i++) request.headers.append('Route', own(here));
    let splits = 0;
    const { headers } = request;
    const getList = headers.getList.bind(headers);
    headers.getList = (name) => {
      splits += 1;
      return getList(name);
    };
    headers.removeFirst = () => {
      throw new Error('one at a time');
    };
    routeRequest(request, here, context);
    expect(splits).toBe(1);
  });

  it('of others only is left as it was written', () => {
    const request = new WicMessages('alice').build('BYE', 'sip:bob@host.invalid', 'sip:bob@example.com');
    request.headers.append('Route', '<sip:a.example.org;lr> , <sip:b.example.org;lr>');
    request.headers.append('Route', '<sip:c.example.org;lr>');
    expect(routeRequest(request, here, context)).toEqual({ kind: 'core', fromDialog: false, sides: [] });
    expect(request.headers.getAll('Route')).toEqual([
      '<sip:a.example.org;lr> , <sip:b.example.org;lr>',
      '<sip:c.example.org;lr>',
    ]);
  });

  it('that a strict router has rewritten is put back', () => {
    const { decision, request } = route([theirs(there), '<sip:bob@host.invalid;transport=ws>'], own(here).slice(1, -1));
    expect(decision).toMatchObject({ kind: 'flow', flow: { flowId: there.id } });
    expect(request.uri).toBe('sip:bob@host.invalid;transport=ws');
    expect(request.headers.has('Route')).toBe(false);
  });
});

describe('before a core outside, the Route set of a request', () => {
  const CORE_SIDE = '<sip:192.0.2.7:5060;transport=udp;lr>';
  const core = new FakeHop({ kind: 'core' });
  const SCSCF = '<sip:orig@scscf.example.com;lr>';

  it('loses both of our entries, and the rest is for the core', () => {
    const last = theirs(there);
    const { decision, request } = route([own(here), CORE_SIDE, SCSCF, CORE_SIDE, last], undefined, outside);
    expect(decision).toMatchObject({ kind: 'core', fromDialog: true, sides: [{ flowId: here.id }] });
    expect(request.headers.getList('Route')).toEqual([SCSCF, CORE_SIDE, last]);
  });

  it('leads from the core to the flow of a token', () => {
    const { decision, request } = route([CORE_SIDE, own(there)], undefined, outside, core);
    expect(decision).toMatchObject({ kind: 'flow', flow: { flowId: there.id }, fromDialog: false });
    expect(request.headers.has('Route')).toBe(false);
  });

  it.each(['<sip:example.com;lr>', '<sip:orig@example.com;lr>', '<sip:example.com:5060;lr>'])(
    'keeps %s: the core goes by the name of the domain',
    (entry) => {
      const { decision, request } = route([own(here), CORE_SIDE, entry], undefined, outside);
      expect(decision.kind).toBe('core');
      expect(request.headers.getList('Route')).toEqual([entry]);
    },
  );

  it.each([
    ['<sip:example.com;transport=ws;lr>', 'core'],
    [`<sip:${'x'.repeat(64)}@192.0.2.7:5060;lr;ob>`, 'refuse'],
    [`<sip:${'x'.repeat(64)}@example.com;transport=ws;lr>`, 'refuse'],
    ['<sip:bob@192.0.2.7:5060;lr>', 'refuse'],
  ])('with %s is a case of %s', (entry, kind) => {
    expect(route([entry], undefined, outside).decision.kind).toBe(kind);
  });
});
