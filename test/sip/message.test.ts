import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SipHeaders } from '../../src/sip/message.ts';

function headersOf(...fields: readonly (readonly [string, string])[]): SipHeaders {
  const headers = new SipHeaders();
  for (const [name, value] of fields) headers.append(name, value);
  return headers;
}

describe('SipHeaders', () => {
  it.each([
    ['Via', 'v'],
    ['From', 'F'],
    ['Call-ID', 'i'],
    ['Contact', 'm'],
    ['Content-Length', 'l'],
    ['Content-Type', 'C'],
    ['Supported', 'k'],
    ['Session-Expires', 'x'],
    ['Refer-To', 'r'],
    ['X-Own', 'x-OWN'],
  ])('finds %s under %s and the other way round', (long, other) => {
    expect(headersOf([long, '1']).get(other)).toBe('1');
    expect(headersOf([other, '1']).get(long.toUpperCase())).toBe('1');
  });

  it('keeps the order, the spelling and every field line', () => {
    const headers = headersOf(['v', 'a'], ['X', '1'], ['VIA', 'b, c']);
    expect([...headers.entries()]).toEqual([
      ['v', 'a'],
      ['X', '1'],
      ['VIA', 'b, c'],
    ]);
    expect(headers.getAll('Via')).toEqual(['a', 'b, c']);
    expect(headers.getList('Via')).toEqual(['a', 'b', 'c']);
    expect(headers.count).toBe(3);
  });

  it.each([
    { of: 'as many', own: ['Via', 'X'], taken: ['V1'], result: ['V1', 'X'] },
    { of: 'fewer', own: ['X', 'Via', 'Y', 'Via'], taken: ['V1'], result: ['X', 'V1', 'Y'] },
    { of: 'more', own: ['X', 'Via', 'Y'], taken: ['V1', 'V2'], result: ['X', 'V1', 'V2', 'Y'] },
    { of: 'none', own: ['X', 'Via'], taken: [], result: ['X'] },
    { of: 'the only', own: ['X', 'Y'], taken: ['V1', 'V2'], result: ['V1', 'V2', 'X', 'Y'] },
  ])('takes $of fields of a name from another message in the place of its own', ({ own, taken, result }) => {
    const headers = headersOf(...own.map((name): [string, string] => [name, name]));
    headers.takeFrom(headersOf(['X', 'other'], ...taken.map((value): [string, string] => ['v', value])), 'Via');
    expect(headers.fields.map(({ value }) => value)).toEqual(result);
  });

  it('sets in the place of the first field of that name and takes the others away', () => {
    const headers = headersOf(['A', '1'], ['B', '2'], ['a', '3'], ['B', '4'], ['A', '5']);
    headers.set('b', 'x');
    headers.set('New', 'y');
    expect([...headers.entries()].map((entry) => entry.join('='))).toEqual(['A=1', 'b=x', 'a=3', 'A=5', 'New=y']);
  });

  it('prepends before the first field of that name, or on top of all', () => {
    const headers = headersOf(['A', '1'], ['Via', '2']);
    headers.prepend('Via', '0');
    headers.prepend('Route', 'r');
    expect([...headers.entries()].map((entry) => entry.join('='))).toEqual(['Route=r', 'A=1', 'Via=0', 'Via=2']);
  });

  it('removes one value of a list at a time, then the field', () => {
    const headers = headersOf(['Route', '<sip:a,b;lr> , "x,\\"y" <sip:c>,<sip:d>'], ['Route', '<sip:e>']);
    const removed = Array.from({ length: 5 }, () => headers.removeFirst('route'));
    expect(removed).toEqual(['<sip:a,b;lr>', '"x,\\"y" <sip:c>', '<sip:d>', '<sip:e>', undefined]);
    expect(headers.count).toBe(0);
  });

  it('removes every field of a name and says whether there was one', () => {
    const headers = headersOf(['m', '1'], ['X', '2'], ['Contact', '3']);
    expect(headers.remove('CONTACT')).toBe(true);
    expect(headers.remove('Contact')).toBe(false);
    expect([...headers.entries()]).toEqual([['X', '2']]);
  });

  it('lets go of all fields of several names at once, and keeps the order of the others', () => {
    const headers = new SipHeaders();
    for (const name of ['Via', 'm', 'X-A', 'Via', 'Contact', 'To']) headers.append(name, name);
    expect([new Set(['contact']), new Set(['nobody'])].map((keys) => headers.hasAny(keys))).toEqual([true, false]);
    headers.removeKeys(new Set(['contact', 'x-a', 'nobody']));
    expect([...headers.entries()].map(([name]) => name)).toEqual(['Via', 'Via', 'To']);
    headers.removeKeys(new Set());
    expect([headers.count, headers.get('To')]).toEqual([3, 'To']);
  });

  it('clones into an independent copy', () => {
    const headers = headersOf(['A', '1']);
    const copy = headers.clone();
    copy.set('A', '2');
    copy.append('B', '3');
    expect(headers.get('A')).toBe('1');
    expect(headers.has('B')).toBe(false);
  });

  it.each(['a\r\nVia: x', 'a\nb', 'a\rb', '\n'])('refuses the value %j, which could inject a field', (value) => {
    const headers = new SipHeaders();
    const expected = expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }) as Error;
    expect(() => {
      headers.append('X', value);
    }).toThrow(expected);
    expect(() => {
      headers.set('X', value);
    }).toThrow(expected);
    expect(() => {
      headers.prepend('X', value);
    }).toThrow(expected);
    expect(headers.count).toBe(0);
  });

  it.each(['', 'A B', 'A:', 'A\r\n', 'Ä', 'A\0'])('refuses the name %j', (name) => {
    expect(() => {
      new SipHeaders().append(name, 'x');
    }).toThrow('expected a token');
  });

  it('looks foreign names up without touching object prototypes', () => {
    const headers = new SipHeaders();
    expect(headers.get('__proto__')).toBeUndefined();
    expect(headers.get('constructor')).toBeUndefined();
    headers.append('__proto__', 'x');
    expect(headers.get('__PROTO__')).toBe('x');
  });

  it('behaves as a plain list of pairs does, whatever the operations', () => {
    const name = fc.constantFrom('Via', 'v', 'Route', 'X-Own', 'x-own');
    const value = fc.stringMatching(/^[a-z]{1,3}$/);
    const operation = fc.record({
      verb: fc.constantFrom('append', 'prepend', 'set', 'remove', 'removeFirst'),
      name,
      value,
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 20 }), (operations) => {
        const headers = new SipHeaders();
        const model = new ListModel();
        for (const { verb, name: field, value: text } of operations) {
          if (verb === 'append') headers.append(field, text);
          else if (verb === 'prepend') headers.prepend(field, text);
          else if (verb === 'set') headers.set(field, text);
          else if (verb === 'remove') headers.remove(field);
          else headers.removeFirst(field);
          model.apply(verb, field, text);
        }
        expect([...headers.entries()]).toEqual(model.pairs);
      }),
      { numRuns: 300 },
    );
  });
});

/** The slow and obvious way to do the same. */
class ListModel {
  pairs: [string, string][] = [];

  apply(verb: string, name: string, value: string): void {
    const index = this.pairs.findIndex(([other]) => ListModel.key(other) === ListModel.key(name));
    if (verb === 'append') this.pairs.push([name, value]);
    if (verb === 'prepend') this.pairs.splice(Math.max(0, index), 0, [name, value]);
    if (verb === 'removeFirst' && index >= 0) this.pairs.splice(index, 1);
    if (verb === 'remove' || verb === 'set') {
      this.pairs = this.pairs.filter(([other]) => ListModel.key(other) !== ListModel.key(name));
    }
    if (verb === 'set') this.pairs.splice(index < 0 ? this.pairs.length : index, 0, [name, value]);
  }

  static key(name: string): string {
    return name === 'v' ? 'via' : name.toLowerCase();
  }
}
