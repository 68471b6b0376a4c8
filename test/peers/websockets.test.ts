import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { edgeOptions } from '../edge/support/edge-options.ts';
import { startEdge } from '../edge/support/edge-server.ts';
import { pythonWith, run } from './peers.ts';

const python = pythonWith('websockets');
const SCRIPT = fileURLToPath(new URL('websockets-client.py', import.meta.url));

describe.skipIf(!python)('the websockets library of Python against our edge', () => {
  it('sends messages whole and in fragments, pings between them, and is told how a connection ends', async () => {
    await using server = await startEdge(edgeOptions());
    const { output, exitCode } = await run(python!, [SCRIPT, server.url], 60_000);
    expect({ exitCode, lines: output.trim().split('\n') }).toEqual({
      exitCode: 0,
      lines: [
        'subprotocol sip',
        String.raw`keep-alive '\r\n'`,
        String.raw`in fragments '\r\n'`,
        'pong',
        'request SIP/2.0 403 Forbidden (not registered)',
        'pongs 20',
        'closed 4000',
        'not UTF-8 1007',
        'too long 1009',
        'continuation of nothing 1002',
        'message within fragments 1002',
        'close without a code 1005',
      ],
    });
    expect(server.errors).toEqual([]);
  });
});
