import { connect } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { type UncountedEvent } from '../../../src/lab/lab-events.ts';
import { startControlledLab, type ControlledLab } from './support/controlled-lab.ts';

function message(text: string): UncountedEvent<'message'> {
  const parties = { direction: 'in', from: 'wic', to: 'edge' } as const;
  return {
    type: 'message',
    atUnixMs: 1,
    user: undefined,
    turnName: undefined,
    ...parties,
    method: 'INVITE',
    callId: 'c',
    flowId: 'f',
    at: 1,
    text,
  };
}

describe('GET /lab/events/stream', () => {
  /** Reads a stream until what it has told satisfies. */
  async function readUntil(room: ControlledLab, enough: (text: string) => boolean, headers = {}, query = '') {
    const away = new AbortController();
    const response = await room.open(`/lab/events/stream${query}`, { headers, signal: away.signal });
    let text = '';
    try {
      for await (const part of response.setEncoding('utf8')) {
        text += String(part);
        if (enough(text)) break;
      }
    } finally {
      away.abort();
    }
    return { headers: response.headers, text };
  }
  const ids = (text: string) => [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));

  it('is an event stream that nobody keeps', async () => {
    await using room = await startControlledLab();
    const { headers } = await readUntil(room, (text) => text.includes('retry'));
    expect(headers).toMatchObject({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  });

  it('goes on after Last-Event-ID without a gap or a repetition', async () => {
    await using room = await startControlledLab();
    await room.lab.tryAllocate(room.lab.mint('alice'));
    await room.lab.waitFor('allocation-ended');
    const first = await readUntil(room, (text) => ids(text).length >= 3);
    const last = ids(first.text)[2]!;
    await room.lab.tryAllocate(room.lab.mint('alice'));
    await room.lab.waitFor('allocation-ended');
    const all = room.lab.events().map(({ seq }) => seq);
    const resumed = await readUntil(room, (text) => ids(text).includes(all.at(-1)!), { 'Last-Event-ID': String(last) });
    expect(ids(resumed.text)).toEqual(all.filter((seq) => seq > last));
    const since = await readUntil(room, (text) => ids(text).includes(all.at(-1)!), {}, `?since=${last}`);
    expect(ids(since.text)).toEqual(ids(resumed.text));
  });

  it('narrows down to names and a user', async () => {
    await using room = await startControlledLab();
    await room.lab.tryAllocate(room.lab.mint('alice'));
    await room.lab.tryAllocate(room.lab.mint('bob'));
    await room.lab.waitFor('allocation-ended', ({ user }) => user === 'bob');
    const query = '?type=allocation-created,allocation-ended&user=bob';
    const { text } = await readUntil(room, (told) => told.includes('"allocation-ended"'), {}, query);
    expect(ids(text)).toHaveLength(2);
    expect(text).not.toContain('alice');
  });

  it('is open to so many at once, and to others when one goes', async () => {
    await using room = await startControlledLab({ maxStreams: 1 });
    const away = new AbortController();
    const held = await room.open('/lab/events/stream', { signal: away.signal });
    held.on('error', () => undefined).resume();
    const refused = await room.ask('/lab/events/stream');
    expect(refused).toMatchObject({ status: 429, json: { error: { code: 'ERR_TOO_MANY' } } });
    away.abort();
    const isFree = () => readUntil(room, (text) => text.includes('retry:') || text.includes('ERR_TOO_MANY'));
    await expect.poll(async () => (await isFree()).text, { timeout: 10_000 }).toContain('retry:');
  });

  it('drops a reader that stops reading, whose events would pile up', async () => {
    await using room = await startControlledLab({ stallMs: 200, maxStreams: 1 });
    const { port } = room.lab.addresses.https[0]!;
    const socket = connect({ port, host: '127.0.0.1', ca: room.lab.ca, servername: 'localhost' });
    const closed = new Promise<void>((resolve) => {
      socket
        .on('error', () => undefined)
        .on('close', () => {
          resolve();
        });
    });
    socket.write(`GET /lab/events/stream HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`);
    await new Promise((resolve) => socket.once('data', resolve));
    socket.pause();
    // More than the buffers of two sockets hold, in events of which the history keeps the newest only.
    const large = 'x'.repeat(60_000);
    const filling = setInterval(() => {
      for (let i = 0; i < 20; i++) room.log.add(message(large));
    }, 5);
    try {
      // The place is free again: the server has let go, though the client still holds its end.
      await expect
        .poll(async () => (await readUntil(room, (text) => text.includes('retry:') || text.includes('error'))).text, {
          timeout: 15_000,
        })
        .toContain('retry:');
    } finally {
      clearInterval(filling);
    }
    socket.resume();
    await closed;
  });

  it('goes on after a restart of the server', async () => {
    await using room = await startControlledLab();
    const response = await room.open('/lab/events/stream');
    const ended = new Promise((resolve) => response.on('close', resolve).on('error', resolve));
    response.resume();
    room.lab.faults.add({ kind: 'server-restart' });
    await ended;
    await room.lab.waitFor('server-restarted');
    const { text } = await readUntil(room, (told) => told.includes('server-restarted'));
    expect(text).toContain('"type":"stopped"');
  });
});
