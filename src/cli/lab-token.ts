import { readTextFile } from '../config/text-file.ts';
import { LAB_TOKEN_VARIABLE, type Environment } from '../config/environment.ts';
import { edgeExposures } from '../config/loopback.ts';
import { looseFileWarning } from '../config/named-files.ts';
import { type Config } from '../config/schema/tree.ts';
import { EpcscfTurnError } from '../base/errors.ts';
import { Secret } from '../base/secret.ts';

const FLAG = '--lab-token-file';
const MIN_CHARACTERS = 16;
/** A token that an Authorization header can carry. */
const TOKEN = /^[\x21-\x7e]+$/;

export interface LabFlags {
  readonly labControl?: boolean;
  readonly labTokenFile?: string;
}

/**
 * The token of lab control: from the file of `--lab-token-file`, else from the environment. `undefined` when neither is given. Throws
 * ERR_CONFIG_INVALID or ERR_CONFIG_UNREADABLE.
 */
export function labToken({ labTokenFile: file }: LabFlags, environment: Environment): Secret | undefined {
  const [source, text] =
    file === undefined
      ? [LAB_TOKEN_VARIABLE, environment[LAB_TOKEN_VARIABLE]]
      : [FLAG, readTextFile(file, FLAG, 'ERR_CONFIG_UNREADABLE').trim()];
  if (text === undefined) return undefined;
  if (text.length < MIN_CHARACTERS) {
    throw invalid(`${source}: expected at least ${MIN_CHARACTERS} characters, got ${text.length}`);
  }
  if (!TOKEN.test(text)) throw invalid(`${source}: expected one line of printable ASCII without spaces`);
  return new Secret(text);
}

/** A warning about a token file that other users of this machine can read. */
export function labTokenWarning({ labTokenFile: file }: LabFlags): string | undefined {
  return file === undefined ? undefined : looseFileWarning(FLAG, file);
}

/** Checks that lab control can be opened at these addresses. Throws ERR_CONFIG_INVALID with one line that says what to do. */
export function checkLabControl({ labControl, labTokenFile }: LabFlags, { edge }: Config, token?: Secret): void {
  if (!labControl) {
    if (labTokenFile !== undefined) throw invalid(`${FLAG}: expected --lab-control with it`);
    return;
  }
  if (!edge.enabled) throw invalid('--lab-control: expected edge.enabled: true, since the edge carries it');
  const [open] = edgeExposures(edge);
  if (open === undefined || token) return;
  throw invalid(`--lab-control: others reach the edge by way of ${open}; name a ${FLAG}, or listen on 127.0.0.1 only`);
}

function invalid(message: string): EpcscfTurnError {
  return new EpcscfTurnError('ERR_CONFIG_INVALID', message);
}
