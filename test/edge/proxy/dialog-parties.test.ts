import { describe, expect, it } from 'vitest';
import { createResponse } from '../../../src/sip/create-response.ts';
import { type SipRequest, type SipResponse } from '../../../src/sip/message.ts';
import { CoreBench } from '../support/core-bench.ts';
import { type FakeHop } from '../support/fake-hop.ts';
import { ProxyBench } from '../support/proxy-bench.ts';
import { type WicMessages } from '../support/wic.ts';

interface Party {
  readonly wic: WicMessages;
  hop: FakeHop;
}

type Headers = Readonly<Record<string, string>>;

const SUPPORT = 'sip:support@example.com';
const WITHIN = ['INVITE', 'UPDATE', 'INFO', 'NOTIFY', 'PRACK', 'REFER', 'MESSAGE', 'SUBSCRIBE', 'BYE'];
/** What a core's requests for a device of this edge are addressed by. */
const CORE_ROUTE = '<sip:scscf.example.net;lr>';

/** alice has called under `to`, and bob's device has answered. Returns what bob saw, and his answer. */
function answered(bench: ProxyBench, alice: Party, bob: Party, to: string, headers: Headers = {}) {
  bench.routeTo(bob);
  const from = { Contact: `<${alice.wic.contactUri}>`, ...headers };
  bench.receive(alice.wic.build('INVITE', to, to, from), alice.hop);
  const invite = bob.hop.lastRequest('INVITE');
  const answer = createResponse(invite, 200, { toTag: 'b' });
  answer.headers.append('Contact', `<${bob.wic.contactUri}>`);
  bench.receive(answer, bob.hop);
  alice.hop.take();
  bob.hop.take();
  return { invite, answer };
}

/** A request of the callee in its dialog (RFC 3261 §12.2.1.1). */
function ofCallee(method: string, { wic }: Party, invite: SipRequest, answer: SipResponse, headers: Headers = {}) {
  return wic.build(method, (invite.headers.get('Contact') ?? '').slice(1, -1), SUPPORT, {
    From: answer.headers.get('To') ?? '',
    To: invite.headers.get('From') ?? '',
    'Call-ID': invite.headers.get('Call-ID') ?? '',
    Route: invite.headers.getList('Record-Route').join(', '),
    ...headers,
  });
}

function pair(): { bench: ProxyBench; alice: Party; bob: Party } {
  const bench = new ProxyBench();
  return { bench, alice: bench.register('alice'), bob: bench.register('bob') };
}

describe('a callee that was reached under another name', () => {
  it.each([
    SUPPORT,
    'tel:+4930123456',
    'sip:3f2a@a1b2c3.invalid;transport=ws',
    'sips:help%20desk@elsewhere.example;user=phone',
  ])('%s may speak in its dialog', (to) => {
    const { bench, alice, bob } = pair();
    bench.routeTo(bob);
    bench.receive(
      alice.wic.build('INVITE', SUPPORT, to, { Contact: `<${alice.wic.contactUri}>`, To: `<${to}>` }),
      alice.hop,
    );
    const invite = bob.hop.lastRequest('INVITE');
    const answer = createResponse(invite, 200, { toTag: 'b' });
    bench.receive(answer, bob.hop);
    alice.hop.take();
    for (const method of [...WITHIN, 'ACK']) {
      bench.receive(ofCallee(method, bob, invite, answer), bob.hop);
      expect(alice.hop.take()).toEqual([method]);
    }
  });

  it('may not take a third name there, nor the name of somebody else', () => {
    const { bench, alice, bob } = pair();
    const { invite, answer } = answered(bench, alice, bob, SUPPORT);
    for (const name of [alice.wic.aor, 'sip:carol@example.com']) {
      bob.hop.take();
      bench.receive(ofCallee('UPDATE', bob, invite, answer, { From: `<${name}>;tag=b` }), bob.hop);
      expect(bob.hop.lastResponse().reason).toBe('Forbidden (From and To are not those of the dialog)');
    }
    // Its own, under which it is registered, it may tell the caller (RFC 4916).
    bench.receive(ofCallee('UPDATE', bob, invite, answer, { From: `<${bob.wic.aor}>;tag=b` }), bob.hop);
    expect(alice.hop.take()).toEqual(['UPDATE']);
  });

  it('is known by the dialog only there: what begins something is judged by From', () => {
    const { bench, alice, bob } = pair();
    const { invite, answer } = answered(bench, alice, bob, SUPPORT);
    const cases: [Headers, string][] = [
      [{ To: `<${alice.wic.aor}>` }, 'From is not registered on this connection'],
      [{ 'Call-ID': 'another' }, 'Route is not that of the dialog'],
      [{ Route: '<sip:example.com;lr>' }, 'From is not registered on this connection'],
    ];
    for (const [headers, phrase] of cases) {
      bench.receive(ofCallee('INVITE', bob, invite, answer, headers), bob.hop);
      expect(bob.hop.lastResponse().reason).toBe(`Forbidden (${phrase})`);
    }
    expect(alice.hop.take()).toEqual([]);
  });

  it('reaches the other party of its dialog and nobody else by it', () => {
    const { bench, alice, bob } = pair();
    const carol = bench.register('carol');
    const { invite, answer } = answered(bench, alice, bob, SUPPORT);
    const other = answered(bench, carol, bob, bob.wic.aor);
    bob.hop.take();
    const [own = ''] = invite.headers.getList('Record-Route');
    const [, toCarol = ''] = other.invite.headers.getList('Record-Route');
    for (const routes of [[own], [own, toCarol]]) {
      const request = ofCallee('INFO', bob, invite, answer, { Route: routes.join(', ') });
      request.uri = carol.wic.contactUri;
      bench.receive(request, bob.hop);
      expect(bob.hop.lastResponse().reason).toBe('Forbidden (Route is not that of the dialog)');
    }
    expect(carol.hop.take()).toEqual([]);
  });

  it('pays for its requests with the allowance of the user it is registered as', () => {
    const { bench, alice, bob } = pair();
    const { invite, answer } = answered(bench, alice, bob, SUPPORT);
    const accounts: (string | undefined)[] = [];
    const admit = bench.admission.admitRequest.bind(bench.admission);
    bench.admission.admitRequest = (request, essentials, hop, account) => {
      accounts.push(account);
      return admit(request, essentials, hop, account);
    };
    bench.receive(ofCallee('INFO', bob, invite, answer), bob.hop);
    bench.receive(bob.wic.buildRegister({ expires: 0 }), bob.hop);
    for (const registration of bench.registrations.of(bob.hop))
      bench.registrations.end(registration.registrationId, 'expired');
    bench.receive(ofCallee('INFO', bob, invite, answer), bob.hop);
    const [registered, , gone] = accounts;
    expect(registered).toBe(bob.wic.aor);
    expect(gone).toMatch(/^device [\w-]{16}$/);
  });
});

describe('a client whose registration has ended in the middle of a call', () => {
  it.each(['requested', 'expired', 'removed'] as const)('(%s) still speaks in it, and begins nothing', (cause) => {
    const { bench, alice, bob } = pair();
    const { invite, answer } = answered(bench, alice, bob, bob.wic.aor);
    for (const { registrationId } of bench.registrations.of(bob.hop)) bench.registrations.end(registrationId, cause);
    for (const method of ['INVITE', 'INFO', 'BYE']) {
      bench.receive(ofCallee(method, bob, invite, answer), bob.hop);
      expect(alice.hop.take()).toEqual([method]);
    }
    bench.receive(bob.wic.build('MESSAGE', alice.wic.aor, alice.wic.aor), bob.hop);
    expect(bob.hop.lastResponse().reason).toBe('Forbidden (From is not registered on this connection)');
  });

  it('speaks in it as the anonymous caller it was', () => {
    const { bench, alice, bob } = pair();
    const anonymous = '<sip:anonymous@anonymous.invalid>;tag=1';
    const { invite, answer } = answered(bench, alice, bob, bob.wic.aor, { From: anonymous });
    for (const { registrationId } of bench.registrations.of(alice.hop))
      bench.registrations.end(registrationId, 'expired');
    const bye = alice.wic.build('BYE', bob.wic.contactUri, bob.wic.aor, {
      From: anonymous,
      To: answer.headers.get('To') ?? '',
      'Call-ID': invite.headers.get('Call-ID') ?? '',
      Route: invite.headers.getList('Record-Route').reverse().join(', '),
    });
    bench.receive(bye, alice.hop);
    expect(bob.hop.take()).toEqual(['BYE']);
  });

  it('and that comes back over another WebSocket has to register there first', () => {
    const { bench, alice, bob } = pair();
    const { invite, answer } = answered(bench, alice, bob, bob.wic.aor);
    bench.close(bob.hop);
    bob.hop = bench.addHop();
    bench.receive(ofCallee('INVITE', bob, invite, answer), bob.hop);
    expect(bob.hop.lastResponse().reason).toBe('Forbidden (dialog of another connection: register first)');
    bench.handle = new ProxyBench().handle;
    bench.receive(bob.wic.buildRegister(), bob.hop);
    bench.receive(ofCallee('INVITE', bob, invite, answer), bob.hop);
    expect(alice.hop.take()).toEqual(['INVITE']);
  });

  it('is in a call as far as its connection is concerned, until that has ended', () => {
    const { bench, alice, bob } = pair();
    bench.routeTo(bob);
    const stranger = bench.addHop();
    const inCall = () => [alice.hop, bob.hop, stranger].map((hop) => bench.layer.isInCall(hop));
    const contact = { Contact: `<${alice.wic.contactUri}>` };
    bench.receive(alice.wic.build('INVITE', bob.wic.aor, bob.wic.aor, contact), alice.hop);
    bench.receive(bob.wic.build('INVITE', alice.wic.aor, alice.wic.aor), stranger);
    const invite = bob.hop.lastRequest('INVITE');
    bench.receive(createResponse(invite, 180, { toTag: 'b' }), bob.hop);
    expect(inCall()).toEqual([true, true, false]);
    const answer = createResponse(invite, 200, { toTag: 'b' });
    bench.receive(answer, bob.hop);
    expect(inCall()).toEqual([true, true, false]);
    const bye = ofCallee('BYE', bob, invite, answer, { To: invite.headers.get('From') ?? '' });
    bench.receive(bye, bob.hop);
    bench.receive(createResponse(alice.hop.lastRequest('BYE'), 200), alice.hop);
    expect(inCall()).toEqual([false, false, false]);
  });
});

describe('before a core outside, a callee that was reached under another name', () => {
  it('speaks in its dialog, asserts nothing there, and keeps the Route set of the dialog', () => {
    const bench = new CoreBench();
    const alice = { wic: bench.registered('alice').wic, hop: bench.addHop() };
    const path = bench.registerAt(alice).headers.get('Path') ?? '';
    alice.hop.take();
    const invite = bench.fromCore('INVITE', alice.wic.contactUri, {
      To: '<sip:bob@example.com>',
      Route: path,
      Contact: '<sip:caller@192.0.2.50>',
      'Record-Route': CORE_ROUTE,
    });
    const received = alice.hop.lastRequest('INVITE');
    const answer = createResponse(received, 200, { toTag: 'a' });
    bench.receive(answer, alice.hop);
    for (const { registrationId } of bench.registrations.of(alice.hop))
      bench.registrations.end(registrationId, 'expired');
    for (const method of ['INVITE', 'ACK', 'BYE']) {
      const request = ofCallee(method, alice, received, answer, { 'P-Preferred-Identity': '<sip:bob@example.com>' });
      bench.receive(request, alice.hop);
      const { headers, uri } = bench.core.lastRequest(method);
      expect([uri, headers.getList('Route')]).toEqual(['sip:caller@192.0.2.50', [CORE_ROUTE]]);
      expect([headers.has('P-Asserted-Identity'), headers.has('P-Preferred-Identity')]).toEqual([false, false]);
    }
    expect(invite.headers.get('Call-ID')).toBe(received.headers.get('Call-ID'));
  });
});

describe('a client that has made a dialog with itself, under a name of its choice', () => {
  const BANK = 'sip:bank@example.com';
  const CALL = 'of-both-dialogs';
  const IN_DIALOG = ['MESSAGE', 'INVITE', 'INFO', 'NOTIFY', 'BYE'];

  /** carol's own two tokens of a dialog with herself as the bank. */
  function withItself(bench: ProxyBench, carol: Party): readonly string[] {
    bench.routeTo(carol);
    const self = { 'Call-ID': CALL, To: `<${BANK}>`, Contact: `<${carol.wic.contactUri}>` };
    bench.receive(carol.wic.build('INVITE', carol.wic.aor, BANK, self), carol.hop);
    const invite = carol.hop.lastRequest('INVITE');
    bench.receive(createResponse(invite, 200, { toTag: '1' }), carol.hop);
    return invite.headers.getList('Record-Route');
  }

  it('speaks under that to nobody else', () => {
    const { bench, bob } = pair();
    const carol = bench.register('carol');
    const { invite } = answered(bench, carol, bob, bob.wic.aor, { 'Call-ID': CALL });
    const [toBob = ''] = invite.headers.getList('Record-Route');
    const [asBank = '', asCarol = ''] = withItself(bench, carol);
    const remote = invite.headers.get('From') ?? '';
    for (const method of IN_DIALOG) {
      for (const to of ['<sip:bob@example.com>;tag=nothing', remote]) {
        for (const route of [`${asBank}, ${toBob}`, `${asCarol}, ${toBob}`, toBob, `${asBank}, ${asCarol}, ${toBob}`]) {
          const headers = { 'Call-ID': CALL, From: `"Your Bank" <${BANK}>;tag=1`, To: to, Route: route };
          bench.receive(carol.wic.build(method, bob.wic.contactUri, BANK, headers), carol.hop);
        }
      }
    }
    expect(bob.hop.take()).toEqual([]);
  });

  it('does so neither before a core outside, which would be shown the dialog of nobody', () => {
    const bench = new CoreBench();
    const carol: Party = bench.registered('carol');
    const path = bench.registerAt(carol).headers.get('Path') ?? '';
    const self = { 'Call-ID': CALL, To: `<${BANK}>`, From: '<sip:carol@example.com>;tag=c' };
    bench.fromCore('INVITE', carol.wic.contactUri, { ...self, Route: path, Contact: '<sip:x@192.0.2.50>' });
    const [asBank = ''] = carol.hop.lastRequest('INVITE').headers.getList('Record-Route');
    bench.receive(createResponse(carol.hop.lastRequest('INVITE'), 200, { toTag: '1' }), carol.hop);
    bench.core.take();
    for (const method of IN_DIALOG) {
      for (const to of ['<sip:victim@example.com>;tag=zz', '<sip:carol@example.com>;tag=zz']) {
        const headers = { 'Call-ID': CALL, From: `<${BANK}>;tag=1`, To: to, Route: asBank };
        bench.receive(carol.wic.build(method, 'sip:victim@example.com', BANK, headers), carol.hop);
        expect(carol.hop.lastResponse().reason).toBe('Forbidden (From and To are not those of the dialog)');
      }
    }
    const victims = [
      'sip:victim@example.com',
      'sip:victim@example.com;gr=urn:uuid:1',
      'sips:VICTIM@example.com:5061',
      'tel:+1900',
    ];
    for (const uri of victims) {
      const headers = { 'Call-ID': CALL, From: `<${BANK}>;tag=1`, To: self.From, Route: asBank };
      for (const method of ['MESSAGE', 'INVITE', 'INFO', 'ACK']) {
        bench.receive(carol.wic.build(method, uri, BANK, headers), carol.hop);
        const { reason } = carol.hop.lastResponse();
        if (method !== 'ACK') expect(reason).toBe('Forbidden (Request-URI is an address outside of the dialog)');
      }
    }
    expect(bench.core.take()).toEqual([]);
    for (const uri of ['sip:x@192.0.2.50', 'sip:carol@example.com;gr=urn:uuid:2', 'sip:gruu.x@example.com;gr']) {
      const headers = { 'Call-ID': CALL, From: `<${BANK}>;tag=1`, To: self.From, Route: asBank };
      bench.receive(carol.wic.build('INFO', uri, BANK, headers), carol.hop);
      expect(bench.core.take()).toEqual(['INFO']);
    }
  });
});

describe('a user who knows the Route set of a call of others', () => {
  it('cannot end it, with no entry of its own and with one of a call of the same Call-ID', () => {
    const { bench, alice, bob } = pair();
    const carol = bench.register('carol');
    const { invite, answer } = answered(bench, alice, bob, bob.wic.aor);
    const callId = invite.headers.get('Call-ID') ?? '';
    const [toBob = '', toAlice = ''] = invite.headers.getList('Record-Route');
    const own = answered(bench, carol, carol, carol.wic.aor, { 'Call-ID': callId });
    const [asCallee = '', asCaller = ''] = own.invite.headers.getList('Record-Route');
    for (const route of [toBob, toAlice, `${toAlice}, ${toBob}`, `${asCaller}, ${toBob}`, `${asCallee}, ${toAlice}`]) {
      const headers = { 'Call-ID': callId, To: answer.headers.get('To') ?? '', Route: route };
      bench.receive(carol.wic.build('BYE', bob.wic.contactUri, bob.wic.aor, headers), carol.hop);
      expect(carol.hop.take()).toEqual(['403']);
    }
    expect([alice.hop.take(), bob.hop.take()]).toEqual([[], []]);
  });
});

describe('a dialog that a NOTIFY has begun (RFC 6665)', () => {
  it.each(['INFO', 'SUBSCRIBE', 'NOTIFY'])('goes on by its Route set, with %s of either side', (method) => {
    const { bench, alice, bob } = pair();
    bench.routeTo(bob);
    const contact = { Contact: `<${alice.wic.contactUri}>`, To: `<${SUPPORT}>` };
    bench.receive(alice.wic.build('SUBSCRIBE', SUPPORT, SUPPORT, contact), alice.hop);
    const subscribe = bob.hop.lastRequest('SUBSCRIBE');
    const accepted = createResponse(subscribe, 200, { toTag: 'b' });
    bench.receive(ofCallee('NOTIFY', bob, subscribe, accepted), bob.hop);
    const notify = alice.hop.lastRequest('NOTIFY');
    for (const { registrationId } of bench.registrations.all) bench.registrations.end(registrationId, 'expired');
    bench.receive(
      alice.wic.build(method, bob.wic.contactUri, SUPPORT, {
        From: notify.headers.get('To') ?? '',
        To: notify.headers.get('From') ?? '',
        'Call-ID': notify.headers.get('Call-ID') ?? '',
        Route: notify.headers.getList('Record-Route').join(', '),
      }),
      alice.hop,
    );
    bench.receive(ofCallee(method, bob, subscribe, accepted), bob.hop);
    expect([bob.hop.take().at(-1), alice.hop.take().at(-1)]).toEqual([method, method]);
  });
});

describe('a client that comes back with another Contact in midst of a call', () => {
  it('is known by the name that it is registered under', () => {
    const { bench, alice, bob } = pair();
    const { invite, answer } = answered(bench, alice, bob, bob.wic.aor);
    bench.close(bob.hop);
    const again: Party = { wic: bob.wic, hop: bench.addHop() };
    bench.handle = new ProxyBench().handle;
    bench.receive(bob.wic.buildRegister({ contact: '<sip:another@h.invalid;transport=ws>' }), again.hop);
    bench.receive(ofCallee('BYE', again, invite, answer), again.hop);
    expect(alice.hop.take()).toEqual(['BYE']);
  });
});

describe('a dialog that has ended', () => {
  const REFUSED = 'Forbidden (dialog has ended)';
  const TALK = ['MESSAGE', 'INFO', 'INVITE', 'NOTIFY'];

  function refusals(bench: ProxyBench, bob: Party, invite: SipRequest, answer: SipResponse): unknown[] {
    return TALK.map((method) => {
      bench.receive(ofCallee(method, bob, invite, answer), bob.hop);
      return bob.hop.lastResponse().reason;
    });
  }

  it.each(['caller', 'callee'])('lets its callee speak no more in a name that is not its own: BYE of the %s', (who) => {
    const { bench, alice, bob } = pair();
    const { invite, answer } = answered(bench, alice, bob, SUPPORT);
    const ofCaller = alice.wic.build('BYE', bob.wic.contactUri, SUPPORT, {
      From: invite.headers.get('From') ?? '',
      To: answer.headers.get('To') ?? '',
      'Call-ID': invite.headers.get('Call-ID') ?? '',
      Route: invite.headers.getList('Record-Route').reverse().join(', '),
    });
    if (who === 'caller') bench.receive(ofCaller, alice.hop);
    else bench.receive(ofCallee('BYE', bob, invite, answer), bob.hop);
    for (const { hop } of [alice, bob]) hop.take();
    bench.clock.advance(3_600_000);
    expect(refusals(bench, bob, invite, answer)).toEqual(TALK.map(() => REFUSED));
    expect(alice.hop.take()).toEqual([]);
    // Both may hang up at the same time.
    bench.receive(ofCallee('BYE', bob, invite, answer), bob.hop);
    expect(alice.hop.take()).toEqual(['BYE']);
  });

  it('is one too that was refused, or called off, until it is tried again', () => {
    const { bench, alice, bob } = pair();
    bench.routeTo(bob);
    const invited = alice.wic.build('INVITE', SUPPORT, SUPPORT, { Contact: `<${alice.wic.contactUri}>` });
    bench.receive(invited, alice.hop);
    const invite = bob.hop.lastRequest('INVITE');
    const ringing = createResponse(invite, 180, { toTag: 'b' });
    bench.receive(ringing, bob.hop);
    bench.receive(createResponse(invite, 422, { toTag: 'b' }), bob.hop);
    expect(refusals(bench, bob, invite, ringing)).toEqual(TALK.map(() => REFUSED));
    invited.headers.set('CSeq', '777 INVITE');
    invited.headers.set('Via', 'SIP/2.0/WSS a.invalid;branch=z9hG4bKagain');
    bench.receive(invited, alice.hop);
    const again = bob.hop.lastRequest('INVITE');
    const answer = createResponse(again, 200, { toTag: 'b' });
    bench.receive(answer, bob.hop);
    alice.hop.take();
    bench.receive(ofCallee('INFO', bob, again, answer), bob.hop);
    expect(alice.hop.take()).toEqual(['INFO']);
  });

  it('is not that of another device which answered the same call', () => {
    const { bench, alice, bob } = pair();
    const second = bench.register('bob');
    bench.routeTo(bob, second);
    const contact = { Contact: `<${alice.wic.contactUri}>` };
    bench.receive(alice.wic.build('INVITE', SUPPORT, SUPPORT, contact), alice.hop);
    const [one, two] = [bob, second].map((party) => {
      const invite = party.hop.lastRequest('INVITE');
      return { party, invite, answer: createResponse(invite, 200, { toTag: party.hop.id }) };
    });
    if (!one || !two) throw new Error('nobody was called');
    for (const { party, answer } of [one, two]) bench.receive(answer, party.hop);
    bench.receive(ofCallee('BYE', one.party, one.invite, one.answer), one.party.hop);
    alice.hop.take();
    bench.receive(ofCallee('INFO', two.party, two.invite, two.answer), two.party.hop);
    expect(alice.hop.take()).toEqual(['INFO']);
  });
});

describe('a party that is not registered any more', () => {
  it('begins nothing with the tags of its dialog: neither PUBLISH, nor anything to another To', () => {
    const bench = new CoreBench();
    const alice: Party = bench.registered('alice');
    const invite = bench.sent(alice, 'INVITE', { Contact: `<${alice.wic.contactUri}>` });
    const answer = createResponse(invite, 200, { toTag: 'b' });
    answer.headers.append('Contact', '<sip:bob@192.0.2.50>');
    bench.receive(answer, bench.core);
    const heard = alice.hop.lastResponse().headers;
    for (const { registrationId } of bench.registrations.all) bench.registrations.end(registrationId, 'requested');
    bench.core.take();
    const send = (method: string, to: string): void => {
      const headers = {
        From: heard.get('From') ?? '',
        To: to,
        'Call-ID': heard.get('Call-ID') ?? '',
        Route: heard.getList('Record-Route').reverse().join(', '),
      };
      bench.receive(alice.wic.build(method, 'sip:+1900@example.com', to, headers), alice.hop);
    };
    send('PUBLISH', heard.get('To') ?? '');
    for (const method of ['INVITE', 'MESSAGE', 'SUBSCRIBE']) send(method, '<sip:+1900@example.com>;tag=b');
    expect(bench.core.take()).toEqual([]);
    send('BYE', heard.get('To') ?? '');
    expect(bench.core.take()).toEqual(['BYE']);
  });
});
