import { describe, expect, it } from 'vitest';
import { FAULT_KINDS } from '../../../src/lab/faults/parse-fault.ts';
import { describeApi } from '../../../src/http/openapi.ts';
import { LAB_PATH, labApi, labControlRoutes } from '../../../src/lab/control/lab-control.ts';
import { LAB_EVENT_NAMES } from '../../../src/lab/lab-events.ts';
import { startControlledLab } from './support/controlled-lab.ts';

type Json = Readonly<Record<string, unknown>>;

interface Operation extends Json {
  readonly operationId: string;
  readonly parameters: readonly { name: string; in: string; required?: boolean; schema: Json }[];
  readonly requestBody?: Json;
  readonly responses: Readonly<Record<string, { description: string; content?: Readonly<Record<string, Json>> }>>;
}

interface Document extends Json {
  readonly openapi: string;
  readonly info: Json;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Json>> };
}

const routes = labControlRoutes(false);
const facts = { version: '1.2.3', path: LAB_PATH, hasToken: false };
const document = JSON.parse(JSON.stringify(describeApi(routes, labApi(facts)))) as Document;
const operations = Object.entries(document.paths).flatMap(([path, byMethod]) => {
  return Object.entries(byMethod).map(([method, operation]) => ({ path, method, operation }));
});

/** Every object in a JSON value, with its keys. */
function objectsIn(value: unknown): Json[] {
  if (typeof value !== 'object' || value === null) return [];
  const below = Object.values(value).flatMap(objectsIn);
  return Array.isArray(value) ? below : [value as Json, ...below];
}

describe('the OpenAPI document', () => {
  it('is what the lab serves', async () => {
    await using room = await startControlledLab();
    const { status, json } = await room.ask('/lab/openapi.json');
    expect(status).toBe(200);
    expect(json).toEqual(document);
  });

  it('is OpenAPI 3.1 with what must be in one', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(document.info).toMatchObject({ title: 'epcscf-turn lab control', version: '1.2.3' });
    expect(Object.keys(document).sort()).toEqual(['components', 'info', 'openapi', 'paths', 'security', 'servers']);
    for (const path of Object.keys(document.paths)) expect(path).toMatch(/^\/lab(\/[\w.{}]+)*$/);
    for (const name of Object.keys(document.components.schemas)) expect(name).toMatch(/^[A-Za-z0-9.\-_]+$/);
  });

  it('describes every route and no other', () => {
    const described = operations.map(({ method, path }) => `${method} ${path}`);
    const mounted = routes.map(({ method, path }) => `${method} ${LAB_PATH}${path}`);
    expect(described.sort()).toEqual(mounted.sort());
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('has of each operation its parameters, its body and each answer', () => {
    for (const { path, method, operation } of operations) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const params = operation.parameters.filter((one) => one.in === 'path');
      expect(params.map(({ name }) => name)).toEqual(inPath);
      expect(params.every(({ required }) => required)).toBe(true);
      for (const { schema } of operation.parameters) expect(schema.type).toBeDefined();
      expect(operation.requestBody !== undefined).toBe(method === 'post');
      expect(Object.keys(operation.responses).filter((status) => status.startsWith('2'))).toHaveLength(1);
      for (const [status, { description, content }] of Object.entries(operation.responses)) {
        expect(status).toMatch(/^[2-5]\d\d$/);
        expect(description).not.toBe('');
        if (!status.startsWith('2')) {
          expect(content).toEqual({ 'application/json': { schema: { $ref: '#/components/schemas/Problem' } } });
        }
      }
    }
  });

  it('tells the parameters of a wait with their defaults', () => {
    const { parameters } = document.paths['/lab/wait']!.get!;
    expect(parameters.map(({ name, required = false }) => [name, required])).toEqual([
      ['type', true],
      ['user', false],
      ['since', false],
      ['timeoutMs', false],
      ['fields', false],
    ]);
    expect(parameters[0]!.schema).toMatchObject({ type: 'string', enum: LAB_EVENT_NAMES });
    expect(parameters[3]!.schema).toMatchObject({ type: 'integer', default: 5000, maximum: 600_000 });
    expect(parameters[4]).toMatchObject({ style: 'form', explode: true });
  });

  it('tells every status that a route answers, even to nonsense', async () => {
    await using room = await startControlledLab();
    for (const { path, method, operation } of operations) {
      if (operation.operationId === 'streamEvents') continue;
      const target = path.replaceAll(/\{\w+\}/g, 'none');
      const { status, text } = await room.ask(target, { method: method.toUpperCase() });
      expect(text).not.toContain('no such route');
      expect(Object.keys(operation.responses), `${method} ${path}`).toContain(String(status));
    }
  });

  it('refers only to what is in it, and to all of it', () => {
    const refs = new Set(objectsIn(document).flatMap(({ $ref }) => (typeof $ref === 'string' ? [$ref] : [])));
    const there = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
    expect([...refs].sort()).toEqual(there.sort());
  });

  it('has nothing that only a schema of its own may have', () => {
    for (const one of objectsIn(document)) {
      expect(one).not.toHaveProperty('$schema');
      expect(one).not.toHaveProperty('$id');
      expect(one).not.toHaveProperty('$defs');
    }
  });

  it('knows every event with its name, and every kind of fault', () => {
    const { schemas } = document.components;
    const { discriminator } = schemas.LabEvent as { discriminator: { propertyName: string; mapping: object } };
    expect(discriminator.propertyName).toBe('type');
    expect(Object.keys(discriminator.mapping).sort()).toEqual([...LAB_EVENT_NAMES].sort());
    for (const [name, ref] of Object.entries(discriminator.mapping) as [string, string][]) {
      const schema = schemas[ref.slice('#/components/schemas/'.length)] as {
        properties: Record<string, Json>;
        required: string[];
      };
      expect(schema.properties.type).toEqual({ type: 'string', const: name });
      expect(schema.required).toEqual(expect.arrayContaining(['type', 'seq', 'atUnixMs']));
    }
    const kinds = (schemas.FaultRequest as { oneOf: { properties: { kind: Json } }[] }).oneOf;
    expect(kinds.map(({ properties }) => properties.kind.const)).toEqual(FAULT_KINDS);
  });

  it('asks for a token only where one is needed', () => {
    expect(document.security).toEqual([]);
    expect(describeApi(routes, labApi({ ...facts, hasToken: true })).security).toEqual([{ token: [] }]);
  });
});
