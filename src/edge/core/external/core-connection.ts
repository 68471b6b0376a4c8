import { type Clock } from '../../../base/clock.ts';
import { EpcscfTurnError } from '../../../base/errors.ts';
import { type LimitedLog } from '../../../base/limited-log.ts';
import { type Logger } from '../../../base/logger.ts';
import { allOutcomes, isLater, mapOutcome, type Outcome } from '../../../base/outcome.ts';
import { type TimerHandle, type TimerQueue } from '../../../base/timer-queue.ts';
import { type TypedEvents } from '../../../base/typed-events.ts';
import { createResponse } from '../../../sip/create-response.ts';
import { isInDialog } from '../../../sip/in-dialog.ts';
import { type SipRequest, type SipResponse } from '../../../sip/message.ts';
import { parseSipUri, type SipUri } from '../../../sip/uri.ts';
import { type Border } from '../../border/border.ts';
import { type EdgeEvents } from '../../edge-events.ts';
import { type EdgeLimits, type ExternalCoreOptions } from '../../edge-options.ts';
import { type HomeDomain } from '../../home-domain.ts';
import { type Hop } from '../../hop.ts';
import { type CoreDestination, destinationKey } from '../core-destination.ts';
import { type CoreSide, type CoreSnapshot } from '../core-side.ts';
import { type CoreTarget } from '../ims-core.ts';
import { type FoundDestination } from './candidates.ts';
import { ChallengeMemory } from './challenge-memory.ts';
import { CoreHealth, type ProbeResult } from './core-health.ts';
import { isSameHostPort } from './destination-key.ts';
import { createProbe } from './core-probe.ts';
import { isCoreSideName } from './core-side-names.ts';
import { type AnswerOwn, ExternalCore } from './external-core.ts';
import { learningBorder } from './learning-border.ts';
import { type OwnOutcome, type OwnTransactions, sendOwnRequest } from './own-requests.ts';
import { RouteMemory } from './route-memory.ts';
import { type CoreTransportHandlers, type CoreTransports } from './transport/core-transport.ts';

export interface CoreConnectionContext {
  readonly options: ExternalCoreOptions;
  /** URIs of E-CSCFs, in order of preference. They belong to the core as its own do. */
  readonly emergencyUris?: readonly string[];
  readonly home: HomeDomain;
  readonly border: Border;
  readonly limits: Pick<EdgeLimits, 'transactions'>;
  readonly clock: Clock;
  readonly timers: TimerQueue;
  readonly logger: Logger;
  readonly limitedLog: LimitedLog;
  readonly events: TypedEvents<EdgeEvents>;
  readonly retryAfterSec: number;
  readonly transactions: OwnTransactions;
  readonly createTransports: (handlers: CoreTransportHandlers) => CoreTransports;
  /** RFC 3263: the destinations a URI stands for, best first; none when it stands for nothing, or nobody could say. */
  readonly resolve: (uri: SipUri) => Outcome<readonly CoreDestination[]>;
  /** Takes one message of the core, as received. */
  readonly receive: (bytes: Buffer, hop: Hop) => void;
  readonly hopClosed: (hop: Hop) => void;
  /** Runs something once what is going on now has ended, and survives its mistakes. */
  readonly defer: (run: () => void) => void;
  /** Called with all destinations that the configured URIs stand for, each time they stand for others. */
  readonly destinationsChanged?: ((destinations: readonly CoreDestination[]) => void) | undefined;
  /** Called when all sockets towards the core are closed. */
  readonly closed?: () => void;
  /** Whether the edge is stopping and takes nothing new. */
  readonly isStopping: () => boolean;
}

interface CoreUri {
  readonly text: string;
  readonly uri: SipUri;
}

type OnFinal = (response: SipResponse) => void;

/** Milliseconds between two lookups of the names of the core, whose addresses are trusted and probed. */
const RESOLVE_EVERY_MS = 30_000;

/** The side of a core outside this process: its connections, its health, and the way of requests to it. */
export class CoreConnection implements CoreSide {
  readonly core: ExternalCore;
  readonly border: Border;
  readonly knowsEdgeAs = (uri: SipUri): boolean =>
    isCoreSideName(uri, this.addresses, this.#context.options.listen.publicHost);
  readonly #context: CoreConnectionContext;
  readonly #transports: CoreTransports;
  readonly #health: CoreHealth;
  readonly #uris: readonly CoreUri[];
  readonly #emergency: readonly CoreUri[];
  /** By configured URI: what it last stood for, kept while DNS does not answer. */
  readonly #found = new Map<string, readonly CoreDestination[]>();
  /** All destinations in `#found`. */
  #configured: readonly CoreDestination[] = [];
  #timer: TimerHandle | undefined;
  #answerOwn: AnswerOwn | undefined;
  #isOpen = false;

  /** Throws ERR_INVALID_ARGUMENT for a URI of the core that is none, and what making the transports throws. */
  constructor(context: CoreConnectionContext) {
    const {
      options,
      border,
      clock,
      timers,
      logger,
      events,
      limits,
      retryAfterSec,
      resolve,
      defer,
      emergencyUris = [],
    } = context;
    this.#context = context;
    this.#uris = options.uris.map(parseCoreUri);
    this.#emergency = emergencyUris.map(parseCoreUri);
    const routes = new RouteMemory([...this.#uris, ...this.#emergency].map(({ uri }) => uri));
    this.border = learningBorder(border, routes);
    this.#transports = context.createTransports(this.#handlers());
    this.#health = new CoreHealth({
      options: options.probe,
      clock,
      timers,
      logger,
      events,
      probe: (destination, uri, onEnd) => {
        this.#probe(destination, uri, onEnd);
      },
    });
    const isHere = (destination: CoreDestination): boolean => isAmong(this.addresses, destination);
    this.core = new ExternalCore({
      configured: () => this.#resolveAll(this.#uris),
      emergency: () => this.#resolveEmergency(),
      maxWaiting: limits.transactions,
      retryAfterSec,
      health: this.#health,
      challenges: new ChallengeMemory(),
      hopTo: (destination) => this.#transports.hopTo(destination),
      resolve,
      isTrusted: (address) => this.#transports.isTrusted(address),
      isKnown: (uri) => routes.knows(uri) || this.#isConfigured(uri),
      isEnd: (uri) => routes.isEnd(uri) || this.#isConfigured(uri),
      isNamed: (uri) => routes.isNamed(uri) || this.#isConfigured(uri),
      mayLeadTo: (uri, destination) =>
        !isHere(destination) && (routes.mayLeadTo(uri, destination.port) || isAmong(this.#configured, destination)),
      isEdge: (uri) => this.#isEdge(uri),
      knowsEdgeAs: this.knowsEdgeAs,
      answerOwn: (...request) => this.#answerOwn?.(...request),
      isHere,
      isStopping: () => context.isStopping(),
      clock,
      defer,
    });
  }

  get addresses(): readonly CoreDestination[] {
    return this.#transports.addresses;
  }

  get cores(): readonly CoreSnapshot[] {
    return this.#health.snapshot;
  }

  /** Opens the sockets. Does not wait for DNS: a core whose name does not resolve counts as down. */
  async start(): Promise<void> {
    await this.#transports.start();
    this.#isOpen = true;
    this.#refresh();
  }

  async stop(): Promise<void> {
    this.#isOpen = false;
    if (this.#timer) this.#context.timers.cancel(this.#timer);
    this.#health.stop();
    await this.#transports.stop();
    this.#context.closed?.();
  }

  setTlsContext(pair: Parameters<CoreTransports['setTlsContext']>[0]): void {
    this.#transports.setTlsContext(pair);
  }

  answerOwnBy(answer: AnswerOwn): void {
    this.#answerOwn = answer;
  }

  sendRequest(request: SipRequest, onFinal: OnFinal): void {
    this.#context.defer(() => {
      this.#select(request, onFinal);
    });
  }

  #select(request: SipRequest, onFinal: OnFinal): void {
    this.core.select(request, { inDialog: isInDialog(request), isOwn: true }, (selection) => {
      if (selection.kind === 'refuse') onFinal(selection.answer(request));
      else this.#sendTo(selection.target, selection.target.alternatives ?? [], request, onFinal);
    });
  }

  #sendTo(target: CoreTarget, alternatives: readonly CoreTarget[], request: SipRequest, onFinal: OnFinal): void {
    if (!this.#isOpen) {
      onFinal(this.core.refuse(request, 503));
      return;
    }
    const copy = { ...request, uri: target.uri, headers: request.headers.clone() };
    if (target.routes) copy.headers.set('Route', target.routes.join(', '));
    const sent = sendOwnRequest(copy, target.hop, this.#context, (outcome) => {
      watch?.ended(howItEnded(outcome));
      const [next, ...rest] = alternatives;
      const isAnswer = outcome.kind === 'response' && outcome.response.status !== 503;
      if (next && !isAnswer) this.#sendTo(next, rest, request, onFinal);
      else if (outcome.kind === 'response') onFinal(outcome.response);
      else onFinal(createResponse(request, outcome.cause === 'timeout' ? 408 : 503));
    });
    const watch = target.watch?.sent(() => {
      sent.giveUp();
    });
  }

  #handlers(): CoreTransportHandlers {
    const { receive, hopClosed, limitedLog, clock } = this.#context;
    return {
      message: receive,
      closed: (hop) => {
        if (!this.#isOpen) return;
        hopClosed(hop);
        for (const destination of this.#configured) {
          if (leadsTo(hop, destination)) this.#health.suspect(destination);
        }
      },
      refused: (remoteAddress, transport, cause) => {
        const { monotonicMs } = clock.now();
        limitedLog.warn(
          `core ${cause}`,
          { remoteAddress, transport, cause },
          'refused on the side of the core',
          monotonicMs,
        );
      },
    };
  }

  #refresh(): void {
    const { timers, clock } = this.#context;
    const found = this.#resolveAll([...this.#uris, ...this.#emergency]);
    if (isLater(found)) found.later(() => undefined);
    this.#timer = timers.schedule(clock.now().monotonicMs + RESOLVE_EVERY_MS, () => {
      this.#refresh();
    });
  }

  /** The destinations of these URIs now, in the order of the URIs. */
  #resolveAll(uris: readonly CoreUri[]): Outcome<readonly CoreDestination[]> {
    const [only] = uris;
    if (only && uris.length === 1) return this.#resolve(only);
    return mapOutcome(allOutcomes(uris.map((uri) => this.#resolve(uri))), (found) => found.flat());
  }

  #resolveEmergency(): Outcome<readonly FoundDestination[]> {
    const outcomes = this.#emergency.map((uri) =>
      mapOutcome(this.#resolve(uri), (found): readonly FoundDestination[] => {
        const route = `<${uri.text}${uri.uri.params.has('lr') ? '' : ';lr'}>`;
        return found.map((destination) => ({ ...destination, route }));
      }),
    );
    return mapOutcome(allOutcomes(outcomes), (found) => found.flat());
  }

  #resolve({ text, uri }: CoreUri): Outcome<readonly CoreDestination[]> {
    const resolved = this.#context.resolve(uri);
    // Nothing is new, as with nearly every request.
    if (resolved === this.#found.get(text)) return resolved;
    return mapOutcome(resolved, (destinations) => {
      if (destinations.length > 0 && this.#isOpen) this.#note(text, destinations);
      return destinations.length > 0 ? destinations : (this.#found.get(text) ?? []);
    });
  }

  #note(text: string, destinations: readonly CoreDestination[]): void {
    const before = this.#found.get(text);
    this.#found.set(text, destinations);
    const configured = [...this.#found.values()].flat();
    this.#configured = configured;
    if (before && sameIn(before, destinations)) return;
    this.#transports.trust(new Set(configured.map(({ address }) => address)));
    this.#context.destinationsChanged?.(configured);
    this.#health.configure(
      this.#uris.flatMap((core) =>
        (this.#found.get(core.text) ?? []).map((destination) => ({ destination, uri: core.text })),
      ),
    );
  }

  /** Whether a URI is one of the configured addresses, written out. */
  #isConfigured(uri: SipUri): boolean {
    return this.#configured.some(({ address, port }) => isSameHostPort(uri, { host: address, port }));
  }

  #probe(destination: CoreDestination, uri: string, onEnd: (result: ProbeResult) => void, mayRetry = true): void {
    const { options, home, timers, clock } = this.#context;
    const wasUp = this.#health.stateOf(destination) !== 'down';
    const hop = this.#transports.hopTo(destination);
    const sent = sendOwnRequest(createProbe(uri, home.name), hop, this.#context, (outcome) => {
      timers.cancel(timeout);
      // A connection that the core has closed meanwhile, as it does with idle ones, is told by the first message over it.
      if (outcome.kind === 'failure' && outcome.cause === 'unreachable' && mayRetry && wasUp && this.#isOpen) {
        this.#probe(destination, uri, onEnd, false);
      } else onEnd(resultOf(outcome));
    });
    const timeout = timers.schedule(clock.now().monotonicMs + options.probe.timeoutSec * 1000, () => {
      sent.giveUp();
    });
  }

  #isEdge(uri: SipUri): boolean {
    return this.#context.home.holds(uri) || this.knowsEdgeAs(uri);
  }
}

function isAmong(destinations: readonly CoreDestination[], { address, port }: CoreDestination): boolean {
  return destinations.some((destination) => destination.address === address && destination.port === port);
}

function howItEnded(outcome: OwnOutcome): 'answered' | 'cancelled' | 'timeout' | 'unreachable' {
  if (outcome.kind === 'response') return 'answered';
  return outcome.cause === 'overload' ? 'cancelled' : outcome.cause;
}

function resultOf(outcome: OwnOutcome): ProbeResult {
  if (outcome.kind === 'response') return outcome.response.status === 503 ? 'unavailable' : 'answered';
  return outcome.cause === 'overload' ? undefined : outcome.cause;
}

/** Whether both lists have the same destinations, in any order: weights change the order each time (RFC 2782). */
function sameIn(a: readonly CoreDestination[], b: readonly CoreDestination[]): boolean {
  const keys = new Set(a.map(destinationKey));
  return a.length === b.length && b.every((destination) => keys.has(destinationKey(destination)));
}

function leadsTo(
  { remoteAddress, remotePort, viaTransport }: Hop,
  { address, port, transport }: CoreDestination,
): boolean {
  return remoteAddress === address && remotePort === port && viaTransport.toLowerCase() === transport;
}

function parseCoreUri(text: string): CoreUri {
  const uri = parseSipUri(text);
  if (!uri.ok) throw new EpcscfTurnError('ERR_INVALID_ARGUMENT', `core.uris: expected SIP URIs, got ${text}`);
  return { text, uri: uri.value };
}
