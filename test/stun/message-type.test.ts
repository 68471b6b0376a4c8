import { describe, expect, it } from 'vitest';
import { decodeMessageType, encodeMessageType, Method, type MessageClass } from '../../src/stun/message-type.ts';

const CLASSES: readonly MessageClass[] = ['request', 'indication', 'success', 'error'];

describe('message type', () => {
  it.each([
    [Method.Binding, 'request', 0x0001],
    [Method.Binding, 'indication', 0x0011],
    [Method.Binding, 'success', 0x0101],
    [Method.Binding, 'error', 0x0111],
    [Method.Allocate, 'request', 0x0003],
    [Method.Allocate, 'success', 0x0103],
    [Method.Allocate, 'error', 0x0113],
    [Method.Send, 'indication', 0x0016],
    [Method.Data, 'indication', 0x0017],
    [Method.ConnectionAttempt, 'indication', 0x001c],
    [0x080, 'request', 0x0200],
    [0xfff, 'error', 0x3fff],
  ] as const)('method %i as %s is type %i', (method, messageClass, type) => {
    expect(encodeMessageType(method, messageClass)).toBe(type);
    expect(decodeMessageType(type)).toEqual({ method, messageClass });
  });

  it('each of the 14-bit types stands for one method and class', () => {
    const types = new Set<number>();
    for (let method = 0; method <= 0xfff; method++) {
      for (const messageClass of CLASSES) types.add(encodeMessageType(method, messageClass));
    }
    expect(types.size).toBe(0x4000);
    const changed = [...types].filter((type) => {
      const { method, messageClass } = decodeMessageType(type);
      return encodeMessageType(method, messageClass) !== type;
    });
    expect(changed).toEqual([]);
  });
});
