import { describe, expect, it } from 'vitest';
import { TransactionTable } from '../../../src/sip/transaction/transaction-table.ts';

describe('TransactionTable', () => {
  it('keeps the first transaction of a key', () => {
    const table = new TransactionTable();
    const first = { key: '__proto__' };
    expect([table.add(first), table.add({ key: '__proto__' }), table.size]).toEqual([true, false, 1]);
    expect(table.find('__proto__')).toBe(first);
    expect([table.find('constructor'), table.find(undefined)]).toEqual([undefined, undefined]);
  });

  it('deletes the very transaction only, not its successor', () => {
    const table = new TransactionTable();
    const [first, second] = [{ key: 'k' }, { key: 'k' }];
    table.add(first);
    expect(table.delete(second)).toBe(false);
    expect(table.delete(first)).toBe(true);
    table.add(second);
    expect(table.delete(first)).toBe(false);
    expect(table.find('k')).toBe(second);
  });
});
