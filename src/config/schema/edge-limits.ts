import { z } from 'zod';
import { ipRange, seconds, section, wholeNumber } from './fields.ts';

/** What one client, one address, one user, and all together may use. */
export const edgeLimits = section(
  {
    messageBytes: wholeNumber(4096, 1_048_576, 65_536, 'Longest SIP message.'),
    headerCount: wholeNumber(16, 1024, 128, 'Most header fields of a message.'),
    lineBytes: wholeNumber(256, 65_536, 8192, 'Longest line of a message head.'),
    fragments: wholeNumber(1, 1024, 16, 'Most fragments of a WebSocket message.'),
    bufferedChunks: wholeNumber(1, 10_000, 64, 'Frames of one message that may wait unassembled.'),
    bufferedBytes: wholeNumber(65_536, 67_108_864, 1_048_576, 'Unsent bytes, past which a slow client is closed.'),
    connections: wholeNumber(1, 1_000_000, 10_000, 'Most WebSockets. Past it one without a registration makes room.'),
    connectionsPerAddress: wholeNumber(1, 1_000_000, 100, 'The same of one IPv4 address or IPv6 /64.'),
    messagesPerSec: wholeNumber(1, 100_000, 50, 'Messages a second of one WebSocket, sustained.'),
    messageBurst: wholeNumber(1, 100_000, 200, 'Messages at once of one WebSocket.'),
    transactions: wholeNumber(1, 10_000_000, 20_000, 'Most live SIP transactions.'),
    transactionsPerFlow: wholeNumber(
      1,
      100_000,
      200,
      'Most live SIP transactions that one WebSocket has opened, and that wait for one WebSocket; of the latter a sender gets as many as it leaves free.',
    ),
    contactsPerFlow: wholeNumber(
      1,
      1024,
      16,
      'Most Contacts that one WebSocket may have registered, and that one REGISTER may name: one for each line of a telephone.',
    ),
    unregisteredSec: seconds(
      1,
      3600,
      30,
      'A WebSocket without a registration is closed after this. One whose registration has ended in the middle of a call stays until the call ends.',
    ),
    authenticationFailures: wholeNumber(1, 1000, 10, 'A WebSocket is closed after so many wrong digest answers.'),
    messagesPerSecPerAddress: wholeNumber(
      1,
      1_000_000,
      500,
      'Requests a second of one IPv4 address or IPv6 /64, sustained; more are answered 503.',
    ),
    messageBurstPerAddress: wholeNumber(1, 1_000_000, 5000, 'Requests at once of one address.'),
    requestsPerSecPerIdentity: wholeNumber(
      1,
      100_000,
      20,
      'Requests a second of one user, sustained; more are answered 503. REGISTER counts by user and address.',
    ),
    requestBurstPerIdentity: wholeNumber(1, 100_000, 200, 'Requests at once of one user.'),
    handshakesPerSecPerAddress: wholeNumber(
      1,
      100_000,
      20,
      'WebSockets that one address may ask for a second, sustained; more are answered 429. TLS connections: twice as many.',
    ),
    handshakeBurstPerAddress: wholeNumber(1, 100_000, 200, 'The same at once.'),
    httpRequestsPerSecPerAddress: wholeNumber(
      1,
      100_000,
      50,
      'HTTP requests a second of one address that open no WebSocket (pages, health checks, lab control), sustained; more are answered 429.',
    ),
    httpRequestBurstPerAddress: wholeNumber(1, 100_000, 500, 'The same at once.'),
    authenticationFailuresPerIdentity: wholeNumber(
      1,
      1000,
      10,
      'Wrong passwords for one user from one address without a wait. Further tries are answered 503 for 1 s, 2 s, 4 s … until a right one.',
    ),
    authenticationDelaySec: seconds(1, 3600, 30, 'The longest such wait.'),
    authenticationFailuresPerAddress: wholeNumber(
      1,
      100_000,
      50,
      'Wrong passwords of one address within ten minutes; each one more closes its WebSocket.',
    ),
    sources: wholeNumber(
      64,
      1_000_000,
      65_536,
      'Addresses and users told apart by each of these limits; past it the longest unused is forgotten.',
    ),
    exempt: z.array(ipRange).default(['127.0.0.0/8', '::1']).meta({
      description:
        'Ranges whose addresses have no limits on requests, handshakes and failures, such as a load balancer whose address many clients share.',
    }),
  },
  'What one client, one address, one user, and all together, may use.',
);
