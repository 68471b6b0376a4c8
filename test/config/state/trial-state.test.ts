import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { labKey } from '../../../src/config/state/lab-secrets.ts';
import { StateFolder } from '../../../src/config/state/state-folder.ts';
import { TrialState } from '../../../src/config/state/trial-state.ts';

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'epcscf-turn-trial-'));
});
afterEach(() => {
  rmSync(base, { recursive: true, force: true });
});

describe('a state folder that is only tried', () => {
  it('keeps what a start makes in memory, with no folder made for it', () => {
    const trial = new TrialState(join(base, 'state'));
    const key = labKey(trial, 'km.key').revealText();
    expect(labKey(trial, 'km.key').revealText()).toBe(key);
    trial.replace('cert', 'second');
    expect(trial.read('cert')).toBe('second');
    expect(readdirSync(base)).toEqual([]);
  });

  it('has what the folder has, and leaves that as it is', () => {
    const folder = new StateFolder(base);
    folder.create('cert', 'first');
    const trial = new TrialState(base);
    expect(trial.create('cert', 'second')).toBe('first');
    trial.replace('cert', 'third');
    expect(trial.read('cert')).toBe('third');
    expect(folder.read('cert')).toBe('first');
  });

  it('names the file of the folder that is broken', () => {
    new StateFolder(base).create('km.key', 'short');
    expect(() => labKey(new TrialState(base), 'km.key')).toThrow(`${join(base, 'km.key')}: expected one line of`);
  });
});
