import { isIP } from 'node:net';
import * as z from 'zod';
import { drain } from './drain.ts';
import { coreSection } from './core.ts';
import { edgeLimits } from './edge-limits.ts';
import { webIdentitySection } from './web-identity.ts';
import {
  flag,
  ipAddress,
  portNumber,
  proxyRanges,
  seconds,
  secretPath,
  secretText,
  section,
  wholeNumber,
} from './fields.ts';

const listen = section(
  {
    addresses: z
      .array(ipAddress)
      .min(1)
      .default(['127.0.0.1', '::1'])
      .meta({ description: 'Addresses of the HTTPS and WSS server.' }),
    port: portNumber.default(8443).meta({ description: 'Port of the HTTPS and WSS server; 0 lets the system choose.' }),
    proxyProtocolFrom: proxyRanges,
  },
  'Where WICs reach the edge.',
);

const origin = z
  .string()
  .refine((text) => text === 'self' || text === 'null' || isOrigin(text))
  .meta({
    expected:
      '"self", "null" or an origin as clients send it, without path and wildcard, such as https://app.example.com or capacitor://localhost',
  });

/** RFC 6454 §4 and §6.2: scheme, host and port. The host of `file://` alone is empty; pages of http and https never write a default port. */
function isOrigin(text: string): boolean {
  if (/^https?:/.test(text)) return URL.canParse(text) && new URL(text).origin === text;
  // A page has the scheme that it was loaded by, never that of the WebSocket which it opens.
  return text === 'file://' || (/^[a-z][a-z\d+.-]*:\/\/[\w.[\]:~-]+$/.test(text) && !/^(?:wss?|file):/.test(text));
}

const origins = section(
  {
    allow: z.array(origin).default(['self']).meta({
      description:
        'Origins that may open a WebSocket, exactly as they are sent; `self` is the page served here, `null` any sandboxed page or local file.',
    }),
    allowMissing: z
      .union([z.boolean(), z.literal('auto')])
      .default('auto')
      .meta({
        description:
          'Accept clients that send no Origin, as programs other than browsers do. `auto`: only if the edge listens on loopback alone.',
        expected: 'true, false or auto',
      }),
  },
  'Which web origins are trusted (TS 33.203 X.2.1).',
);

const keepalive = section(
  {
    pingSec: seconds(1, 3600, 25, 'Seconds of silence after which the edge sends a WebSocket ping.'),
    pongTimeoutSec: seconds(1, 600, 10, 'Seconds within which a ping must be answered; else the WebSocket is closed.'),
  },
  'Keepalive (RFC 7118 §6).',
);

const registration = section(
  {
    defaultExpiresSec: seconds(30, 86_400, 600, 'Seconds granted to a REGISTER that asks for no time.'),
    minExpiresSec: seconds(
      1,
      86_400,
      60,
      'Shortest time of a registration in seconds. A REGISTER that asks for less is answered 423.',
    ),
    maxExpiresSec: seconds(
      60,
      604_800,
      7200,
      'Longest time of a registration in seconds. A REGISTER that asks for more is granted this.',
    ),
    contactsPerUser: wholeNumber(1, 1000, 10, 'Most devices of one user.'),
  },
  'Registrations.',
);

const transaction = section(
  {
    t1Ms: wholeNumber(100, 5000, 500, 'Round-trip estimate T1 (RFC 3261 §17.1.1.1).'),
    t2Ms: wholeNumber(500, 60_000, 4000, 'Longest retransmission interval T2.'),
    t4Ms: wholeNumber(500, 60_000, 5000, 'Longest time for which a message stays in the network, T4.'),
    timerCSec: seconds(181, 3600, 185, 'Proxy INVITE timeout C; more than three minutes (RFC 3261 §16.6).'),
    retryAfterSec: seconds(1, 3600, 5, 'Retry-After, in seconds, of a request that is refused because of load.'),
  },
  'SIP timers.',
);

const TURN_URI = /^turns?:(?:\[[\da-f:.]+\]|[a-z0-9.-]+)(?::\d{1,5})?(?:\?transport=(?:udp|tcp))?$/i;
const turnUri = z
  .string()
  .regex(TURN_URI)
  .meta({ expected: 'a TURN URI (RFC 7065) such as turn:turn.example.com:3478?transport=udp' });

const credential = section(
  {
    headers: z
      .enum(['both', 'combined', 'separate'])
      .default('both')
      .meta({ description: '`combined`: TURN-Cred-Rsp; `separate`: TURN-Username, TURN-Password and so on.' }),
    uris: z
      .union([z.literal('auto'), z.array(turnUri).min(1)])
      .default('auto')
      .meta({
        description: 'TURN URIs that the edge hands out. `auto`: the URIs of the TURN server in this process.',
        expected: '"auto" or a list of TURN URIs (RFC 7065) that is not empty',
      }),
    burst: wholeNumber(
      1,
      1_000_000,
      30,
      'Most credentials that one user may get at once, over all devices and connections.',
    ),
    intervalSec: seconds(1, 3600, 5, 'Seconds after which the user may get one more.'),
  },
  'How a credential reaches the WIC.',
);

const hostAndPort = z
  .string()
  .refine(isHostAndPort)
  .meta({ expected: 'a host name or address and a port, such as homer.example.com:9060 or [2001:db8::1]:9060' });

function isHostAndPort(text: string): boolean {
  const match = /^(?:\[([\da-f:.]+)\]|([a-z0-9.-]+)):(\d{1,5})$/i.exec(text);
  const port = Number(match?.[3] ?? 0);
  return port > 0 && port <= 65_535 && (match?.[1] === undefined || isIP(match[1]) === 6);
}

const publicHost = z
  .string()
  .refine((text) => isHostAndPort(text) || isHostAndPort(`${text}:443`))
  .meta({ expected: 'a host name or address, with a port or without, such as sip.example.com or [2001:db8::1]:8443' });

const trace = section(
  {
    hep: section(
      {
        collector: hostAndPort.optional().meta({
          description: 'Homer collector that gets a copy of each SIP message over UDP (HEP3), secrets masked.',
          defaultText: 'none: no copies',
        }),
        captureId: wholeNumber(0, 0xffff_ffff, 2001, 'Number by which the collector knows this edge.'),
        captureKey: secretText.optional().meta({ description: 'Capture password of the collector.', secret: true }),
        captureKeyFile: secretPath.optional().meta({ description: 'File that holds the capture password.' }),
      },
      'Copies for a Homer collector (HEP3).',
    ),
  },
  'Copies of SIP messages, for finding faults.',
);

export const edgeSection = section(
  {
    enabled: flag(true, 'Run the WebSocket SIP edge.'),
    listen,
    path: z
      .string()
      .regex(/^\/[\w\-./~]*$/)
      .default('/')
      .meta({ description: 'Path of the WebSocket.', expected: 'a path that starts with "/"' }),
    demoPage: flag(true, 'Serve the demo page at `/`.'),
    turnOnHttps: flag(
      false,
      'Serve TURN over TLS on the HTTPS port too, and hand out its URI: one port for page, SIP and TURN. It is off because each further URI makes a browser allocate once more in every call.',
    ),
    publicHosts: z.array(publicHost).default([]).meta({
      description:
        'Further names of this edge, for a proxy in front that puts another Host into the upgrade: `host`, or `host:port` unless the port is 443. Routes to these names end here, `self` admits their pages, and the printed URLs have the first name.',
    }),
    origins,
    limits: edgeLimits,
    keepalive,
    registration,
    transaction,
    drain,
    core: coreSection,
    credential,
    webIdentity: webIdentitySection,
    trace,
  },
  'The eP-CSCF edge.',
);
