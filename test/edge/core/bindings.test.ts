import { describe, expect, it } from 'vitest';
import { parseContacts } from '../../../src/sip/contact.ts';
import { type SipResponse } from '../../../src/sip/message.ts';
import { edgeOptions } from '../support/edge-options.ts';
import { type EdgeServer, startEdge } from '../support/edge-server.ts';
import { calleeDialog, callerDialog, Wic } from '../support/wic.ts';

async function connected(server: EdgeServer, user: string): Promise<Wic> {
  return new Wic(user, await server.connect());
}

async function registered(server: EdgeServer, user: string): Promise<Wic> {
  const wic = await connected(server, user);
  await wic.register();
  return wic;
}

function urisOf(response: SipResponse): string[] {
  const contacts = parseContacts(response.headers);
  return contacts.ok && contacts.value !== '*' ? contacts.value.map(({ uri }) => uri) : [];
}

/** A parameter of the only Contact, without its quotes. */
function contactParam(response: SipResponse, name: string): string | undefined {
  const contacts = parseContacts(response.headers);
  return contacts.ok && contacts.value !== '*' ? contacts.value[0]?.params.get(name) : undefined;
}

const PLAIN = { Supported: 'path' };

describe('bindings of one user', () => {
  it.each([
    'sip:x@H.INVALID;transport=ws',
    'sip:x@h.invalid;transport=WS',
    'sip:%78@h.invalid;transport=ws',
    'SIP:x@h.invalid;TRANSPORT=ws',
    'sip:x@h.invalid;transport=ws;ob',
  ])(
    'are one where the Contact is spelled as %s the next time, and Expires 0 with that spelling ends it',
    async (other) => {
      await using server = await startEdge(edgeOptions());
      const [alice, bob] = [await registered(server, 'alice'), await connected(server, 'bob')];
      await bob.register({ contact: '<sip:x@h.invalid;transport=ws>', headers: PLAIN });
      expect(urisOf(await bob.register({ contact: `<${other}>`, headers: PLAIN }))).toEqual([other]);

      alice.send(alice.build('MESSAGE', bob.aor, bob.aor));
      bob.reply(await bob.socket.request('MESSAGE'), 200);
      await alice.socket.response(200, 'MESSAGE');
      expect(bob.socket.unread).not.toContain('MESSAGE');
      expect(urisOf(await bob.register({ contact: `<${other}>`, expires: 0, headers: PLAIN }))).toEqual([]);
      expect(server.edge.snapshot().registrations.map(({ aor }) => aor)).toEqual([alice.aor]);
    },
  );

  it.each([
    ['with', {}],
    ['without', PLAIN],
  ])(
    'are refreshed by a REGISTER that says the same again, %s GRUUs, and listed beside those of others',
    async (_with, plain) => {
      await using server = await startEdge(edgeOptions());
      const bob = await connected(server, 'bob');
      const headers = { ...plain, From: `<${bob.aor}>;tag=kept` };
      const again = async (): Promise<readonly (string | undefined)[]> => {
        const { headers: answered } = await bob.register({ headers });
        const params = [...answered.getAll('Contact')].map((text) => /;expires=\d+/.exec(text)?.[0]);
        return [...params, answered.get('Supported'), answered.get('Require'), answered.get('Date')?.slice(-3)];
      };
      const alone = await again();
      expect(alone.slice(0, -1)).toEqual([
        ';expires=600',
        ...('Supported' in plain ? [undefined, undefined] : ['outbound, path', 'outbound']),
      ]);
      for (let i = 0; i < 3; i++) expect(await again()).toEqual(alone);

      const other = await registered(server, 'bob');
      expect(await again()).toEqual([expect.stringMatching(/^;expires=(?:600|599)$/), ...alone]);
      await other.register({ expires: 0 });
      for (let i = 0; i < 3; i++) expect(await again()).toEqual(alone);

      bob.send(bob.buildRegister({ headers }));
      const challenge = await bob.socket.response(401, 'REGISTER');
      const late = bob.buildRegister({ headers: { ...headers, CSeq: '1 REGISTER' } });
      late.headers.append('Authorization', bob.authorization(challenge, late));
      bob.send(late);
      await bob.socket.response(500, 'REGISTER');
      expect(server.edge.snapshot().registrations).toHaveLength(1);
      bob.socket.webSocket.terminate();
      await expect.poll(() => server.edge.snapshot().registrations.length).toBe(0);
    },
  );

  it('stay two where parameters of the Contacts have different values', async () => {
    await using server = await startEdge(edgeOptions());
    const bob = await connected(server, 'bob');
    await bob.register({ contact: '<sip:x@h.invalid;line=1>', headers: PLAIN });
    expect(urisOf(await bob.register({ contact: '<sip:x@h.invalid;line=2>', headers: PLAIN }))).toHaveLength(2);
  });

  it('are one where a client leaves outbound out of its next REGISTER, and may be ended without it', async () => {
    await using server = await startEdge(edgeOptions());
    const bob = await registered(server, 'bob');
    expect(urisOf(await bob.register({ headers: PLAIN }))).toEqual([bob.contactUri]);
    expect(server.edge.snapshot().registrations).toHaveLength(1);
    expect(urisOf(await bob.register())).toEqual([bob.contactUri]);
    expect(urisOf(await bob.register({ expires: 0, headers: PLAIN }))).toEqual([]);
    expect(server.edge.snapshot().registrations).toEqual([]);
  });

  it('get one INVITE for a device with two flows, over the newer one, and over the other where that is gone', async () => {
    await using server = await startEdge(edgeOptions());
    const [alice, bob] = [await registered(server, 'alice'), await registered(server, 'bob')];
    const first = bob.socket;
    bob.socket = await server.connect();
    const contact = bob.contact.replace('reg-id=1', 'reg-id=2');
    await bob.register({ contact, headers: { 'Call-ID': 'second-flow' } });
    const second = bob.socket;

    alice.invite(bob.aor);
    bob.reply(await second.request('INVITE'), 486);
    await alice.socket.response(486);
    expect(first.unread).not.toContain('INVITE');

    alice.invite(bob.aor);
    bob.reply(await second.request('INVITE'), 503);
    await alice.socket.response(500, 'INVITE');
    expect(first.unread).not.toContain('INVITE');

    await second.close();
    alice.invite(bob.aor);
    bob.socket = first;
    bob.reply(await first.request('INVITE'), 486);
    await alice.socket.response(486);
  });

  it('keep the quotes of the parameters that a client gave its Contact', async () => {
    await using server = await startEdge(edgeOptions());
    const bob = await connected(server, 'bob');
    const features = `methods="INVITE";mobility="fixed";+sip.ice;+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp";language=en`;
    const ok = await bob.register({ contact: `"B" <${bob.contactUri}>;expires=600;${features}` });
    expect(ok.headers.get('Contact')).toBe(`"B" <${bob.contactUri}>;${features};expires=600`);
  });
});

describe('a refused REGISTER', () => {
  it('of too many Contacts changes nothing: the client speaks on', async () => {
    await using server = await startEdge(edgeOptions({ registration: { contactsPerUser: 3 } }));
    const [alice, bob] = [await registered(server, 'alice'), await registered(server, 'bob')];
    const more = Array.from({ length: 3 }, (_, n) => `<sip:more${n}@h.invalid>`);
    await bob.register({ contact: [bob.contact, ...more].join(', ') }, 480);
    bob.send(bob.build('MESSAGE', alice.aor, alice.aor));
    alice.reply(await alice.socket.request('MESSAGE'), 200);
    await bob.socket.response(200, 'MESSAGE');
  });

  it('in the name of another user changes nothing either', async () => {
    await using server = await startEdge(edgeOptions());
    const [alice, bob] = [await registered(server, 'alice'), await registered(server, 'bob')];
    await bob.register({ headers: { From: `<${alice.aor}>;tag=1` } }, 403);
    bob.send(bob.build('MESSAGE', alice.aor, alice.aor));
    alice.reply(await alice.socket.request('MESSAGE'), 200);
    await bob.socket.response(200, 'MESSAGE');
  });
});

describe('a GRUU', () => {
  it('is given to a client that supports it, public and temporary, and to no other', async () => {
    await using server = await startEdge(edgeOptions());
    const bob = await connected(server, 'bob');
    const first = await bob.register({ contact: `${bob.contact};pub-gruu="sip:made@up";temp-gruu="sip:made@up"` });
    expect(contactParam(first, 'pub-gruu')).toBe(`sip:bob@example.com;gr=${bob.instance}`);
    expect(contactParam(first, 'temp-gruu')).toMatch(/^sip:gruu\.[\w-]{22}@example\.com;gr$/);
    const second = await bob.register();
    expect(contactParam(second, 'temp-gruu')).not.toBe(contactParam(first, 'temp-gruu'));
    const plain = await bob.register({ headers: { Supported: 'path,outbound' } });
    expect(plain.headers.get('Contact')).not.toContain('gruu');
  });

  it('leads to its device alone: 480 when that is away, 404 for a temporary one that has ended', async () => {
    await using server = await startEdge(edgeOptions());
    const [alice, desk, mobile] = [
      await registered(server, 'alice'),
      await connected(server, 'bob'),
      await registered(server, 'bob'),
    ];
    const ok = await desk.register();
    const contacts = parseContacts(ok.headers);
    const own =
      contacts.ok && contacts.value !== '*' ? contacts.value.find(({ uri }) => uri === desk.contactUri) : undefined;
    const [pub, temp] = [own!.params.get('pub-gruu')!, own!.params.get('temp-gruu')!];
    for (const gruu of [pub, temp, pub.toUpperCase().replace('SIP:BOB', 'sip:bob')]) {
      alice.send(alice.build('MESSAGE', gruu, gruu));
      const message = await desk.socket.request('MESSAGE');
      expect(message.uri).toBe(desk.contactUri);
      desk.reply(message, 200);
      await alice.socket.response(200, 'MESSAGE');
    }
    expect(mobile.socket.unread).not.toContain('MESSAGE');

    await desk.register({ expires: 0 });
    alice.send(alice.build('MESSAGE', pub, pub));
    await alice.socket.response(480);
    alice.send(alice.build('MESSAGE', temp, temp));
    await alice.socket.response(404);
    alice.send(alice.build('MESSAGE', `sip:gruu.${'A'.repeat(22)}@example.com;gr`, temp));
    await alice.socket.response(404);
  });

  it('that is temporary ends when the device registers anew under another Call-ID, and not while it refreshes', async () => {
    await using server = await startEdge(edgeOptions());
    const [alice, bob] = [await registered(server, 'alice'), await connected(server, 'bob')];
    const temp = contactParam(await bob.register(), 'temp-gruu')!;
    await bob.register();
    alice.send(alice.build('MESSAGE', temp, temp));
    bob.reply(await bob.socket.request('MESSAGE'), 200);
    await alice.socket.response(200, 'MESSAGE');
    await bob.register({ headers: { 'Call-ID': 'started-anew' } });
    alice.send(alice.build('MESSAGE', temp, temp));
    await alice.socket.response(404);
  });

  it('as the Contact of an anonymous caller lets the callee hang up: the caller is asked under its own Contact', async () => {
    await using server = await startEdge(edgeOptions());
    const [alice, bob] = [await connected(server, 'alice'), await registered(server, 'bob')];
    const temp = contactParam(await alice.register(), 'temp-gruu')!;
    const anonymous = '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=a';
    alice.invite(bob.aor, 'v=0\r\n', { From: anonymous, Contact: `<${temp}>` });
    const incoming = await bob.socket.request('INVITE');
    const answer = bob.reply(incoming, 200);
    const accepted = await alice.socket.response(200, 'INVITE');
    alice.inDialog('ACK', callerDialog(accepted), { From: anonymous, CSeq: '1 ACK' });
    bob.inDialog('BYE', calleeDialog(incoming, answer));
    const bye = await alice.socket.request('BYE');
    expect(bye.uri).toBe(alice.contactUri);
    alice.reply(bye, 200);
    await bob.socket.response(200, 'BYE');
  });

  it('as the Contact of one of two users on a connection keeps their dialogs apart', async () => {
    await using server = await startEdge(edgeOptions());
    const [alice, carol, bob] = [
      await connected(server, 'alice'),
      await connected(server, 'carol'),
      await registered(server, 'bob'),
    ];
    await alice.register();
    carol.socket = alice.socket;
    const pub = contactParam(await carol.register(), 'pub-gruu')!;
    carol.invite(bob.aor, 'v=0\r\n', { Contact: `<${pub}>` });
    const incoming = await bob.socket.request('INVITE');
    const answer = bob.reply(incoming, 200);
    await carol.socket.response(200, 'INVITE');
    bob.inDialog('BYE', calleeDialog(incoming, answer));
    expect((await carol.socket.request('BYE')).uri).toBe(carol.contactUri);
  });
});
