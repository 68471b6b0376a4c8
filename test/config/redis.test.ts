import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseConfig } from '../../src/config/load.ts';
import { type ConfigInput } from '../../src/config/schema/tree.ts';
import { redisNode } from '../../src/config/schema/redis.ts';

function problemsOf(input: ConfigInput): string {
  try {
    parseConfig(input);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

it('is configured as the guide has it', () => {
  const guide = readFileSync('docs/guide/redis.md', 'utf8');
  const samples = [...guide.matchAll(/```yaml\n([^]*?)```/g)].map(([, text = '']) => text);
  expect(samples).toHaveLength(2);
  for (const text of samples) expect(problemsOf(parse(text) as ConfigInput), text).toBe('');
});

describe('redis', () => {
  it.each([
    ['redis://127.0.0.1', { host: '127.0.0.1', port: 6379, tls: false }],
    ['redis://redis.example.com:6380/', { host: 'redis.example.com', port: 6380, tls: false }],
    ['rediss://[2001:db8::1]:6380', { host: '2001:db8::1', port: 6380, tls: true }],
  ])('%s is a server', (url, node) => {
    expect(problemsOf({ redis: { servers: [url] } })).toBe('');
    expect(redisNode(url)).toEqual(node);
  });

  it.each([
    'http://redis.example.com',
    'redis://user:secret@redis.example.com',
    'redis://redis.example.com:0',
    'redis://redis.example.com:65536',
    'redis://redis.example.com/3',
    'redis://[nothing]:6379',
    'redis://',
  ])('%s is no server', (url) => {
    expect(problemsOf({ redis: { servers: [url] } })).toMatch(/^redis\.servers\.0: expected redis:\/\/host:port/);
  });

  const servers = ['redis://a.example', 'redis://b.example'];
  it.each<[string, ConfigInput, string]>([
    ['two servers that are no cluster', { redis: { servers } }, 'redis.servers: expected one server'],
    ['sentinels that are nowhere', { redis: { kind: 'sentinel' } }, 'redis.servers: expected at least one server'],
    [
      'TLS to some alone',
      { redis: { kind: 'cluster', servers: ['redis://a.example', 'rediss://b.example'] } },
      'redis.servers: expected redis:// or rediss:// for all of them',
    ],
    ['a database of a cluster', { redis: { kind: 'cluster', servers, database: 1 } }, 'redis.database: expected 0'],
    ['a user without a password', { redis: { username: 'turn' } }, 'redis.passwordFile: expected a password'],
    ['two passwords', { redis: { password: 'a', passwordFile: 'b' } }, 'redis: expected one of "password"'],
    ['a key without its certificate', { redis: { tls: { keyFile: 'b' } } }, 'redis.tls.certFile: expected'],
    [
      'delivery to nowhere',
      {
        turn: { enabled: false },
        edge: { credential: { uris: ['turn:turn.example.com'] } },
        credentials: { approach: 'delivered' },
      },
      'redis.servers: expected a Redis, because credentials.approach is delivered and turn.enabled is false',
    ],
    [
      'users by a hash',
      { turn: { usernameAnonymity: true }, redis: { servers: ['redis://a.example'] } },
      'turn.usernameAnonymity: expected false',
    ],
    [
      'no MD5',
      { turn: { passwordAlgorithms: ['sha256'] }, credentials: { approach: 'delivered' } },
      'turn.passwordAlgorithms: expected md5 among them',
    ],
  ])('says what is wrong with %s', (_what, input, problem) => {
    expect(problemsOf(input)).toContain(problem);
  });
});
