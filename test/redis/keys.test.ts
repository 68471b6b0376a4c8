import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeName, personKey, statusChannel, totalTrafficChannel, userKey } from '../../src/redis/keys.ts';

const realm = 'ims.example';

describe('keys', () => {
  it('are those of coturn', () => {
    const name = { user: 'alice', realm };
    expect(userKey(name)).toBe('turn/realm/ims.example/user/alice/key');
    expect(personKey(name)).toBe('turn/realm/ims.example/user/alice/person');
    expect(statusChannel(name, '7')).toBe('turn/realm/ims.example/user/alice/allocation/7/status');
    expect(totalTrafficChannel(name, '7')).toBe('turn/realm/ims.example/user/alice/allocation/7/total_traffic');
  });

  it.each([
    ['alice@ims.example', 'alice@ims.example'],
    ['1700000000:alice', '1700000000:alice'],
    ['a/b', 'a%2Fb'],
    ['100%', '100%25'],
    ['%2F', '%252F'],
    ['*?[a-z]\\^', '%2A%3F%5Ba-z%5D%5C%5E'],
    ['a b\r\nDEL c', 'a%20b%0D%0ADEL%20c'],
    ['\u0000\u0085', '%00%C2%85'],
    ['zoë', 'zoë'],
  ])('have of the name %j what means nothing else', (name, escaped) => {
    expect(escapeName(name)).toBe(escaped);
  });

  it('of two names are never one, and no name is a pattern or leaves its place', () => {
    const name = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(name, name, (a, b) => {
        expect(escapeName(a) === escapeName(b)).toBe(a === b);
        expect(userKey({ user: a, realm }).split('/')).toHaveLength(6);
        expect(userKey({ user: a, realm })).not.toMatch(/[*?[\]\\\s]/);
      }),
    );
  });
});
