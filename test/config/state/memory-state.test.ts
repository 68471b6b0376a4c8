import { describe, expect, it } from 'vitest';
import { labCa, labCaFile, labCertificate } from '../../../src/config/state/lab-certificate.ts';
import { labKey, labUsers } from '../../../src/config/state/lab-secrets.ts';
import { MemoryState } from '../../../src/config/state/memory-state.ts';

describe('state in memory', () => {
  it('serves what is generated as a folder does: made once, found again', async () => {
    const state = new MemoryState();
    const certificate = await labCertificate(state, ['localhost'], Date.now());
    expect(await labCertificate(state, ['localhost'], Date.now())).toEqual(certificate);
    expect(labKey(state, 'km.key').equals(labKey(state, 'km.key'))).toBe(true);
    expect([...labUsers(state)]).toEqual([...labUsers(state)]);
    expect(labCa(state)).toContain('BEGIN CERTIFICATE');
    expect(labCaFile(state)).toBeUndefined();
  });

  it('keeps the first of what is created twice, and the last of what is replaced', () => {
    const state = new MemoryState();
    expect([state.create('a', '1'), state.create('a', '2'), state.read('a')]).toEqual(['1', '1', '1']);
    state.replace('a', '3');
    expect(state.read('a')).toBe('3');
    expect(state.read('b')).toBeUndefined();
  });

  it('begins with a copy: what one holder keeps, another does not see', () => {
    const first = new MemoryState([['a', '1']]);
    const second = new MemoryState(first.entries);
    second.replace('a', '2');
    expect(first.entries).toEqual([['a', '1']]);
  });

  it('names what it was given and cannot use', () => {
    const state = new MemoryState([['km.key', 'short']]);
    expect(() => labKey(state, 'km.key')).toThrow('km.key in memory: expected one line of 44 base64 characters');
  });
});
