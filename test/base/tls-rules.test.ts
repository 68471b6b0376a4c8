import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import { connect, createServer, type Server } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cheapestFirst, TLS_RULES } from '../../src/base/tls-rules.ts';
import { makeCertificate } from '../turn/support/certificate.ts';

describe('TLS_RULES', () => {
  let server: Server;

  beforeAll(async () => {
    server = createServer({ ...TLS_RULES, ...(await makeCertificate()) });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterAll(() => {
    server.close();
  });

  it.each([
    ['what everybody knows and is cheapest, of all', undefined, 'TLS_AES_128_GCM_SHA256'],
    [
      'the cheapest, for a client that would rather have longer keys',
      'TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256',
      'TLS_AES_128_GCM_SHA256',
    ],
    ['longer keys, for a client that wants nothing else', 'TLS_AES_256_GCM_SHA384', 'TLS_AES_256_GCM_SHA384'],
    [
      'ChaCha20, for a client without AES in hardware, which names it first',
      'TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256',
      'TLS_CHACHA20_POLY1305_SHA256',
    ],
  ])('picks %s', async (_, ciphers, picked) => {
    const { port } = server.address() as AddressInfo;
    const socket = connect({
      host: '127.0.0.1',
      port,
      rejectUnauthorized: false,
      ...(ciphers !== undefined && { ciphers }),
    });
    await once(socket, 'secureConnect');
    expect(socket.getCipher().name).toBe(picked);
    socket.destroy();
  });
});

it.each([
  ['TLS_AES_256_GCM_SHA384:ECDHE-RSA-AES256-GCM-SHA384', 'TLS_AES_256_GCM_SHA384:ECDHE-RSA-AES256-GCM-SHA384'],
  [
    'TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256:HIGH:!aNULL',
    'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:HIGH:!aNULL',
  ],
])('offers no cipher that the list of whoever started Node leaves out: %s', (list, offered) => {
  expect(cheapestFirst(list)).toBe(offered);
});
