import { type SipRequest, type SipResponse } from '../../sip/message.ts';
import { type Border } from '../border/border.ts';
import { type CoreSnapshot } from './external/core-health.ts';
import { type CoreDestination } from './external/core-transport.ts';
import { type CoreKeyPair } from './external/transport/core-tls.ts';
import { type ImsCore } from './ims-core.ts';

/** All that stands between the proxy and the core, of either kind. */
export interface CoreSide {
  readonly core: ImsCore;
  readonly border: Border;
  /** Where the core reaches this edge; empty for the core inside, and unless started. */
  readonly addresses: readonly CoreDestination[];
  /** How the core outside fares, by address. */
  readonly cores?: readonly CoreSnapshot[];
  /**
   * Sends a request of the edge itself, not an INVITE and without Via, to the core or where its Route leads there. `onFinal` is called once,
   * with an answer or with what stands for none: 408, 503. Only of a core outside.
   */
  sendRequest?(request: SipRequest, onFinal: (response: SipResponse) => void): void;
  /** What the edge shows by TLS from now on; connections that are open go on. Only of a core outside. */
  setTlsContext?(pair: CoreKeyPair): void;
  /** Opens the listeners on the core's side. Throws what `start` of a server throws for a port that cannot be had. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** The side of a core inside this process, which has no connections. */
export function localSide(core: ImsCore, border: Border): CoreSide {
  return { core, border, addresses: [], start: () => Promise.resolve(), stop: () => Promise.resolve() };
}
