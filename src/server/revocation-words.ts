/* Causes that the events about revocations name. */

/** Why names that were revoked are good again before their end. */
export const REVOCATION_LOSSES = {
  'list-full':
    'More names are revoked than credentials.maxRegistrations: those whose credentials end first are good again until their end. Raise the key.',
} as const;
export type RevocationLoss = keyof typeof REVOCATION_LOSSES;
