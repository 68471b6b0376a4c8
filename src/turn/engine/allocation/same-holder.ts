import { type Credential } from '../authentication/authenticate.ts';

/** What a credential says of whose it is. */
export type Holder = Pick<Credential, 'user' | 'namesNoHolder'>;

/**
 * Whether a request is of whom something was given to, as far as their credentials tell. RFC 7635 §9 has a client refresh its allocation with whatever
 * access token it gets next, of another session key and perhaps of another kid; so where tokens do not say whose they are, one does for the other. To be
 * asked only of what the client shows besides: the 5-tuple, from which a nonce must have been received, or a RESERVATION-TOKEN.
 */
export function isSameHolder(known: Holder, shown: Holder): boolean {
  return known.user === shown.user || (known.namesNoHolder && shown.namesNoHolder);
}
