import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { EpcscfTurnError } from '../base/errors.ts';

/** Reads a text file. `what` is how the error calls it: its path, or the key that names it. Throws with one line that says what to do. */
export function readTextFile(
  file: string,
  what: string,
  code: 'ERR_CONFIG_UNREADABLE' | 'ERR_CERTIFICATE_UNREADABLE',
): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new EpcscfTurnError(code, `${what}: cannot read ${file} (${reason})${remedy(reason, file)}`, { cause });
  }
}

function remedy(reason: string, file: string): string {
  switch (reason) {
    case 'ENOENT':
    case 'ENOTDIR':
      return `; there is no ${resolve(file)}, correct the path`;
    case 'EACCES':
    case 'EPERM':
      return '; let the user that runs this read it';
    case 'EISDIR':
      return '; it is a folder, name a file';
    default:
      return '';
  }
}
