import * as z from 'zod';
import {
  exactlyOne,
  filePath,
  flag,
  hostName,
  ipAddress,
  ipRange,
  portNumber,
  seconds,
  secretText,
  secretPath,
  section,
  wholeNumber,
} from './fields.ts';

const userPassword = exactlyOne('password');

const user = z
  .strictObject({
    name: z
      .string()
      .regex(/^[\w.!~*'()+-]{1,64}$/)
      .meta({ description: 'User part of the SIP URI.', expected: 'a SIP user name of up to 64 characters' }),
    password: secretText.optional().meta({ description: 'Digest password.', secret: true }),
    passwordFile: secretPath.optional().meta({ description: 'File that holds the password.' }),
  })
  .refine(userPassword.check, userPassword.params);

const digest = section(
  {
    algorithms: z
      .array(z.enum(['SHA-256', 'MD5']))
      .min(1)
      .default(['SHA-256', 'MD5'])
      .meta({
        description:
          'Algorithms of the challenges, in the order in which they are sent. JsSIP takes the last one, and knows MD5 only.',
      }),
    nonceLifetimeSec: seconds(10, 86_400, 300, 'Lifetime of a digest nonce in seconds.'),
  },
  'SIP digest of the embedded core (RFC 7616, RFC 8760).',
);

const CORE_URI =
  /^sips?:(?:\[[\da-f:.]+\]|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::\d{1,5})?(?:;(?:transport=(?:udp|tcp|tls)|lr))*$/i;
const coreUri = z
  .string()
  .regex(CORE_URI)
  .meta({ expected: 'a SIP URI without a user, such as sip:icscf.ims.example.com;transport=tcp' });

const listen = section(
  {
    addresses: z
      .array(ipAddress)
      .min(1)
      .default(['127.0.0.1'])
      .meta({ description: 'Local addresses towards an external core.' }),
    port: portNumber.default(5060).meta({ description: 'UDP and TCP port; 0 lets the system choose.' }),
    tlsPort: portNumber
      .optional()
      .meta({ description: 'TLS port.', defaultText: 'none: the core does not call by TLS' }),
    publicHost: z.union([hostName, ipAddress]).optional().meta({
      description: 'Host of the edge in Via, Path and Record-Route towards the core.',
      expected: 'a host name or an IP address',
      defaultText: 'the first of `edge.core.listen.addresses`',
    }),
  },
  'Where an external core reaches this edge.',
);

const tls = section(
  {
    certFile: filePath.optional().meta({
      description: 'PEM certificate shown to an external core.',
      defaultText: 'that of `tls.certFile`',
    }),
    keyFile: secretPath
      .optional()
      .meta({ description: 'PEM private key of that certificate.', defaultText: 'that of `tls.keyFile`' }),
    caFile: filePath.optional().meta({
      description: 'PEM bundle of the CAs that sign the certificates of an external core.',
      defaultText: 'those the system trusts',
    }),
    requireClientCertificate: flag(
      true,
      'A core that connects by TLS must show a certificate that one of these CAs has signed.',
    ),
  },
  'TLS towards an external core.',
);

const dnsServer = z
  .string()
  .regex(/^(?:[\d.]+|[\da-f:]*:[\da-f:.]*)$|^(?:[\d.]+|\[[\da-f:.]+\]):\d{1,5}$/i)
  .meta({ expected: 'an address, or address:port with IPv6 in brackets' });

const probe = section(
  {
    intervalSec: seconds(1, 3600, 30, 'Seconds between two OPTIONS to a core that answers.'),
    timeoutSec: seconds(1, 32, 4, 'Seconds after which a core that has not answered counts as down.'),
    maxBackoffSec: seconds(1, 3600, 10, 'Longest delay, in seconds, before a core that is down is asked again.'),
  },
  'How the health of an external core is watched.',
);

const emergency = section(
  {
    numbers: z
      .array(
        z
          .string()
          .regex(/^\+?[\d*#]{1,15}$/)
          .meta({ expected: 'a number without separators, such as 112' }),
      )
      .default([])
      .meta({
        description: 'Numbers that, dialled at `domain`, mean `urn:service:sos`. The URN itself is always known.',
      }),
    uris: z.array(coreUri).default([]).meta({
      description: 'E-CSCFs beside an external core, in order of preference.',
      defaultText: 'none: an emergency call is answered 380',
    }),
  },
  'Emergency calls (TS 24.229 §5.2.10).',
);

export const coreSection = section(
  {
    kind: z.enum(['embedded', 'external']).default('embedded').meta({
      description: '`embedded`: the registrar inside this process; `external`: an I/S-CSCF at `edge.core.uris`.',
    }),
    digest,
    users: z
      .array(user)
      .default([])
      .meta({ description: 'Users of the embedded core.', defaultText: 'lab users alice and bob' }),
    uris: z.array(coreUri).default([]).meta({
      description: 'External core: SIP URIs in order of preference, each resolved by RFC 3263.',
    }),
    emergency,
    listen,
    trusted: z.array(ipRange).default([]).meta({
      description:
        'Addresses of the external core, besides those to which its URIs resolve. Only these and those may send to `edge.core.listen`.',
    }),
    tls,
    dnsServers: z
      .array(dnsServer)
      .default([])
      .meta({ description: 'DNS servers for the URIs of the core.', defaultText: "the system's" }),
    probe,
    connections: wholeNumber(1, 100_000, 200, 'Most TCP and TLS connections with an external core.'),
    visitedNetworkId: z
      .string()
      .regex(/^[\x20\x21\x23-\x5b\x5d-\x7e]{1,255}$/)
      .optional()
      .meta({
        description: 'P-Visited-Network-ID of a REGISTER.',
        expected: 'up to 255 printable ASCII characters without quotes and backslashes',
        defaultText: 'the value of `domain`',
      }),
    accessNetworkInfo: z
      .string()
      .regex(/^[\x21-\x7e][\x20-\x7e]{0,254}$/)
      .optional()
      .meta({
        description: 'P-Access-Network-Info of every request, instead of what the client sends.',
        expected: 'up to 255 printable ASCII characters',
        defaultText: "the client's, unless it claims to be network-provided",
      }),
    deregisterAfterSec: z.int().min(1).max(86_400).optional().meta({
      description: 'Seconds after which the edge de-registers a client at an external core if its WebSocket is gone.',
      defaultText: 'never: the core hears 430 at its next request',
    }),
    reregisterAfterOutage: flag(
      true,
      'When an external core is back after an outage, clients are closed with 1012 so that they register again, those in a call last. Set false if the core never loses bindings.',
    ),
    reregisterWindowSec: seconds(
      0,
      3600,
      30,
      'Seconds over which these clients are closed. With few clients, 0.1 s per client is used instead.',
    ),
    regEvent: z.enum(['auto', 'on', 'off']).default('auto').meta({
      description:
        'Subscription to the registrations of each user at an external core (RFC 3680, TS 24.229 §5.2.3), so that a registration that the core ends is ended here, with its TURN credentials. `auto`: a core that answers 405, 489 or 501 is not asked again for an hour; `on`: it is asked for each new user, and each refusal is logged.',
    }),
    flowTokenKey: secretText.optional().meta({
      description: 'Key of the flow tokens in Path and Record-Route. Edges that replace one another need the same key.',
      secret: true,
      defaultText: 'generated, and kept in the state folder',
    }),
    flowTokenKeyFile: secretPath.optional().meta({
      description: 'File that holds the flow token key.',
      defaultText: 'generated, and kept in the state folder',
    }),
  },
  'The core behind the edge.',
);
