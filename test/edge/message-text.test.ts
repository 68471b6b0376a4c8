import { describe, expect, it } from 'vitest';
import { parseTurnCredential } from '../sip/received-credential.ts';
import { edgeOptions } from './support/edge-options.ts';
import { startEdge } from './support/edge-server.ts';
import { Wic } from './support/wic.ts';

const PATIENT = { timeout: 10_000 };

describe('the text of a message in its event', () => {
  it('is the whole message without passwords and proofs, where it was asked for', async () => {
    await using server = await startEdge(edgeOptions(), { messageText: true });
    const alice = new Wic('alice', await server.connect());
    const { headers } = await alice.register({ headers: { 'TURN-Cred-Req': 'turn' } });
    await expect.poll(() => server.events.named('message').at(-1)?.status, PATIENT).toBe(200);
    const texts = server.events.named('message').map(({ text }) => text ?? '');
    expect(texts).toHaveLength(8);
    const [first = '', , , challenge = '', second = '', toCore = ''] = texts;
    expect(first).toMatch(/^REGISTER sip:example\.com SIP\/2\.0\r\nVia: [^]*\r\n\r\n$/);
    expect(challenge).toMatch(/^SIP\/2\.0 401 Unauthorized\r\n/);
    expect(second).toContain('TURN-Cred-Req: turn\r\n');
    expect(toCore).not.toContain('TURN-Cred-Req');
    expect(second).toMatch(/\r\nAuthorization: Digest username="alice",.* response="\[masked\]"/);
    expect(texts.at(-1)).toContain(
      `\r\nTURN-Username: ${headers.get('TURN-Username')!}\r\nTURN-Password: [masked]\r\n`,
    );
    const credential = parseTurnCredential(headers);
    expect(credential).toMatchObject({ kind: 'credential' });
    for (const text of texts) expect(text).not.toContain((credential as { password: string }).password);
  });

  it('is absent otherwise', async () => {
    await using server = await startEdge(edgeOptions());
    const alice = new Wic('alice', await server.connect());
    await alice.register();
    for (const event of server.events.named('message')) expect(event).not.toHaveProperty('text');
  });
});
