import { type TypedEvents } from '../../base/typed-events.ts';
import { type CredentialStore, type DeliveryFailure } from './delivery-words.ts';

interface Delivered {
  /** For which registration. That of a session of the web server begins with `wwsf `. */
  readonly registrationId: string;
  /** u: the whole of USERNAME. */
  readonly name: string;
  readonly store: CredentialStore;
}

/** What approach 2 tells observers. No payload holds a password or a key. */
export interface DeliveryEvents {
  'credential-made': Omit<Delivered, 'store'> & { readonly expiresAtSec: number };
  'credential-delivered': Delivered & { readonly expiresAtSec: number };
  'delivery-failed': Delivered & { readonly cause: DeliveryFailure };
}

export type DeliveryObservers = Pick<TypedEvents<DeliveryEvents>, 'has' | 'emit'>;

/** What each event of approach 2 says. */
export const DELIVERY_EVENTS = {
  'credential-made': 'A credential of approach 2 has been made, and is about to be delivered.',
  'credential-delivered':
    'A credential of approach 2 has been delivered, so that every TURN server that reads the store knows it.',
  'delivery-failed': 'A credential of approach 2 could not be delivered, so that its client gets none.',
} as const satisfies Readonly<Record<keyof DeliveryEvents, string>>;
