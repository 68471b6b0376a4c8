import { type ClientInfo } from './turn-events.ts';

/** A request that needs authentication, as a tap sees it. */
export interface TappedRequest extends ClientInfo {
  /** STUN method number. */
  readonly method: number;
  /** USERNAME as received. */
  readonly username: string | undefined;
}

/** Stands between a client's requests and the engine, to cause faults on purpose. Absent in production. */
export interface TurnTap {
  /** Before authentication: `no-answer` drops the request, 401 and 438 challenge it anew. `undefined` lets it pass. */
  unauthenticated(request: TappedRequest): 'no-answer' | 401 | 438 | undefined;
  /** After authentication, in place of what the request asks for: an error code of RFC 8656 or RFC 8489, or `undefined` to let it pass. */
  authenticated(request: TappedRequest): number | undefined;
}
