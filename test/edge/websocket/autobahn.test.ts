import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AUTOBAHN_CASES } from './support/autobahn-cases.ts';
import { type EchoServer, startEchoServer } from './support/echo-server.ts';

let server: EchoServer;

beforeAll(async () => {
  server = await startEchoServer({ messageBytes: 65_536, fragments: 64, bufferedChunks: 1000 });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

describe('a WebSocket of ours, by the cases of Autobahn', () => {
  it.each(AUTOBAHN_CASES)('answers as RFC 6455 has it: $id $what', async ({ chunks, answers }) => {
    const client = await server.open();
    await client.write(chunks);
    expect(await client.untilEnd()).toEqual(answers);
  });
});
