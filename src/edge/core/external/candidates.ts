import { formatSipHead } from '../../../sip/format-message.ts';
import { type SipRequest } from '../../../sip/message.ts';
import { type Hop } from '../../hop.ts';
import { type CoreDestination, destinationKey } from '../core-destination.ts';
import { type CoreTarget, type TargetWatch, type Unreachable } from '../ims-core.ts';
import { type ChallengeMemory } from './challenge-memory.ts';
import { type CoreHealth } from './core-health.ts';

/** RFC 3261 §18.1.1: what is larger does not go by UDP where the path's MTU is not known. */
const MAX_UDP_BYTES = 1300;
/** Upper bounds of what the copy has more than the request: Via, two Record-Route or a Path, Max-Breadth, and the option tags that go with that. */
const ADDED_BYTES = 500;
/** How many destinations one request is tried at. A name can stand for any number. */
const MAX_PLACES = 8;

/** A destination, and what stands for it in the Route of requests that go there, if there is more to say than the request's own Route does. */
export interface FoundDestination extends CoreDestination {
  readonly route?: string;
}

/** Where a request goes on besides the destination itself. */
export interface Onward {
  readonly requestUri: string;
  readonly routes?: readonly string[] | undefined;
  /** Whether these are all destinations of the core (see `CoreTarget.isAll`). */
  readonly isAll: boolean;
  /** Whether the health of its destinations is followed. */
  readonly isWatched: boolean;
  readonly unreachable: Unreachable;
}

export interface CandidateContext {
  readonly health: CoreHealth;
  readonly challenges: ChallengeMemory;
  readonly hopTo: (destination: CoreDestination) => Hop;
}

/**
 * The destinations that a request is tried at, one after the other, or `undefined` when all are down. The one that has challenged its Call-ID comes
 * first, those that are asked whether they are there (`suspect`) last; otherwise the order stays.
 */
export function chooseTarget(
  request: SipRequest,
  found: readonly FoundDestination[],
  onward: Onward,
  context: CandidateContext,
): CoreTarget | undefined {
  const { health, challenges } = context;
  const callId = request.headers.get('Call-ID') ?? '';
  const places = found.length > 1 ? inOrder(callId, found, context) : found.filter((it) => isUsable(it, health));
  const isLarge = places.some(({ transport }) => transport === 'udp') && isTooLargeForUdp(request);
  const candidates: Candidate[] = [];
  for (const place of places) {
    const watch = (reportsClosed: boolean): TargetWatch | undefined => {
      const ofPlace = onward.isWatched ? health.watch(place, reportsClosed) : undefined;
      if (places.length === 1) return ofPlace;
      return listeningForChallenges(ofPlace, () => {
        challenges.note(callId, destinationKey(place));
      });
    };
    // The core may speak UDP only, which says nothing of its health.
    if (isLarge && place.transport === 'udp') {
      candidates.push(new Candidate(overTcp(place), onward, context, watch(false)));
    }
    candidates.push(new Candidate(place, onward, context, watch(true)));
  }
  const [first, ...alternatives] = candidates;
  first?.setAlternatives(alternatives);
  return first;
}

function inOrder(
  callId: string,
  found: readonly FoundDestination[],
  { health, challenges }: CandidateContext,
): FoundDestination[] {
  const preferred = challenges.placeFor(callId);
  const rank = (destination: CoreDestination): number => {
    if (health.stateOf(destination) === 'suspect') return 2;
    return destinationKey(destination) === preferred ? 0 : 1;
  };
  const usable = unique(found).filter((destination) => isUsable(destination, health));
  return usable.sort((a, b) => rank(a) - rank(b)).slice(0, MAX_PLACES);
}

function isUsable(destination: CoreDestination, health: CoreHealth): boolean {
  return health.stateOf(destination) !== 'down';
}

/** UDP has no name in a certificate. */
function overTcp({ address, port, route }: FoundDestination): FoundDestination {
  return route === undefined ? { transport: 'tcp', address, port } : { transport: 'tcp', address, port, route };
}

/** Its hop, and with it a connection, comes into being when its turn has come. */
class Candidate implements CoreTarget {
  readonly uri: string;
  readonly routes?: readonly string[];
  readonly isAll: boolean;
  readonly unreachable: Unreachable;
  readonly watch?: TargetWatch;
  alternatives: readonly CoreTarget[] = [];
  readonly #destination: FoundDestination;
  readonly #context: CandidateContext;
  #hop: Hop | undefined;

  constructor(
    destination: FoundDestination,
    { requestUri, routes, isAll, unreachable }: Onward,
    context: CandidateContext,
    watch: TargetWatch | undefined,
  ) {
    this.uri = requestUri;
    if (routes) this.routes = routes;
    else if (destination.route !== undefined) this.routes = [destination.route];
    this.isAll = isAll;
    this.unreachable = unreachable;
    if (watch) this.watch = watch;
    this.#destination = destination;
    this.#context = context;
  }

  get hop(): Hop {
    this.#hop ??= this.#context.hopTo(this.#destination);
    return this.#hop;
  }

  get currentHop(): Hop {
    return this.#context.hopTo(this.#destination);
  }

  setAlternatives(alternatives: readonly CoreTarget[]): void {
    this.alternatives = alternatives;
  }
}

function listeningForChallenges(watch: TargetWatch | undefined, challenged: () => void): TargetWatch | undefined {
  return (
    watch && {
      sent: (lose) => {
        const request = watch.sent(lose);
        return {
          ...request,
          answered: (status) => {
            if (status === 401 || status === 407) challenged();
            request.answered(status);
          },
        };
      },
    }
  );
}

function unique(destinations: readonly FoundDestination[]): FoundDestination[] {
  return [...new Map(destinations.map((destination) => [destinationKey(destination), destination])).values()];
}

function isTooLargeForUdp(request: SipRequest): boolean {
  const bytes = request.body.length + ADDED_BYTES;
  return bytes > MAX_UDP_BYTES || bytes + Buffer.byteLength(formatSipHead(request)) > MAX_UDP_BYTES;
}
