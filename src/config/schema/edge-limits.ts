import * as z from 'zod';
import { ipRange, seconds, section, wholeNumber } from './fields.ts';

/** What one client, one address, one user, and all together may use. */
export const edgeLimits = section(
  {
    messageBytes: wholeNumber(4096, 1_048_576, 65_536, 'Longest SIP message.'),
    headerCount: wholeNumber(16, 1024, 128, 'Most header fields of a message of a client. Of a core, 1024.'),
    lineBytes: wholeNumber(256, 65_536, 8192, 'Longest line of a message head of a client. Of a core, 65536.'),
    fragments: wholeNumber(1, 1024, 16, 'Most fragments of a WebSocket message.'),
    bufferedChunks: wholeNumber(1, 10_000, 64, 'Most pieces of one WebSocket frame that wait for its end.'),
    bufferedBytes: wholeNumber(
      65_536,
      67_108_864,
      1_048_576,
      'Most unsent bytes of one WebSocket. A client that reads so slowly that more would wait is closed.',
    ),
    connections: wholeNumber(
      1,
      1_000_000,
      10_000,
      'Most WebSockets. If all are taken, one without a registration is closed for a new one.',
    ),
    connectionsPerAddress: wholeNumber(1, 1_000_000, 100, 'Most WebSockets of one IPv4 address or IPv6 /64.'),
    messagesPerSec: wholeNumber(1, 100_000, 50, 'Most messages a second of one WebSocket, sustained.'),
    messageBurst: wholeNumber(1, 100_000, 200, 'Most messages of one WebSocket at once.'),
    transactions: wholeNumber(1, 10_000_000, 20_000, 'Most live SIP transactions.'),
    transactionsPerFlow: wholeNumber(
      1,
      100_000,
      200,
      'Most live SIP transactions that one WebSocket has opened, and most that wait for one WebSocket. Of those that wait for a receiver, one sender may have as many as it leaves free for others.',
    ),
    contactsPerFlow: wholeNumber(
      1,
      1024,
      16,
      'Most Contacts that one WebSocket may have registered, and most that one REGISTER may name. A telephone has one for each line.',
    ),
    unregisteredSec: seconds(
      1,
      3600,
      30,
      'Seconds after which a WebSocket without a registration is closed. If the registration ended during a call, the WebSocket stays until the call ends.',
    ),
    authenticationFailures: wholeNumber(1, 1000, 10, 'Wrong digest answers after which a WebSocket is closed.'),
    messagesPerSecPerAddress: wholeNumber(
      1,
      1_000_000,
      500,
      'Most requests a second of one IPv4 address or IPv6 /64, sustained. ACKs and responses that answer nothing count as well. Further requests are answered 503.',
    ),
    messageBurstPerAddress: wholeNumber(1, 1_000_000, 5000, 'Most requests of one address at once.'),
    requestsPerSecPerIdentity: wholeNumber(
      1,
      100_000,
      20,
      'Most requests a second of one user, sustained. Further requests are answered 503. A REGISTER counts by user and address together.',
    ),
    requestBurstPerIdentity: wholeNumber(1, 100_000, 200, 'Most requests of one user at once.'),
    handshakesPerSecPerAddress: wholeNumber(
      1,
      100_000,
      20,
      'Most WebSockets a second that one address may ask for, sustained. Further ones are answered 429. The limit for TLS connections is twice this.',
    ),
    handshakeBurstPerAddress: wholeNumber(1, 100_000, 200, 'Most WebSockets that one address may ask for at once.'),
    httpRequestsPerSecPerAddress: wholeNumber(
      1,
      100_000,
      50,
      'Most HTTP requests a second of one address that open no WebSocket (pages, health checks, lab control), sustained. Further ones are answered 429.',
    ),
    httpRequestBurstPerAddress: wholeNumber(1, 100_000, 500, 'Most such HTTP requests of one address at once.'),
    authenticationFailuresPerIdentity: wholeNumber(
      1,
      1000,
      10,
      'Wrong passwords for one user from one address that have no delay. After each further one, tries are answered 503 for 1 s, 2 s, 4 s …, until a right one.',
    ),
    authenticationDelaySec: seconds(1, 3600, 30, 'The longest such delay, in seconds.'),
    authenticationFailuresPerAddress: wholeNumber(
      1,
      100_000,
      50,
      'Wrong passwords of one address within ten minutes. Each further one closes its WebSocket.',
    ),
    sources: wholeNumber(
      64,
      1_000_000,
      65_536,
      'Addresses and users that each of these limits remembers. A full table forgets its longest unused entry.',
    ),
    exempt: z.array(ipRange).default(['127.0.0.0/8', '::1']).meta({
      description:
        'Address ranges without limits on requests, handshakes and failures, such as a load balancer whose address many clients share.',
    }),
  },
  'What one client, one address, one user, and all together, may use.',
);
