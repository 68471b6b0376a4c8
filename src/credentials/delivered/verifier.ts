import { mapOutcome } from '../../base/outcome.ts';
import { fail, ok } from '../../base/result.ts';
import { type CredentialVerifier, type KeyAlgorithm } from '../credential.ts';
import { type UserKeys } from './delivery.ts';

const KEY_ID = 'delivered';

/**
 * The TURN server of figure 6.3.3-2: what was delivered under a name is the key that a request must be made with. MD5 is all that is delivered, because it is
 * all that coturn can read.
 */
export function createDeliveredVerifier(keys: UserKeys): CredentialVerifier {
  return {
    keyAlgorithms: ['md5'],
    lookup: ({ username, realm }, now) =>
      mapOutcome(keys.find({ user: username, realm }, now), (found) => {
        if (!found.ok) return found;
        if (!found.value) return fail('unknown-user');
        const { key, person, expiresAtSec } = found.value;
        if (expiresAtSec !== undefined && expiresAtSec * 1000 <= now.unixMs) return fail('expired');
        const integrityKey = (algorithm: KeyAlgorithm): Buffer | undefined => (algorithm === 'md5' ? key : undefined);
        return ok({
          user: username,
          ...(expiresAtSec !== undefined && { expiresAtSec }),
          keys: [{ keyId: KEY_ID, integrityKey, ...(person !== undefined && { person: () => person }) }],
        });
      }),
  };
}
