import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultStateDir, StateFolder } from '../../../src/config/state/state-folder.ts';

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'epcscf-turn-state-'));
});
afterEach(() => {
  rmSync(base, { recursive: true, force: true });
});

const modeOf = (path: string) => statSync(path).mode & 0o777;
const unusable = (message: RegExp) =>
  expect.objectContaining({
    code: 'ERR_STATE_DIR_UNUSABLE',
    message: expect.stringMatching(message) as string,
  }) as Error;

describe('the state folder', () => {
  it('is made with its parents, for its owner alone, and so are its files', () => {
    const folder = new StateFolder(join(base, 'a', 'b'));
    folder.create('secret', 'text');
    folder.replace('other', 'text');
    expect(modeOf(folder.path)).toBe(0o700);
    expect(modeOf(folder.file('secret'))).toBe(0o600);
    expect(modeOf(folder.file('other'))).toBe(0o600);
    expect(readdirSync(folder.path).sort()).toEqual(['other', 'secret']);
  });

  it('keeps the file that was there first', () => {
    const folder = new StateFolder(base);
    expect(folder.create('secret', 'first')).toBe('first');
    expect(folder.create('secret', 'second')).toBe('first');
    expect(folder.read('secret')).toBe('first');
    expect(readdirSync(base)).toEqual(['secret']);
  });

  it('puts a new file in the place of an old one', () => {
    const folder = new StateFolder(base);
    folder.replace('cert', 'first');
    folder.replace('cert', 'second');
    expect(folder.read('cert')).toBe('second');
    expect(folder.read('missing')).toBeUndefined();
  });

  it.each([0o640, 0o604, 0o666])('refuses a file of mode %o, which others may have read', (mode) => {
    writeFileSync(join(base, 'secret'), 'text');
    chmodSync(join(base, 'secret'), mode);
    expect(() => new StateFolder(base).read('secret')).toThrow(
      unusable(/secret: is open to others \(mode 6\d\d\); run chmod 600/),
    );
  });

  it('follows no link', () => {
    writeFileSync(join(base, 'elsewhere'), 'text', { mode: 0o600 });
    symlinkSync(join(base, 'elsewhere'), join(base, 'secret'));
    expect(() => new StateFolder(base).read('secret')).toThrow(unusable(/secret: cannot be read \(ELOOP\)/));
  });

  it('refuses a folder that others may write', () => {
    chmodSync(base, 0o777);
    expect(() => new StateFolder(base)).toThrow(unusable(/can be written by others; run chmod 700/));
  });

  it('says where it cannot be made', () => {
    writeFileSync(join(base, 'file'), '');
    expect(() => new StateFolder(join(base, 'file', 'state'))).toThrow(
      unusable(/cannot be made \(ENOTDIR\); set stateDir/),
    );
    expect(() => new StateFolder(join(base, 'file'))).toThrow(unusable(/set stateDir/));
  });

  it.runIf(process.platform === 'linux')(
    'says so too where the file system takes no folder, in place of trying for ever',
    () => {
      expect(() => new StateFolder('/proc/nonexistent/state')).toThrow(
        unusable(/cannot be made \(ENOENT\); set stateDir/),
      );
    },
  );

  it('says so too at a link that leads nowhere', () => {
    symlinkSync(join(base, 'nowhere'), join(base, 'state'));
    expect(() => new StateFolder(join(base, 'state'))).toThrow(unusable(/cannot be made \(ENOENT\); set stateDir/));
  });

  it('is only looked for by find, never made', () => {
    expect(StateFolder.find(join(base, 'state'))).toBeUndefined();
    expect(readdirSync(base)).toEqual([]);
    expect(StateFolder.find(base)?.path).toBe(base);
    writeFileSync(join(base, 'file'), '');
    expect(() => StateFolder.find(join(base, 'file', 'state'))).toThrow(unusable(/cannot be read \(ENOTDIR\)/));
  });

  it('says when a file cannot be written', () => {
    mkdirSync(join(base, 'cert'));
    const folder = new StateFolder(base);
    expect(() => {
      folder.replace('cert', 'text');
    }).toThrow(unusable(/cert: cannot be written/));
    expect(readdirSync(base)).toEqual(['cert']);
  });

  it('lies where the XDG Base Directory Specification says', () => {
    expect(defaultStateDir({ XDG_STATE_HOME: '/var/state' })).toBe('/var/state/epcscf-turn');
    expect(defaultStateDir({ XDG_STATE_HOME: 'relative' })).toMatch(/\.local\/state\/epcscf-turn$/);
    expect(defaultStateDir({})).toMatch(/\.local\/state\/epcscf-turn$/);
  });
});
