import { type OwnText } from '../../../src/base/own-text.ts';
import { Secret } from '../../../src/base/secret.ts';
import { EmbeddedCore } from '../../../src/edge/core/embedded-core.ts';
import { type EmbeddedCoreOptions } from '../../../src/edge/edge-options.ts';
import { HomeDomain } from '../../../src/edge/home-domain.ts';
import { createIdentity, type Identity } from '../../../src/edge/registration/identity.ts';
import { createResponse } from '../../../src/sip/create-response.ts';
import { formatSipMessage } from '../../../src/sip/format-message.ts';
import { type SipMessage, type SipRequest } from '../../../src/sip/message.ts';
import { edgeOptions } from './edge-options.ts';
import { type FakeHop } from './fake-hop.ts';
import { CORE_SIDE, ProxyBench } from './proxy-bench.ts';
import { Nonces, type Proof, proofLines } from './register-proofs.ts';
import { CHOICES, type Choices, type Slot, writeRegister } from './register-texts.ts';

/** One REGISTER, and what happens behind it. */
export interface RegisterStep {
  /** Clients 0 and 1 share a flow; client 2 is another device of client 0's user. */
  readonly client: number;
  /** What it writes otherwise than at first, and whether its next ones have it too. */
  readonly changes: readonly { readonly slot: Slot; readonly choice: number }[];
  readonly isLasting: boolean;
  /** By how much CSeq grows. */
  readonly sequence: number;
  readonly proof: Proof;
  /** Milliseconds that pass before. */
  readonly waitMs: number;
  /** Whether core and issuer answer no sooner than in the next step that is not late. */
  readonly isLate: boolean;
  readonly then: 'nothing' | 'reconnect' | 'end' | 'amend' | 'other-password';
}

interface Client {
  readonly user: string;
  readonly device: string;
  readonly flow: number;
  readonly choices: Choices;
  sequence: number;
}

interface FlowState {
  readonly hop: FakeHop;
  readonly nonces: Nonces;
}

/** Nonces, flow tokens, tags, branches, charging identities and names of flows. Temporary GRUUs are never the same. */
const RANDOM = new RegExp(
  [
    String.raw`(?<=nonce=\\?")\d+-\d+-[\w-]{24}`,
    String.raw`(?<=sip:)[\w-]{64,}(?=@)`,
    String.raw`(?<=^To:[^\r\n]*;tag=)[\w-]{8,}`,
    String.raw`(?<=branch=z9hG4bK)[\w-]{10,}[^\r\n;,]*`,
    String.raw`(?<=icid-value=\\?"?)[\w-]{10,}`,
    String.raw`(?<="flowId":")[\w-]+`,
  ].join('|'),
  'gm',
);
const TEMPORARY_GRUU = /sip:gruu\.[\w-]+/g;

/** An edge with its registrar, whose flows remember the last REGISTER of their client or do not. */
export class Registrars {
  readonly #bench: ProxyBench;
  readonly #registrar: EmbeddedCore;
  readonly #remembers: boolean;
  readonly #passwords = new Map([
    ['alice', new Secret('wonderland')],
    ['bob', new Secret('builder')],
  ]);
  readonly #clients: readonly Client[] = [
    { user: 'alice', device: 'd0', flow: 0, choices: new Map(), sequence: 0 },
    { user: 'bob', device: 'd1', flow: 0, choices: new Map(), sequence: 0 },
    { user: 'alice', device: 'd2', flow: 1, choices: new Map(), sequence: 0 },
  ];
  readonly #flows: FlowState[];
  /** A core outside, and what it has not answered. */
  readonly #core: FakeHop;
  readonly #unanswered: { readonly request: SipRequest; readonly step: RegisterStep }[] = [];
  readonly #names = new Map<string, string>();
  #steps = 0;
  #eventsSeen = 0;

  constructor(core: 'inside' | 'outside', remembers: boolean) {
    this.#remembers = remembers;
    const options = edgeOptions({
      credential: { burst: 1000 },
      limits: { authenticationFailuresPerIdentity: 3, contactsPerFlow: 3 },
      registration: { contactsPerUser: 2 },
      core: { users: { passwordOf: (user) => this.#passwords.get(user) } },
    });
    const listen = { addresses: ['192.0.2.7'], port: 5060, tlsPort: undefined, publicHost: undefined };
    const outside = { visitedNetworkId: undefined, accessNetworkInfo: undefined, listen };
    const bench = new ProxyBench(options, undefined, core === 'outside' ? outside : undefined);
    const { admission, registrations, clock } = bench;
    const registrar = new EmbeddedCore({
      options: options.core as EmbeddedCoreOptions,
      registration: options.registration,
      home: new HomeDomain(options.domain),
      clock,
      timers: clock.timers,
      observer: {
        challenged: () => undefined,
        authenticated: (hop, user) => {
          admission.authenticated(hop, user);
        },
        authenticationFailed: (...failure) => {
          admission.authenticationFailed(...failure);
        },
        tooManyContacts: () => undefined,
        bindingRemoved: (registrationId) => {
          registrations.end(registrationId, 'removed');
        },
      },
    });
    this.#bench = bench;
    this.#registrar = registrar;
    this.#core = bench.addHop({ kind: 'core', self: CORE_SIDE });
    bench.handle = (request, essentials, origin, outcome) => {
      if (core === 'inside') registrar.handle(request, essentials, origin, outcome);
      else outcome.forward([{ hop: this.#core, uri: request.uri }]);
    };
    this.#flows = [this.#openFlow(), this.#openFlow()];
  }

  /** Everything that comes of a step, but for what is random in it. */
  take(step: RegisterStep): object {
    const { clock, proxy, issuer, registrations, events, closed, layer } = this.#bench;
    const client = this.#clients[step.client]!;
    const flow = this.#flows[client.flow]!;
    clock.advance(step.waitMs);
    issuer.isSlow = step.isLate;
    const isOwed = proxy.receive(Buffer.from(this.#write(client, step, flow)), flow.hop);
    const asked = this.#core.sent.splice(0);
    for (const request of asked) if (request.kind === 'request') this.#unanswered.push({ request, step });
    if (!step.isLate) this.#answer();
    const answers = this.#flows.map(({ hop }) => hop.sent.splice(0));
    for (const answer of answers[client.flow]!) learnNonce(flow.nonces, answer);
    const standing = registrations.all.map(({ hop, ...facts }) => ({ ...facts, flowId: hop.id }));
    const told = events.all.slice(this.#eventsSeen);
    this.#eventsSeen = events.all.length;
    const outcome = {
      isOwed,
      asked: asked.map((message) => this.#text(message)),
      answers: answers.map((messages) => messages.map((message) => this.#text(message))),
      standing: standing.map((registration) => this.#named(JSON.stringify(registration))),
      told: told.map((event) => this.#named(JSON.stringify(event))),
      issued: [...issuer.requests],
      released: [...issuer.released],
      counts: [closed.length, clock.timers.size, layer.size],
    };
    this.#go(step.then, client, flow);
    return outcome;
  }

  #write(client: Client, step: RegisterStep, { nonces }: FlowState): string {
    const { user, device } = client;
    this.#steps += 1;
    client.sequence += step.sequence;
    const choices = new Map(client.choices);
    for (const { slot, choice } of step.changes) {
      choices.set(slot, choice);
      if (step.isLasting) client.choices.set(slot, choice);
    }
    const uri = CHOICES.start[choices.get('start') ?? 0]!.split(/ +/)[1]!.replace('@@', `${user}@`);
    const otherNonces = this.#flows[1 - client.flow]!.nonces;
    const proof = proofLines(step.proof, { user, uri, nonces, otherNonces, passwords: this.#passwords });
    return writeRegister(choices, { user, device, proof, branch: `z9hG4bK${this.#steps}`, sequence: client.sequence });
  }

  #answer(): void {
    this.#bench.issuer.answer();
    for (const { request, step } of this.#unanswered.splice(0)) this.#answerOutside(request, step);
  }

  /** What a core outside says depends on what is asked, and on how it is asked. */
  #answerOutside(request: SipRequest, { proof, sequence, waitMs }: RegisterStep): void {
    const isProven = request.headers.has('Authorization') || proof === 'none';
    const status = !isProven ? 401 : proof === 'other-password' ? 403 : proof === 'earlier-nonce' ? 404 : 200;
    const response = createResponse(request, status, { toTag: 'core' });
    const { headers } = response;
    if (status === 401) {
      const nonce = `core${Math.floor(this.#steps / 4)}`;
      headers.append('WWW-Authenticate', `Digest realm="example.com", nonce="${nonce}", algorithm=MD5, qop="auth"`);
    }
    if (status === 200) {
      headers.appendFrom(request.headers, 'Contact');
      headers.appendFrom(request.headers, 'Path');
      headers.append('P-Associated-URI', `<sip:${sequence === 5 ? 'other' : 'alice'}@example.com>`);
      if (waitMs === 1) headers.append('Service-Route', '<sip:core.example.com;lr>');
    }
    this.#bench.receive(response, this.#core);
  }

  #go(then: RegisterStep['then'], { flow: at, user }: Client, { hop }: FlowState): void {
    const { registrations, clock } = this.#bench;
    const first = registrations.first(hop);
    if (then === 'reconnect') {
      this.#bench.close(hop);
      this.#registrar.flowClosed(hop);
      this.#flows[at] = this.#openFlow();
    } else if (then === 'other-password') {
      this.#passwords.set(user, new Secret(`password ${this.#steps}`));
    } else if (then === 'end' && first) {
      registrations.end(first.registrationId, 'removed');
      this.#registrar.endRegistration(first.registrationId, first.address);
    } else if (then === 'amend' && first) {
      const identities = [createIdentity('sip:amended@example.com') as Identity<OwnText>];
      registrations.amend(first.registrationId, { identities, expiresAtMs: clock.now().monotonicMs + 5000 });
    }
  }

  #openFlow(): FlowState {
    const hop = this.#bench.addHop();
    if (!this.#remembers) Object.defineProperty(hop, 'memory', { value: undefined });
    return { hop, nonces: new Nonces() };
  }

  #text(message: SipMessage): string {
    return this.#named(formatSipMessage(message).toString());
  }

  /** The same with random texts called by the order in which they came. */
  #named(text: string): string {
    return text.replace(TEMPORARY_GRUU, 'gruu').replace(RANDOM, (random) => {
      const name = this.#names.get(random) ?? `random${this.#names.size}`;
      this.#names.set(random, name);
      return name;
    });
  }
}

function learnNonce(nonces: Nonces, { headers }: SipMessage): void {
  const nonce = /nonce="([^"]*)"/.exec(headers.get('WWW-Authenticate') ?? '')?.[1];
  if (nonce !== undefined) nonces.add(nonce);
}
