import { count, inWaves, type Campaign } from './campaign.ts';
import { type Random } from './random.ts';
import { type RequestParts, SipClient } from './sip-client.ts';
import { DOMAIN } from './victim.ts';

const PAUSE_MS = 200;
const WAVE = 8;
/** Each stays in the table of failed logins longer than an attack of the tests lasts. */
const MAX_GUESSES = 2000;
/** Header fields that make a message nearly as large as one may be. */
export const PADDING = Array.from({ length: 8 }, (_, i) => `X-Padding-${i}: ${'x'.repeat(7700)}`);

/** Wrong passwords for users whom nobody knows, in messages as large as may be, from addresses that limits apply to. */
export async function guessPasswords(campaign: Campaign): Promise<void> {
  const random = campaign.random.fork('guesses');
  let guesses = 0;
  await inWaves(campaign, PAUSE_MS, async () => {
    if (guesses >= MAX_GUESSES) return;
    guesses += WAVE;
    const localAddress = limitedAddress(random);
    const client = await SipClient.connect(campaign.victim, {
      user: 'mallory',
      localAddress,
      random,
      patienceMs: 5000,
    }).catch(() => undefined);
    if (!client) return;
    const tries = Array.from({ length: WAVE }, () =>
      client.request(wrongPassword(client, random)).catch(() => undefined),
    );
    await Promise.all(tries);
    count(campaign, 'wrong passwords in large messages', WAVE);
    await client.close();
  });
}

/** The only ones of loopback that `attack.test.ts` does not exempt from limits by address. */
function limitedAddress(random: Random): string {
  return `127.0.1.${random.between(1, 250)}`;
}

/** A REGISTER that proves nothing, for somebody new each time. */
export function wrongPassword(client: SipClient, random: Random): RequestParts {
  const user = `somebody-whom-nobody-knows-${random.text(12)}`;
  const named = `username="${user}", realm="${DOMAIN}", nonce="${random.text(40)}", uri="sip:${DOMAIN}"`;
  const answer = `response="${random.text(32, '0123456789abcdef')}", algorithm=MD5, qop=auth, nc=00000001, cnonce="x"`;
  return {
    method: 'REGISTER',
    uri: `sip:${DOMAIN}`,
    to: `<sip:${user}@${DOMAIN}>`,
    headers: [`Contact: <${client.contact}>`, `Authorization: Digest ${named}, ${answer}`, ...PADDING],
  };
}
