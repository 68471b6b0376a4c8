import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ANSWER_SCHEMAS, type AnswerName } from '../../../src/lab/control/answer-schemas.ts';
import { fieldsOf } from '../../../src/lab/control/event-schemas.ts';
import { type LabCredential } from '../../../src/lab/lab-credentials.ts';
import { type LabEvent } from '../../../src/lab/lab-events.ts';
import { createAgent } from '../support/jssip-agent.ts';
import { startControlledLab, type Answer, type Ask, type ControlledLab } from './support/controlled-lab.ts';

let room: ControlledLab;
beforeAll(async () => {
  room = await startControlledLab();
});
afterAll(async () => {
  await room[Symbol.asyncDispose]();
});

/** The answer, held against what the document promises. */
async function ask<T>(path: string, promised: AnswerName, request: Ask = {}, status = 200): Promise<T> {
  const answer = await room.ask(path, request);
  expect(answer, answer.text).toMatchObject({ status, headers: { 'cache-control': 'no-store' } });
  ANSWER_SCHEMAS[promised].parse(answer.json);
  return answer.json as T;
}

function post(body: unknown): Ask {
  return { method: 'POST', body };
}

async function refusal(path: string, request: Ask = {}): Promise<{ status: number; code: string; message: string }> {
  const { status, json }: Answer = await room.ask(path, request);
  const { error } = ANSWER_SCHEMAS.Problem.parse(json);
  return { status, code: error.code, message: error.message };
}

describe('GET /lab', () => {
  it('tells where everything is, who can register and what to trust', async () => {
    const { lab } = room;
    const told = await ask('/lab', 'Lab');
    expect(told).toMatchObject({
      version: '1.2.3',
      domain: 'localhost',
      realm: 'localhost',
      webSocket: lab.webSocket,
      turnUris: lab.turnUris,
      users: [lab.users.alice, lab.users.bob],
      ca: lab.ca,
      spkiHash: lab.spkiHash,
      openapi: '/lab/openapi.json',
    });
  });
});

describe('credentials', () => {
  it('are minted, and the TURN server honours them', async () => {
    const minted = await ask<LabCredential>('/lab/mint', 'Credential', post({ user: 'alice', ttlSec: 60 }));
    expect(minted.expiresAtSec).toBeLessThanOrEqual(Date.now() / 1000 + 61);
    const { username, password } = minted;
    expect(await ask('/lab/allocate', 'AllocateOutcome', post({ username, password }))).toMatchObject({
      granted: true,
    });
  });

  it('are minted expired, and the TURN server refuses them', async () => {
    const { username, password } = await ask<LabCredential>(
      '/lab/mint',
      'Credential',
      post({ user: 'bob', expired: true }),
    );
    expect(await ask('/lab/allocate', 'AllocateOutcome', post({ username, password }))).toMatchObject({
      granted: false,
      code: 401,
    });
    const refused = await ask<LabEvent>('/lab/wait?type=authentication-refused&user=bob&cause=expired', 'LabEvent');
    expect(refused).toMatchObject({ type: 'authentication-refused', user: 'bob', username });
  });

  it('of a registration are told once the edge has issued one', async () => {
    expect(await refusal('/lab/credentials/alice')).toEqual({
      status: 404,
      code: 'ERR_NOT_FOUND',
      message: expect.stringContaining('alice has been issued no credential yet') as string,
    });
    const agent = createAgent(room.lab, 'alice');
    agent.start();
    await ask('/lab/wait?type=credential-issued&user=alice', 'LabEvent');
    const issued = await ask<LabCredential>('/lab/credentials/alice', 'IssuedCredential');
    expect(issued).toEqual(room.lab.credentialOf('alice'));
    const snapshot = await ask('/lab/snapshot', 'Snapshot');
    expect(snapshot).toMatchObject({ registrations: [{ user: 'alice' }], credentials: [{ user: 'alice' }] });
    agent.stop();
    await ask('/lab/wait?type=flow-closed&user=alice', 'LabEvent');
  });

  it('are refused to whoever is no user', async () => {
    expect(await refusal('/lab/credentials/mallory')).toMatchObject({ status: 404, code: 'ERR_NOT_FOUND' });
    expect(await refusal('/lab/mint', post({ user: 'mallory' }))).toMatchObject({
      status: 400,
      code: 'ERR_INVALID_ARGUMENT',
    });
  });
});

describe('a body', () => {
  it.each([
    ['no JSON', '/lab/mint', 'user=alice', 'body: expected JSON'],
    ['none at all', '/lab/mint', undefined, 'body: expected JSON'],
    ['a list', '/lab/mint', [], 'body: Invalid input: expected object, received array'],
    ['a slip', '/lab/mint', { usr: 'alice' }, 'body.user: Invalid input: expected string, received undefined; body: '],
    ['a wrong number', '/lab/mint', { user: 'alice', ttlSec: 0 }, 'body.ttlSec: Too small: expected number to be >=1'],
    ['an unknown fault', '/lab/faults', { kind: 'meteor' }, 'kind: expected one of credential-ttl, '],
    ['a fault for nobody', '/lab/faults', { kind: 'flow-cut', user: 'mallory' }, 'user: expected one of alice, bob'],
    ['null for a fault', '/lab/faults', null, 'expected object, received null'],
  ])('that is %s is refused in words', async (_what, path, body, words) => {
    expect(await refusal(path, post(body))).toEqual({
      status: 400,
      code: 'ERR_INVALID_ARGUMENT',
      message: expect.stringContaining(words) as string,
    });
  });

  it('beyond 64 KiB is not read', async () => {
    expect(await refusal('/lab/mint', post({ user: 'x'.repeat(70_000) }))).toMatchObject({
      status: 413,
      code: 'ERR_TOO_LARGE',
    });
    const chunked = { method: 'POST', body: 'x'.repeat(70_000), headers: { 'Transfer-Encoding': 'chunked' } };
    expect(await refusal('/lab/faults', chunked)).toMatchObject({ status: 413, code: 'ERR_TOO_LARGE' });
  });

  it('is JSON whatever its type says, as curl says a form', async () => {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    await ask('/lab/mint', 'Credential', { ...post({ user: 'alice' }), headers });
  });
});

describe('faults over HTTP', () => {
  it('act, are listed, tell how often they hit, and end', async () => {
    const added = await ask<{ id: string }>(
      '/lab/faults',
      'FaultStatus',
      post({ kind: 'turn-answer', code: 486, method: 'Allocate', user: 'alice', times: 2 }),
      201,
    );
    expect(added).toMatchObject({ kind: 'turn-answer', code: 486, fired: 0, active: true });
    expect(await ask('/lab/faults', 'FaultList')).toEqual({ faults: [added] });
    const { username, password } = room.lab.mint('alice');
    expect(await ask('/lab/allocate', 'AllocateOutcome', post({ username, password }))).toMatchObject({ code: 486 });
    const fired = await ask('/lab/wait?type=fault-fired&kind=turn-answer&user=alice', 'LabEvent');
    expect(fired).toMatchObject({ faultId: added.id, method: 'Allocate' });
    expect(await ask(`/lab/faults/${added.id}`, 'FaultStatus')).toMatchObject({ fired: 1, active: true });
    expect(await room.ask(`/lab/faults/${added.id}`, { method: 'DELETE' })).toMatchObject({ status: 204, text: '' });
    expect(await ask(`/lab/faults/${added.id}`, 'FaultStatus')).toMatchObject({ fired: 1, active: false });
    expect(await ask('/lab/allocate', 'AllocateOutcome', post({ username, password }))).toMatchObject({
      granted: true,
    });
  });

  it('are all cleared at once', async () => {
    for (const kind of ['answer-lost', 'credential-missing']) {
      await ask('/lab/faults', 'FaultStatus', post({ kind, user: 'bob' }), 201);
    }
    expect(await room.ask('/lab/faults', { method: 'DELETE' })).toMatchObject({ status: 204 });
    expect(await ask('/lab/faults', 'FaultList')).toEqual({ faults: [] });
  });

  it('that are not there are not found', async () => {
    expect(await refusal('/lab/faults/f999')).toMatchObject({ status: 404, code: 'ERR_NOT_FOUND' });
    expect(await refusal('/lab/faults/f999', { method: 'DELETE' })).toMatchObject({
      status: 404,
      code: 'ERR_NOT_FOUND',
    });
  });

  it('that keep the TURN server silent are told as 504', async () => {
    await ask('/lab/faults', 'FaultStatus', post({ kind: 'turn-no-answer' }), 201);
    const { username, password } = room.lab.mint('bob');
    expect(await refusal('/lab/allocate', post({ username, password }))).toMatchObject({
      status: 504,
      code: 'ERR_NO_ANSWER',
    });
    room.lab.faults.clear();
  });
});

describe('GET /lab/events', () => {
  it('gives the history from a number on, in portions', async () => {
    const { events, next } = await ask<{ events: LabEvent[]; next: number }>('/lab/events', 'LabEvents');
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_event, i) => i + 1));
    expect(next).toBe(events.length);
    expect(await ask(`/lab/events?since=${next}`, 'LabEvents')).toEqual({ events: [], next });
    const part = await ask<{ events: LabEvent[]; next: number }>('/lab/events?since=2&limit=3', 'LabEvents');
    expect(part).toEqual({ events: events.slice(2, 5), next: 5 });
  });

  it('narrows down to names and to a user', async () => {
    const path = '/lab/events?type=allocation-created,allocation-ended&user=alice';
    const { events } = await ask<{ events: LabEvent[] }>(path, 'LabEvents');
    expect(events.length).toBeGreaterThan(1);
    for (const { type, user } of events) {
      expect(user).toBe('alice');
      expect(['allocation-created', 'allocation-ended']).toContain(type);
    }
  });

  it('tells each event with the fields the document has for it, and no other', async () => {
    const { events } = await ask<{ events: LabEvent[] }>('/lab/events?limit=10000', 'LabEvents');
    expect(new Set(events.map(({ type }) => type)).size).toBeGreaterThan(8);
    for (const event of events) {
      const documented = ['type', ...fieldsOf(event.type)];
      expect(Object.keys(event).filter((field) => !documented.includes(field))).toEqual([]);
    }
  });

  it.each([
    ['a name that is none', '?type=registred', 'query.type.0: Invalid option: expected one of'],
    ['a limit that is none', '?limit=many', 'query.limit: Invalid input: expected number, received string'],
    ['a slip', '?typ=registered', 'query: Unrecognized key: "typ"'],
  ])('refuses %s', async (_what, query, words) => {
    expect(await refusal(`/lab/events${query}`)).toEqual({
      status: 400,
      code: 'ERR_INVALID_ARGUMENT',
      message: expect.stringContaining(words) as string,
    });
  });

  it('takes a number of an earlier run for the beginning', async () => {
    const { events } = await ask<{ events: LabEvent[] }>('/lab/events?since=123456789', 'LabEvents');
    expect(events[0]).toMatchObject({ seq: 1 });
  });
});

describe('GET /lab/wait', () => {
  it('waits for what is to come, with fields inside of fields', async () => {
    const since = room.log.lastSeq;
    const waiting = ask<LabEvent>(`/lab/wait?type=allocation-created&since=${since}&relayed.family=4`, 'LabEvent');
    await room.lab.tryAllocate(room.lab.mint('bob'));
    expect(await waiting).toMatchObject({ type: 'allocation-created', user: 'bob', relayed: { family: 4 } });
  });

  it('gives what has happened to one wait only, and to each that says since when', async () => {
    await room.lab.tryAllocate(room.lab.mint('bob'));
    const { seq } = await ask<LabEvent>('/lab/wait?type=allocation-created&user=bob', 'LabEvent');
    const again = '/lab/wait?type=allocation-created&user=bob&timeoutMs=20';
    expect(await refusal(again)).toMatchObject({
      status: 408,
      message: expect.stringContaining('not counted') as string,
    });
    expect(await ask(`/lab/wait?type=allocation-created&since=${seq - 1}`, 'LabEvent')).toMatchObject({ seq });
  });

  it('ends with 408 and what happened instead', async () => {
    expect(await refusal('/lab/wait?type=peer-denied&timeoutMs=20')).toEqual({
      status: 408,
      code: 'ERR_LAB_TIMEOUT',
      message: expect.stringMatching(/nothing matched within 20 ms\.\nWhat happened instead/) as string,
    });
  });

  it.each([
    ['no name', '', 'query.type: Invalid option'],
    ['a field that the event never has', '?type=registered&cause=expired', 'query.cause: registered has seq, '],
    ['a wait without end', '?type=registered&timeoutMs=999999999', 'query.timeoutMs: Too big'],
  ])('refuses %s', async (_what, query, words) => {
    expect(await refusal(`/lab/wait${query}`)).toEqual({
      status: 400,
      code: 'ERR_INVALID_ARGUMENT',
      message: expect.stringContaining(words) as string,
    });
  });

  it('gives its place back when its client goes', async () => {
    await using single = await startControlledLab({ maxWaits: 1 });
    const away = new AbortController();
    const gone = single.open('/lab/wait?type=stopped&timeoutMs=60000', { signal: away.signal }).catch(() => 'gone');
    const next = '/lab/wait?type=stopped&timeoutMs=1';
    await expect.poll(async () => (await single.ask(next)).status, { timeout: 10_000 }).toBe(429);
    away.abort();
    expect(await gone).toBe('gone');
    await expect.poll(async () => (await single.ask(next)).status, { timeout: 10_000 }).toBe(408);
  });
});

describe('what is no route', () => {
  it.each([
    ['GET', '/lab/nothing'],
    ['PUT', '/lab/faults'],
    ['POST', '/lab/events'],
    ['OPTIONS', '/lab/faults'],
  ])('%s %s is not found, in JSON', async (method, path) => {
    expect(await refusal(path, { method })).toMatchObject({ status: 404, code: 'ERR_NOT_FOUND' });
  });

  it('leaves the rest of the server as it is', async () => {
    expect(await room.ask('/healthz')).toMatchObject({ status: 200, text: 'ok\n' });
    expect((await room.ask('/setup.json')).json).toMatchObject({ lab: '/lab' });
  });
});
