import { EpcscfTurnError } from '../../base/errors.ts';

/** The error for a value that an attribute cannot carry: the mistake of whoever writes the message. */
export function unencodable(name: string, expected: string, came: string | number): EpcscfTurnError {
  return new EpcscfTurnError('ERR_INVALID_ARGUMENT', `${name}: expected ${expected}, got ${came}`);
}
