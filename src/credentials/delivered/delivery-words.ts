/*
 * Words that the events of approach 2 use, each closed union with its meaning. Nothing is imported, so that a page can.
 */

/** Why a credential could not be delivered. */
export const DELIVERY_FAILURES = {
  unavailable:
    'The store could not be reached, or did not answer in time. See whether Redis runs; until then clients get error=unavailable, and calls go on.',
} as const;
export type DeliveryFailure = keyof typeof DELIVERY_FAILURES;

/** What an edge delivers to. */
export const CREDENTIAL_STORES = {
  memory: 'The memory of this process, which its own TURN server reads.',
  redis: 'A Redis, which every TURN server of a fleet reads.',
} as const;
export type CredentialStore = keyof typeof CREDENTIAL_STORES;
