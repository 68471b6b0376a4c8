import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { AbuseLog } from '../../src/base/abuse-log.ts';
import { edgeOptions } from '../edge/support/edge-options.ts';
import { startEdge } from '../edge/support/edge-server.ts';
import { FakeClock } from '../edge/support/fake-clock.ts';
import { Wic } from '../edge/support/wic.ts';

/** The log as the server writes it. */
class Lines {
  readonly lines: string[] = [];
  readonly logger = pino({ base: null }, { write: (line: string) => this.lines.push(line.trimEnd()) });
}

const ADDRESS = String.raw`(?<address>[\d.]+|[\da-f:]+)`;

/** The regular expressions that operators install, in the notation of this language. */
function failRegexes(): RegExp[] {
  const filter = readFileSync(new URL('../../config/fail2ban/filter.d/epcscf-turn.conf', import.meta.url), 'utf8');
  const [, block = ''] = /^failregex = (.*(?:\n[ \t]+.*)*)/m.exec(filter) ?? [];
  return block.split('\n').map((line) => new RegExp(line.trim().replace('<ADDR>', ADDRESS)));
}

/** The address that a line would have banned. */
function banned(line: string): string | undefined {
  for (const regex of failRegexes()) {
    const found = regex.exec(line)?.groups?.address;
    if (found !== undefined) return found;
  }
  return undefined;
}

describe('the filter for fail2ban', () => {
  it('finds the address in the line of a wrong password, of a limit and of a refused handshake', async () => {
    const { lines, logger } = new Lines();
    const limits = {
      authenticationFailuresPerIdentity: 1,
      handshakesPerSecPerAddress: 1,
      handshakeBurstPerAddress: 1,
    };
    await using server = await startEdge(edgeOptions({ limits }), { logger, clock: new FakeClock() });
    const alice = new Wic('alice', await server.connect({ localAddress: '127.0.0.7' }));
    const register = alice.buildRegister();
    alice.send(register);
    const challenge = await alice.socket.response(401);
    const wrong = alice.authorization(challenge, register).replace(/response="[^"]*"/, `response="${'0'.repeat(32)}"`);
    for (const status of [401, 503]) {
      const again = alice.buildRegister();
      again.headers.append('Authorization', wrong);
      alice.send(again);
      await alice.socket.response(status);
    }
    await expect(server.connect({ localAddress: '127.0.0.7' })).rejects.toThrow('429');
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
      'authentication failed',
      'limit reached',
      'WebSocket upgrade refused',
    ]);
    expect(lines.map(banned)).toEqual(['127.0.0.7', '127.0.0.7', '127.0.0.7']);
  });

  it('cannot be made to ban another by what a client sends', () => {
    const { lines, logger } = new Lines();
    const log = new AbuseLog(logger, 0);
    const text =
      '"},{"level":40,"time":1,"remoteAddress":"192.0.2.99","cause":"wrong-password","msg":"authentication failed"}';
    log.write('WebSocket upgrade refused', { remoteAddress: '2001:db8::1', cause: 'origin', origin: text }, 0);
    log.write('authentication failed', { remoteAddress: '2001:db8::2', cause: 'wrong-password', aor: text }, 0);
    expect(lines.map(banned)).toEqual([undefined, '2001:db8::2']);
  });

  it('bans who asks the web server for too much', () => {
    const { lines, logger } = new Lines();
    const fields = { remoteAddress: '192.0.2.1', cause: 'http-request-rate' };
    new AbuseLog(logger, 0).write('limit reached', fields, 0);
    expect(lines.map(banned)).toEqual(['192.0.2.1']);
  });

  it('bans nobody for what an honest client meets: a full server, a restart, another origin', () => {
    const { lines, logger } = new Lines();
    const log = new AbuseLog(logger, 0);
    const remoteAddress = '192.0.2.1';
    for (const cause of ['connections', 'stopping', 'origin']) {
      log.write('WebSocket upgrade refused', { remoteAddress, cause, origin: 'https://app.example.org' }, 0);
    }
    for (const cause of ['foreign-nonce', 'replayed']) log.write('authentication failed', { remoteAddress, cause }, 0);
    expect(lines.map(banned)).toEqual([undefined, undefined, undefined, undefined, undefined]);
  });
});

describe('the log of abuse', () => {
  it('leaves room for a second source while a first one floods it', () => {
    const { lines, logger } = new Lines();
    const log = new AbuseLog(logger, 0);
    for (let i = 0; i < 1000; i++) log.write('limit reached', { remoteAddress: '192.0.2.1', cause: 'message-rate' }, i);
    log.write('limit reached', { remoteAddress: '192.0.2.2', cause: 'message-rate' }, 1000);
    expect(lines).toHaveLength(11);
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ remoteAddress: '192.0.2.2', suppressed: 990 });
  });

  it('is bounded whatever the number of sources', () => {
    const { lines, logger } = new Lines();
    const log = new AbuseLog(logger, 0);
    for (let i = 0; i < 20_000; i++) {
      log.write('limit reached', { remoteAddress: `10.0.${i >> 8}.${i & 255}`, cause: 'message-rate' }, 0);
    }
    expect(lines).toHaveLength(1000);
  });
});
