import { type KeyPair } from '../../base/key-pair.ts';
import { type SipRequest, type SipResponse } from '../../sip/message.ts';
import { type SipUri } from '../../sip/uri.ts';
import { type RequestEssentials } from '../../sip/validate-request.ts';
import { type Border } from '../border/border.ts';
import { type Hop } from '../hop.ts';
import { type CoreDestination } from './core-destination.ts';
import { type ImsCore } from './ims-core.ts';

/** `unknown`: not asked yet. `suspect`: something has gone wrong there, and it is being asked. Requests go to all but `down`. */
export type CoreState = 'unknown' | 'up' | 'suspect' | 'down';

export interface CoreSnapshot {
  /** The URI of one address of the core. */
  readonly core: string;
  readonly state: CoreState;
  /** Whether it is an address of the configured URIs; others are where a Route leads. */
  readonly configured: boolean;
}

/** All that stands between the proxy and the core, of either kind. */
export interface CoreSide {
  readonly core: ImsCore;
  readonly border: Border;
  /** Whether the core knows this edge by this name. Absent with the embedded core. */
  readonly knowsEdgeAs?: (uri: SipUri) => boolean;
  /** An open hop of the core by its id, which a flow token may hold. Absent where flow tokens lead to clients alone. */
  readonly findHop?: (id: string) => Hop | undefined;
  /** Where the core reaches this edge; empty for the core inside, and unless started. */
  readonly addresses: readonly CoreDestination[];
  /** How the core outside fares, by address. */
  readonly cores?: readonly CoreSnapshot[];
  /**
   * Sends a request of the edge itself, not an INVITE and without Via, to the core, or where its Route or its dialog leads there. `onFinal` is called once,
   * with an answer or with what stands for none: 408, 503. Only of a core outside.
   */
  sendRequest?(request: SipRequest, onFinal: (response: SipResponse) => void): void;
  /** Who answers requests of the core in dialogs of the edge itself. Only of a core outside. */
  answerOwnBy?(answer: (request: SipRequest, essentials: RequestEssentials) => SipResponse | undefined): void;
  /** What the edge shows by TLS from now on; connections that are open go on. Only of a core outside. */
  setTlsContext?(pair: KeyPair): void;
  /** Opens the listeners on the core's side. Throws what `start` of a server throws for a port that cannot be had. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** The side of a core inside this process, which has no connections. */
export function localSide(core: ImsCore, border: Border): CoreSide {
  return { core, border, addresses: [], start: () => Promise.resolve(), stop: () => Promise.resolve() };
}
