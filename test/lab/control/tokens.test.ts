import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ANSWER_SCHEMAS } from '../../../src/lab/control/answer-schemas.ts';
import { startControlledLab, type ControlledLab } from './support/controlled-lab.ts';

let room: ControlledLab;
beforeAll(async () => {
  room = await startControlledLab({}, { tokens: true });
});
afterAll(async () => {
  await room[Symbol.asyncDispose]();
});

async function post(path: string, body: unknown, to = room): Promise<{ status: number; json: unknown }> {
  return to.ask(path, { method: 'POST', body });
}

describe('tokens over HTTP', () => {
  it('are made for a user, or for the next guest', async () => {
    const { json } = await post('/lab/tokens/web', { user: 'alice', ttlSec: 60 });
    expect(ANSWER_SCHEMAS.WebToken.parse(json)).toMatchObject({ user: 'alice', uri: 'sip:alice@localhost' });
    const [one, other] = [await post('/lab/tokens/web', {}), await post('/lab/tokens/web', {})];
    expect(ANSWER_SCHEMAS.WebToken.parse(one.json).user).not.toBe(ANSWER_SCHEMAS.WebToken.parse(other.json).user);
  });

  it('for the TURN server go into /lab/allocate as they came, or in the words of an authorization server', async () => {
    const { json } = await post('/lab/tokens/access', { user: 'alice' });
    const { username: kid, password: key, token } = ANSWER_SCHEMAS.Credential.parse(json);
    for (const credential of [json, { kid, key, token }]) {
      expect((await post('/lab/allocate', credential)).json).toMatchObject({ granted: true });
    }
  });

  it('are made wrong as asked', async () => {
    const { json } = await post('/lab/tokens/access', { user: 'bob', unknownKid: true });
    expect((await post('/lab/allocate', json)).json).toMatchObject({ granted: false, code: 401 });
    const told = await room.ask('/lab/wait?type=authentication-refused&cause=unknown-kid');
    expect(told.status).toBe(200);
  });

  it.each([
    ['/lab/tokens/web', { user: 'mallory' }, 'webToken: expected a user of this lab'],
    ['/lab/tokens/web', { unknownKind: true }, 'body: Unrecognized key'],
    ['/lab/tokens/access', {}, 'body.user: '],
    ['/lab/tokens/access', { user: 'alice', ttlSec: 0 }, 'body.ttlSec: '],
  ])('are refused at %s for %j', async (path, body, words) => {
    const { status, json } = await post(path, body);
    expect([status, ANSWER_SCHEMAS.Problem.parse(json).error.message]).toEqual([400, expect.stringContaining(words)]);
  });

  it('are not made in a lab without them', async () => {
    await using plain = await startControlledLab();
    for (const path of ['/lab/tokens/web', '/lab/tokens/access']) {
      const { status, json } = await post(path, { user: 'alice' }, plain);
      expect([status, ANSWER_SCHEMAS.Problem.parse(json).error.code]).toEqual([409, 'ERR_INVALID_STATE']);
    }
  });
});
