import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import {
  AIM_FIELDS,
  FAULT_FORMS,
  FREQUENT_FAULTS,
  FREQUENT_WEB_FAULTS,
  TURN_METHODS,
  type FaultField,
} from '../../../src/demo-page/faults-panel/fault-forms.ts';
import { describeFault, requestOf } from '../../../src/demo-page/faults-panel/fault-request.ts';
import { faultSchema } from '../../../src/lab/faults/fault.ts';

interface Property {
  readonly type?: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly const?: string;
}

interface KindSchema {
  readonly properties: Readonly<Record<string, Property>> & { readonly kind: Required<Pick<Property, 'const'>> };
  readonly required: readonly string[];
}

const KINDS = (z.toJSONSchema(faultSchema, { io: 'input' }) as unknown as { readonly oneOf: readonly KindSchema[] })
  .oneOf;
const AIM = ['kind', 'user', 'method', 'times', 'forMs'];
const CASES = KINDS.map((schema) => [schema.properties.kind.const, schema] as const);

function startOf(field: FaultField): [string, string] {
  return [field.name, String(field.start ?? '')];
}

/** What the form of a fault says before anybody touches it. */
function untouched(kind: string): Map<string, string> {
  return new Map(FAULT_FORMS.get(kind)!.fields.map(startOf));
}

describe('the forms of the faults', () => {
  it('are those of the faults that the server has, in its order', () => {
    expect([...FAULT_FORMS.keys()]).toEqual(CASES.map(([kind]) => kind));
  });

  it.each(CASES)('have for %s the fields, bounds and choices of the schema', (kind, { properties, required }) => {
    const { fields, methods } = FAULT_FORMS.get(kind)!;
    expect(fields.map(({ name }) => name)).toEqual(Object.keys(properties).filter((name) => !AIM.includes(name)));
    for (const field of [...fields, ...AIM_FIELDS]) {
      const schema = properties[field.name]!;
      if (field.type === 'choice') expect([...field.values].sort()).toEqual([...schema.enum!].sort());
      if (field.type === 'text' && schema.maxLength !== undefined) expect(field.maxLength).toBe(schema.maxLength);
      if (field.type !== 'number') continue;
      // Without bounds of its own the schema has a rule in code, which the test of the largest and smallest values asks.
      if (schema.maximum !== Number.MAX_SAFE_INTEGER) expect(field.max * field.scale).toBe(schema.maximum);
      // The form's smallest step need not be the schema's.
      expect(field.min * field.scale).toBeGreaterThanOrEqual(schema.minimum ?? schema.exclusiveMinimum!);
      if (required.includes(field.name)) expect(field.start).toBeDefined();
    }
    const method = properties.method;
    expect(methods.length > 0).toBe(method !== undefined);
    if (method?.enum) expect(methods).toEqual(method.enum);
    else
      for (const name of methods)
        expect(faultSchema.safeParse({ ...requestIn(kind), method: name }).success).toBe(true);
  });

  it.each(CASES)('make of the untouched form of %s a request that the server takes', (kind) => {
    expect(faultSchema.safeParse(requestIn(kind))).toMatchObject({ success: true, data: { kind } });
  });

  it.each(CASES)('make of the largest and smallest values of %s requests that the server takes', (kind) => {
    for (const side of ['min', 'max'] as const) {
      const values = untouched(kind);
      for (const field of [...FAULT_FORMS.get(kind)!.fields, ...AIM_FIELDS]) {
        if (field.type === 'number') values.set(field.name, String(field[side]));
        if (field.type === 'text') values.set(field.name, 'x'.repeat(side === 'min' ? 1 : field.maxLength));
      }
      const filled = requestOf(kind, values.set('user', 'alice'));
      expect(filled.ok && faultSchema.safeParse(filled.request).error).toBeUndefined();
    }
  });

  function requestIn(kind: string): object {
    const filled = requestOf(kind, untouched(kind));
    return filled.ok ? filled.request : {};
  }
});

describe('a form that was filled in', () => {
  it('asks for what it says, in the units of the server', () => {
    const values = new Map([
      ['ratio', '7'],
      ['direction', 'to-peer'],
      ['user', 'alice'],
      ['times', '3'],
      ['forMs', '2'],
      ['method', 'REGISTER'],
    ]);
    const request = { kind: 'relay-loss', ratio: 0.07, direction: 'to-peer', user: 'alice', times: 3, forMs: 2000 };
    expect(requestOf('relay-loss', values)).toEqual({ ok: true, request });
  });

  it('is aimed at a method where the fault has methods', () => {
    for (const method of TURN_METHODS) {
      const values = new Map([
        ['code', '437'],
        ['method', method],
      ]);
      expect(requestOf('turn-answer', values)).toEqual({
        ok: true,
        request: { kind: 'turn-answer', code: 437, method },
      });
    }
  });

  it.each([
    ['status', '', 'Status: a value is needed.'],
    ['status', '299', 'Status: expected a whole number from 300 to 699, got 299.'],
    ['status', 'x', 'Status: expected a whole number from 300 to 699, got x.'],
    ['times', '1.5', 'Ends after so many hits: expected a whole number from 1 to 1000000, got 1.5.'],
  ])('says of %s = "%s" what is wrong', (field, text, problem) => {
    expect(
      requestOf(
        'sip-answer',
        new Map([
          ['status', '503'],
          [field, text],
        ]),
      ),
    ).toEqual({ ok: false, field, problem });
  });

  it('of no fault there is asks to choose one', () => {
    expect(requestOf('constructor', new Map())).toEqual({ ok: false, field: 'kind', problem: 'Choose a fault.' });
  });
});

describe('the frequent faults', () => {
  it.each([...FREQUENT_FAULTS, ...FREQUENT_WEB_FAULTS].map(({ label, request }) => [label, request] as const))(
    '%s: the server takes it',
    (_, request) => {
      expect(faultSchema.safeParse(request).error).toBeUndefined();
      expect(faultSchema.safeParse({ ...request, user: 'alice' }).error).toBeUndefined();
    },
  );
});

describe('a fault in words', () => {
  it.each([
    [{ kind: 'relay-loss', ratio: 0.07, direction: 'to-peer' }, 'Packets lost, 7 %, to-peer · everybody'],
    [{ kind: 'relay-delay', delayMs: 300, jitterMs: 0, direction: 'both' }, 'Packets delayed, 300 ms · everybody'],
    [{ kind: 'relay-bandwidth', bitsPerSec: 100_000, user: 'bob' }, 'Bandwidth limit, 100 kbit/s · bob'],
    [
      { kind: 'sip-answer', status: 503, retryAfterSec: 5, method: 'REGISTER', times: 1, user: 'alice' },
      'SIP answer, status 503, 5 s · alice · REGISTER · once',
    ],
    [{ kind: 'flow-cut', times: 3, forMs: 1500 }, 'WebSocket cut · everybody · 3 times · for 1.5 s'],
    [{ kind: 'something-new', x: 1 }, 'something-new · everybody'],
  ])('%j', (fault, words) => {
    expect(describeFault(fault)).toBe(words);
  });
});
