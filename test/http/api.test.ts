import { type Hono } from 'hono';
import { describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { EpcscfTurnError } from '../../src/base/errors.ts';
import { createApi } from '../../src/http/api.ts';
import { ApiError } from '../../src/http/api-error.ts';
import { problemSchema, type ApiSchemas } from '../../src/http/api-schemas.ts';
import { ConcurrencyLimit } from '../../src/http/concurrency-limit.ts';
import { type HttpEnv } from '../../src/http/http-env.ts';
import { describeApi } from '../../src/http/openapi.ts';
import { routesOf } from '../../src/http/route.ts';

const circle = z.looseObject({ shape: z.literal('circle'), radius: z.int() });
const square = z.looseObject({ shape: z.literal('square'), side: z.int() });
const OWN_STATUS = { ERR_TEAPOT: 503 } as const;
const SCHEMAS = {
  requests: { CountRequest: z.strictObject({ by: z.int().min(1).default(1) }) },
  answers: {
    Count: z.looseObject({ count: z.int() }),
    Shape: z.discriminatedUnion('shape', [circle, square]),
    Problem: problemSchema('What was expected.', OWN_STATUS),
  },
  parts: { Circle: circle, Square: square },
  ownStatus: OWN_STATUS,
} as const satisfies ApiSchemas;

class Counter {
  count = 0;
}

const route = routesOf<Counter, typeof SCHEMAS>(SCHEMAS);
const routes = [
  route(
    {
      method: 'post',
      path: '/counts/{name}',
      operationId: 'count',
      summary: 'Counts on',
      params: { name: 'Any name.' },
      query: z.strictObject({ twice: z.enum(['yes', 'no']).optional() }),
      body: 'CountRequest',
      answer: [200, 'Count'],
      errors: ['ERR_TEAPOT', 'ERR_NOT_FOUND'],
    },
    ({ room, context, query, body, param }) => {
      if (param('name') !== 'apples') throw new ApiError('ERR_TEAPOT', 'apples only', OWN_STATUS.ERR_TEAPOT);
      room.count += (body.by ?? 0) * (query.twice === 'yes' ? 2 : 1);
      return context.json({ count: room.count });
    },
  ),
  route(
    { method: 'get', path: '/shape', operationId: 'shape', summary: 'Fails', answer: [200, 'Shape'], errors: [] },
    () => {
      throw new Error('a secret of the server');
    },
  ),
  route(
    {
      method: 'put',
      path: '/any',
      operationId: 'any',
      summary: 'Takes any JSON',
      body: 'CountRequest',
      checksBody: true,
      answer: [204, undefined],
      errors: ['ERR_INVALID_STATE'],
    },
    ({ body }) => {
      throw new EpcscfTurnError('ERR_INVALID_STATE', `got ${JSON.stringify(body)}`);
    },
  ),
];

function counting(admit: () => void = () => undefined) {
  const reportError = vi.fn();
  const app: Hono<HttpEnv> = createApi({ routes, room: new Counter(), admit, realm: 'counter', reportError });
  const ask = async (method: string, path: string, body?: string) => {
    const bindings = { incoming: { socket: { remoteAddress: '127.0.0.1' } } };
    const response = await app.request(path, { method, ...(body !== undefined && { body }) }, bindings);
    return { status: response.status, json: await response.json(), headers: response.headers };
  };
  return { ask, reportError };
}

describe('an API', () => {
  it('gives a route its checked query and body with their defaults, and the parts of its path', async () => {
    const { ask } = counting();
    expect(await ask('POST', '/counts/apples', '{}')).toMatchObject({ status: 200, json: { count: 1 } });
    expect(await ask('POST', '/counts/apples?twice=yes', '{"by":5}')).toMatchObject({ json: { count: 11 } });
  });

  it.each([
    ['a body that is no JSON', '/counts/apples', '{', 'body: expected JSON'],
    ['a body of another form', '/counts/apples', '{"by":0}', 'body.by: '],
    ['a field of the query that it does not know', '/counts/apples?three=1', '{}', 'query: '],
  ])('refuses %s', async (_what, path, body, words) => {
    const { status, json } = await counting().ask('POST', path, body);
    expect(status).toBe(400);
    expect(json).toEqual({
      error: { code: 'ERR_INVALID_ARGUMENT', message: expect.stringContaining(words) as string },
    });
  });

  it('leaves the check of a body to a route that asks for it', async () => {
    const { status, json } = await counting().ask('PUT', '/any', '["anything"]');
    expect({ status, json }).toEqual({
      status: 409,
      json: { error: { code: 'ERR_INVALID_STATE', message: 'got ["anything"]' } },
    });
  });

  it('refuses a body beyond its bound', async () => {
    expect(await counting().ask('POST', '/counts/apples', ' '.repeat(70_000))).toMatchObject({
      status: 413,
      json: { error: { code: 'ERR_TOO_LARGE' } },
    });
  });

  it('answers codes of its own with their statuses', async () => {
    expect(await counting().ask('POST', '/counts/pears', '{}')).toMatchObject({
      status: 503,
      json: { error: { code: 'ERR_TEAPOT', message: 'apples only' } },
    });
  });

  it('tells a client nothing of an unexpected error, and the log all of it', async () => {
    const { ask, reportError } = counting();
    const { status, json } = await ask('GET', '/shape');
    expect(status).toBe(500);
    expect(JSON.stringify(json)).not.toContain('secret');
    expect(reportError).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ message: 'a secret of the server' }));
  });

  it('asks whether a request is admitted before anything else, and challenges the one that shows no token', async () => {
    const { ask } = counting(() => {
      throw new ApiError('ERR_UNAUTHORIZED', 'show the token');
    });
    for (const path of ['/counts/apples', '/none']) {
      const { status, headers } = await ask('POST', path, '{}');
      expect(status).toBe(401);
      expect(headers.get('WWW-Authenticate')).toBe('Bearer realm="counter"');
      expect(headers.get('Cache-Control')).toBe('no-store');
    }
  });

  it('answers what is no route in JSON', async () => {
    expect(await counting().ask('OPTIONS', '/shape')).toMatchObject({
      status: 404,
      json: { error: { code: 'ERR_NOT_FOUND' } },
    });
  });
});

describe('its OpenAPI document', () => {
  const facts = { title: 'counter', description: 'Counts.', version: '1', path: '/api', hasToken: true };
  const document = JSON.parse(JSON.stringify(describeApi(routes, { ...facts, schemas: SCHEMAS }))) as {
    paths: Record<string, Record<string, { responses: Record<string, { description: string }> }>>;
    components: { schemas: Record<string, unknown> };
  };

  it('has the path of the API before each route, and every status that the route answers', () => {
    expect(Object.keys(document.paths)).toEqual(['/api/counts/{name}', '/api/shape', '/api/any']);
    const { responses } = document.paths['/api/counts/{name}']!.post!;
    expect(Object.keys(responses)).toEqual(['200', '400', '401', '403', '404', '413', '500', '503']);
    expect(responses['503']!.description).toBe('ERR_TEAPOT');
  });

  it('says which member of a union has which schema', () => {
    const at = '#/components/schemas/';
    expect(document.components.schemas.Shape).toEqual({
      oneOf: [{ $ref: `${at}Circle` }, { $ref: `${at}Square` }],
      discriminator: { propertyName: 'shape', mapping: { circle: `${at}Circle`, square: `${at}Square` } },
    });
  });
});

describe('a limit of requests at once', () => {
  it('refuses those beyond it, and gives a place back once', () => {
    const limit = new ConcurrencyLimit('waits', 2);
    const [end] = [limit.take(), limit.take()];
    expect(() => limit.take()).toThrow('waits: 2 at once are the limit');
    end();
    end();
    limit.take();
    expect(() => limit.take()).toThrow(ApiError);
  });
});
