import { type Clock, type Now } from '../../base/clock.ts';
import { type TimerQueue } from '../../base/timer-queue.ts';
import { createResponse } from '../../sip/create-response.ts';
import { type SipHeaders, type SipRequest, type SipResponse } from '../../sip/message.ts';
import { parseSipUri } from '../../sip/uri.ts';
import { type RequestEssentials } from '../../sip/validate-request.ts';
import { type EmbeddedCoreOptions, type RegistrationOptions } from '../edge-options.ts';
import { forbidden } from '../forbidden.ts';
import { type HomeDomain } from '../home-domain.ts';
import { type Hop } from '../hop.ts';
import { type CoreObserver } from './core-observer.ts';
import { DigestAuthenticator } from './digest-authenticator.ts';
import { Gruus, isInstance } from './gruus.ts';
import { type CoreOutcome, type CoreRequestOrigin, type CoreTarget, type ImsCore } from './ims-core.ts';
import { Registrar } from './registrar.ts';
import { targetsOf } from './target-set.ts';

export interface EmbeddedCoreContext {
  readonly options: EmbeddedCoreOptions;
  readonly registration: RegistrationOptions;
  readonly home: HomeDomain;
  readonly clock: Clock;
  readonly timers: TimerQueue;
  readonly observer: CoreObserver;
}

/** Whom a REGISTER is for. */
interface Subject {
  readonly aor: string;
  readonly user: string;
  /** Whether From names the same user. */
  readonly isSender: boolean;
}

/** A registrar and location service inside the process, in the place of an I/S-CSCF: for small deployments and tests. */
export class EmbeddedCore implements ImsCore {
  readonly joinsWics = true;
  readonly reportsAuthentication = true;
  readonly reportsRemovals = true;
  readonly #context: EmbeddedCoreContext;
  readonly #authenticator: DigestAuthenticator;
  readonly #registrar: Registrar;
  readonly #gruus: Gruus;

  /** Whom a REGISTER is for, for `SipHeaders.derive`; `undefined` where it is no user here. */
  readonly #subjectOf = (headers: SipHeaders): Subject | undefined => {
    const { home } = this.#context;
    const aor = home.aorInTo(headers);
    return aor === undefined ? undefined : { aor, user: home.userOf(aor), isSender: home.aorInFrom(headers) === aor };
  };

  constructor(context: EmbeddedCoreContext) {
    const { options, registration, home, timers, observer } = context;
    this.#context = context;
    this.#authenticator = new DigestAuthenticator(options.digest, options.users, home.name);
    this.#gruus = new Gruus(home);
    this.#registrar = new Registrar(registration, timers, observer, this.#gruus);
  }

  handle(request: SipRequest, essentials: RequestEssentials, origin: CoreRequestOrigin, outcome: CoreOutcome): void {
    if (request.method === 'REGISTER') outcome.respond(this.#register(request, essentials, origin));
    else this.#locate(request, outcome);
  }

  flowClosed(hop: Hop): void {
    this.#registrar.bindings.removeHop(hop.id);
  }

  /** The edge has ended a registration by itself. `address`: the address-of-record. */
  endRegistration(registrationId: string, address: string): void {
    const aor = this.#context.home.aorOfText(address);
    const bindings = aor === undefined ? [] : this.#registrar.bindings.of(aor, -Infinity);
    for (const binding of bindings) {
      if (binding.registrationId === registrationId) this.#registrar.bindings.remove(binding);
    }
  }

  /** Handles a REGISTER: RFC 3261 §10.3 steps 1 to 5. */
  #register(request: SipRequest, essentials: RequestEssentials, { hop, webLogin }: CoreRequestOrigin): SipResponse {
    const { home, clock, observer } = this.#context;
    const requestUri = parseSipUri(request.uri);
    if (!requestUri.ok || requestUri.value.user !== undefined) {
      return createResponse(request, 400, { reason: 'Bad Request (registrar URI)' });
    }
    const subject = request.headers.derive(this.#subjectOf);
    if (!home.holds(requestUri.value) || !subject) return createResponse(request, 404);

    const now = clock.now();
    const refusal = webLogin ? undefined : this.#authenticate(request, subject, hop, now);
    if (refusal) return refusal;
    // Third-party registration is nobody's right here.
    if (!subject.isSender) return forbidden(request, 'third-party');
    observer.authenticated(hop, subject.user);
    return this.#registrar.register({ request, essentials, aor: subject.aor, hop }, now);
  }

  /** Authenticates by digest. Returns the answer to a client that fails, or sends no credentials. */
  #authenticate(request: SipRequest, { aor, user }: Subject, hop: Hop, now: Now): SipResponse | undefined {
    const { observer } = this.#context;
    const outcome = this.#authenticator.authenticate(request, { user, hop }, now.monotonicMs);
    if (outcome.kind !== 'authenticated' && outcome.failure) {
      observer.authenticationFailed(hop, aor, outcome.failure.user, outcome.failure.cause);
    }
    if (outcome.kind === 'challenge') {
      observer.challenged(hop, aor, outcome.stale);
      const response = createResponse(request, 401);
      this.#authenticator.addChallenges(response, hop, outcome.stale, now.monotonicMs);
      return response;
    }
    if (outcome.kind === 'refused') {
      return outcome.failure.cause === 'uri-mismatch'
        ? createResponse(request, 400, { reason: 'Bad Request (digest uri)' })
        : forbidden(request, 'other-login');
    }
    return undefined;
  }

  /** RFC 3261 §16.5: a user's devices are the targets, all at once. */
  #locate(request: SipRequest, outcome: CoreOutcome): void {
    const { home, options } = this.#context;
    const uri = parseSipUri(request.uri);
    // No relaying to elsewhere: this core has no way out.
    if (!uri.ok || !home.holds(uri.value) || request.headers.has('Route')) {
      outcome.respond(forbidden(request, 'not-of-domain'));
      return;
    }
    const isGruu = uri.value.params.has('gr');
    const device = isGruu ? this.#gruus.find(uri.value) : undefined;
    const aor = isGruu ? device?.aor : home.aorOf(uri.value);
    const targets = aor === undefined ? [] : this.#targets(aor, device?.instanceId);
    if (targets.length > 0) {
      outcome.forward(targets);
      return;
    }
    const known = aor !== undefined && options.users.passwordOf(home.userOf(aor)) !== undefined;
    outcome.respond(createResponse(request, known ? 480 : 404));
  }

  /** With `instanceId`, of the device that it is the instance of alone. */
  #targets(aor: string, instanceId: string | undefined): CoreTarget[] {
    const bindings = this.#registrar.bindings.of(aor, this.#context.clock.now().monotonicMs);
    const meant =
      instanceId === undefined
        ? bindings
        : bindings.filter(({ contact }) => isInstance(contact.instanceId, instanceId));
    return targetsOf(meant);
  }
}
