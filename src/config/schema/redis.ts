import { isIP } from 'node:net';
import * as z from 'zod';
import { filePath, flag, hostName, secretPath, secretText, section, wholeNumber } from './fields.ts';

const SERVER = /^(rediss?):\/\/(\[[\da-f:.]+\]|[a-z0-9.-]+)(?::(\d{1,5}))?\/?$/i;

const server = z
  .string()
  .refine((text) => {
    const [, , host = '', port = '6379'] = SERVER.exec(text) ?? [];
    return (
      host !== '' &&
      Number(port) > 0 &&
      Number(port) <= 65_535 &&
      (!host.startsWith('[') || isIP(host.slice(1, -1)) === 6)
    );
  })
  .meta({
    expected:
      'redis://host:port, or rediss://host:port with TLS; user, password and database have keys of their own, beside it',
  });

/** Where a `redis://` URL of the configuration leads. */
export function redisNode(url: string): { readonly host: string; readonly port: number; readonly tls: boolean } {
  const [, scheme = '', host = '', port = '6379'] = SERVER.exec(url) ?? [];
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port), tls: scheme.toLowerCase() === 'rediss' };
}

const tls = section(
  {
    caFile: filePath.optional().meta({
      description: 'PEM bundle of the CAs that certificates of Redis are checked against.',
      defaultText: 'the CAs that Node.js trusts',
    }),
    certFile: filePath
      .optional()
      .meta({ description: 'PEM certificate that this server shows to Redis.', defaultText: 'none' }),
    keyFile: secretPath.optional().meta({ description: 'PEM private key of that certificate.', defaultText: 'none' }),
    serverName: hostName.optional().meta({
      description: 'Name that the certificate of Redis must have.',
      defaultText: 'the host of the URL',
    }),
  },
  'TLS towards `rediss://` servers.',
);

export const redisSection = section(
  {
    kind: z.enum(['server', 'sentinel', 'cluster']).default('server').meta({
      description:
        'What `servers` are. `server`: one Redis or Valkey. `sentinel`: sentinels that know where it is. `cluster`: nodes of a Redis Cluster.',
    }),
    servers: z.array(server).default([]).meta({
      description: 'Where Redis is found. With sentinels or a cluster, some that lead to the others.',
      defaultText: 'none: no Redis',
    }),
    masterName: z
      .string()
      .regex(/^[\w.-]{1,64}$/)
      .default('mymaster')
      .meta({
        description: 'Name under which the sentinels know the master.',
        expected: 'up to 64 letters, digits, ".", "_" or "-"',
      }),
    username: z.string().min(1).optional().meta({
      description: 'ACL user.',
      expected: 'text that is not empty',
      defaultText: 'the user `default`',
    }),
    password: secretText
      .optional()
      .meta({ description: 'Password of the ACL user.', secret: true, defaultText: 'none' }),
    passwordFile: secretPath.optional().meta({
      description: 'File that holds the password; one newline at its end is not part of it.',
      defaultText: 'none',
    }),
    sentinelPassword: secretText
      .optional()
      .meta({ description: 'Password of the sentinels.', secret: true, defaultText: 'none' }),
    sentinelPasswordFile: secretPath
      .optional()
      .meta({ description: 'File that holds the password of the sentinels.', defaultText: 'none' }),
    database: wholeNumber(0, 65_535, 0, 'Number of the database. A cluster has 0 alone.'),
    tls,
    timeoutMs: wholeNumber(
      50,
      10_000,
      1000,
      'Milliseconds after which a command counts as failed. A Redis that answers none of them counts as away.',
    ),
    maxWaiting: wholeNumber(1, 1_000_000, 10_000, 'Most commands that wait for Redis. Further ones fail at once.'),
    users: flag(true, 'Let the TURN server honour the users in Redis. If it does, it offers clients MD5 keys alone.'),
    rememberedUsers: wholeNumber(
      1,
      10_000_000,
      100_000,
      'Most users whom the TURN server remembers, to serve them while Redis is away.',
    ),
    publishAllocations: flag(
      false,
      'Publish the state and the traffic of allocations as coturn does, for dashboards that subscribe to `turn/realm/…`.',
    ),
  },
  'Redis or Valkey, in the layout of coturn: users that the TURN server honours, and credentials of approach 2.',
);
