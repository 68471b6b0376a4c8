import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { labKey, labUsers } from '../../../src/config/state/lab-secrets.ts';
import { StateFolder } from '../../../src/config/state/state-folder.ts';

let folder: StateFolder;
beforeEach(() => {
  folder = new StateFolder(mkdtempSync(join(tmpdir(), 'epcscf-turn-lab-')));
});
afterEach(() => {
  rmSync(folder.path, { recursive: true, force: true });
});

const write = (name: string, text: string) => {
  writeFileSync(folder.file(name), text);
  chmodSync(folder.file(name), 0o600);
};

describe('a generated key', () => {
  it('is 32 random bytes in base64 and stays the same', () => {
    const key = labKey(folder, 'km.key').revealText();
    expect(Buffer.from(key, 'base64')).toHaveLength(32);
    expect(labKey(folder, 'km.key').revealText()).toBe(key);
    expect(labKey(folder, 'pseudonym.key').revealText()).not.toBe(key);
  });

  it.each(['', 'short', 'A'.repeat(44), 'x'.repeat(1000)])('is not taken from a broken file (%j)', (text) => {
    write('km.key', text);
    expect(() => labKey(folder, 'km.key')).toThrow(/km\.key: expected one line of 44 base64 characters; delete it/);
  });
});

describe('the lab users', () => {
  it('are alice and bob, with passwords that can be read out, and stay the same', () => {
    const users = labUsers(folder);
    expect([...users.keys()]).toEqual(['alice', 'bob']);
    const passwords = [...users.values()].map((password) => password.revealText());
    for (const password of passwords) expect(password).toMatch(/^[a-z]{6}-[a-z]{6}-[a-z]{6}$/);
    expect(new Set(passwords).size).toBe(2);
    expect([...labUsers(folder).values()].map((password) => password.revealText())).toEqual(passwords);
  });

  it('may be edited by hand', () => {
    write('users.json', '{"carol": "her-password"}');
    expect(labUsers(folder).get('carol')?.revealText()).toBe('her-password');
  });

  it.each(['', '[]', '{}', 'null', '{"alice": 1}', '{"alice": ""}', '{"a b": "password"}', '{'])(
    'are not taken from a broken file (%s)',
    (text) => {
      write('users.json', text);
      expect(() => labUsers(folder)).toThrow(
        /users\.json: expected a JSON object of user names and passwords; delete it/,
      );
    },
  );
});
