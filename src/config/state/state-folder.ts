import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmdirSync,
  statSync,
  type Stats,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { EpcscfTurnError } from '../../base/errors.ts';
import { type Environment } from '../environment.ts';
import { type StateStore } from './state-store.ts';

const NO_LINKS = process.platform === 'win32' ? 0 : constants.O_NOFOLLOW;
const APPENDING = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | NO_LINKS;

/** `$XDG_STATE_HOME/epcscf-turn`, or `~/.local/state/epcscf-turn` (XDG Base Directory Specification). */
export function defaultStateDir(environment: Environment): string {
  const base = environment.XDG_STATE_HOME;
  // The specification wants a relative path ignored.
  return join(base !== undefined && isAbsolute(base) ? base : join(homedir(), '.local', 'state'), 'epcscf-turn');
}

/**
 * The folder of generated secrets: 0700, each file 0600, written whole or not at all. A file that others can read is refused, not repaired:
 * whoever read it may still hold it. Every error is ERR_STATE_DIR_UNUSABLE in one line that names the file and the remedy.
 */
export class StateFolder implements StateStore {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
    let status: Stats;
    try {
      makeFolder(resolve(path));
      status = statSync(path);
    } catch (cause) {
      throw unusable(path, `cannot be made (${codeOf(cause)}); set stateDir to a folder you may write`, cause);
    }
    if (!status.isDirectory()) throw unusable(path, 'is no folder; set stateDir to one');
    if (isForeign(status.uid))
      throw unusable(path, `belongs to another user (uid ${status.uid}); set stateDir to a folder of yours`);
    if (hasModes() && (status.mode & 0o022) !== 0)
      throw unusable(path, 'can be written by others; run chmod 700 on it');
  }

  /** The state folder, if it exists. Creates nothing. Throws what the constructor throws. */
  static find(path: string): StateFolder | undefined {
    try {
      if (!statSync(path, { throwIfNoEntry: false })) return undefined;
    } catch (cause) {
      throw unusable(path, `cannot be read (${codeOf(cause)}); set stateDir to a folder you may read`, cause);
    }
    return new StateFolder(path);
  }

  /**
   * Whether the folder could be made, where there is none, and written. The system alone knows (modes, a file in the way, what a file system
   * refuses), so an empty folder is made beside what is there and taken away again. Throws as the constructor.
   */
  static tryWriting(path: string): void {
    const found = StateFolder.find(path);
    try {
      rmdirSync(mkdtempSync(join(nearestThere(resolve(path)), '.epcscf-turn-')));
    } catch (cause) {
      throw unusable(
        path,
        `cannot be ${found ? 'written' : 'made'} (${codeOf(cause)}); set stateDir to a folder you may write`,
        cause,
      );
    }
  }

  file(name: string): string {
    return join(this.path, name);
  }

  locate(name: string): string {
    return this.file(name);
  }

  /** The content of a file; `undefined` when there is no such file. */
  read(name: string): string | undefined {
    const file = this.file(name);
    let descriptor: number;
    try {
      descriptor = openSync(file, constants.O_RDONLY | NO_LINKS);
    } catch (cause) {
      if (codeOf(cause) === 'ENOENT') return undefined;
      throw unusable(file, `cannot be read (${codeOf(cause)})`, cause);
    }
    try {
      const { uid, mode } = fstatSync(descriptor);
      if (isForeign(uid))
        throw unusable(file, `belongs to another user (uid ${uid}); delete it to have a new one made`);
      if (hasModes() && (mode & 0o077) !== 0) {
        throw unusable(
          file,
          `is open to others (mode ${(mode & 0o777).toString(8)}); run chmod 600, or delete it to have a new one made`,
        );
      }
      return readFileSync(descriptor, 'utf8');
    } finally {
      closeSync(descriptor);
    }
  }

  /** Writes a file that is not there yet. When another process was faster, its content is the answer. */
  create(name: string, content: string): string {
    const temporary = this.#writeTemporary(name, content);
    try {
      linkSync(temporary, this.file(name));
      return content;
    } catch (cause) {
      if (codeOf(cause) !== 'EEXIST') throw unusable(this.file(name), `cannot be written (${codeOf(cause)})`, cause);
      return this.read(name) ?? content;
    } finally {
      unlinkSync(temporary);
    }
  }

  /** Writes a file in the place of an older one. */
  replace(name: string, content: string): void {
    const temporary = this.#writeTemporary(name, content);
    try {
      renameSync(temporary, this.file(name));
    } catch (cause) {
      unlinkSync(temporary);
      throw unusable(this.file(name), `cannot be written (${codeOf(cause)})`, cause);
    }
  }

  /** Writes to the end of a file, or begins one. */
  append(name: string, content: string): void {
    const file = this.file(name);
    try {
      const descriptor = openSync(file, APPENDING, 0o600);
      try {
        writeFileSync(descriptor, content);
      } finally {
        closeSync(descriptor);
      }
    } catch (cause) {
      throw unusable(file, `cannot be written (${codeOf(cause)})`, cause);
    }
  }

  /** The error about a file that does not hold what it should. */
  broken(name: string, expected: string, cause?: unknown): EpcscfTurnError {
    return unusable(this.file(name), `expected ${expected}; delete it to have a new one made`, cause);
  }

  #writeTemporary(name: string, content: string): string {
    const temporary = this.file(`.${name}.${randomBytes(6).toString('hex')}`);
    try {
      writeFileSync(temporary, content, { mode: 0o600, flag: 'wx' });
    } catch (cause) {
      throw unusable(this.path, `cannot be written (${codeOf(cause)}); set stateDir to a folder you may write`, cause);
    }
    return temporary;
  }
}

/**
 * With its parents, one by one: `mkdirSync` of Node 20 with `recursive` never returns where a file system refuses a new folder with ENOENT,
 * as /proc does.
 */
function makeFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })) return;
  const parent = dirname(path);
  if (parent !== path) makeFolder(parent);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process may have been faster.
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

/** The nearest folder that exists: the folder itself, or one above it. */
function nearestThere(path: string): string {
  return statSync(path, { throwIfNoEntry: false }) ? path : nearestThere(dirname(path));
}

function unusable(path: string, what: string, cause?: unknown): EpcscfTurnError {
  return new EpcscfTurnError('ERR_STATE_DIR_UNUSABLE', `${path}: ${what}`, { cause });
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}

/** Whether files have modes. Windows has access lists instead. */
function hasModes(): boolean {
  return process.platform !== 'win32';
}

/** Whether a file belongs to another user. A file of root is accepted if it can be read, as a container may be given a folder that way. */
function isForeign(uid: number): boolean {
  return hasModes() && process.getuid !== undefined && uid !== process.getuid() && uid !== 0;
}
