import { HeaderField } from '../../sip/header-field.ts';
import { uriHost } from '../../sip/host-port.ts';
import { isInDialog } from '../../sip/in-dialog.ts';
import { type SipHeaders, type SipRequest, type SipResponse } from '../../sip/message.ts';
import { parseParams, quote } from '../../sip/params.ts';
import { type ExternalCoreOptions } from '../edge-options.ts';
import { type FlowTokens } from '../flow/flow-token.ts';
import { type HomeDomain } from '../home-domain.ts';
import { type EdgeSide, type Hop } from '../hop.ts';
import { type LostRegistration } from '../registration/deregistration.ts';
import { type Identity } from '../registration/identity.ts';
import { type PassedChallenges } from '../registration/passed-challenges.ts';
import { type Registration } from '../registration/registration.ts';
import { type CalledDevice, type Registrations } from '../registration/registrations.ts';
import { trustedNodeCredentials } from '../registration/trusted-node.ts';
import { type WebLogin } from '../registration/web-login.ts';
import { assertIdentity, dropAssertion, identityIn, identityOfSender } from './asserted-identity.ts';
import { type Border, type RequestOrigin } from './border.ts';
import { answeringVector, chargingOrigin, chargingVector, newChargingId } from './charging-vector.ts';
import { cleanAnswerForClient, cleanForClient, cleanRequest, cleanResponse } from './client-messages.ts';
import { keepOneCredential } from './credential-fields.ts';
import { Paths } from './paths.ts';
import { vouchForProofs } from './register-authorization.ts';

/** Methods of requests that begin no dialog. Each request is charged for itself, though a client may use a Call-ID again. */
const STANDALONE = new Set(['REGISTER', 'MESSAGE', 'OPTIONS', 'PUBLISH']);

/** How many Route entries are looked at: a dialog has two of the edge, in front of all others. */
const MAX_ROUTES = 4;

export interface CoreBorderContext {
  readonly options: Pick<ExternalCoreOptions, 'visitedNetworkId' | 'accessNetworkInfo' | 'listen'>;
  readonly home: HomeDomain;
  readonly registrations: Registrations;
  readonly challenges: PassedChallenges;
  readonly tokens: FlowTokens;
  /** Whether the core is told the authorization server of a web token. */
  readonly namesEntity?: boolean | undefined;
}

/** The border towards a core outside: the edge is the P-CSCF that the core trusts and that clients do not fool (TS 24.229 §4.4 and §5.2, TS 24.371 §5.5). */
export class CoreBorder implements Border {
  readonly #context: CoreBorderContext;
  /** The network that clients come from. */
  readonly #network: string;
  readonly #visited: HeaderField;
  /** What P-Charging-Vector says of this network where the edge has made the identity, and where the core has. */
  readonly #ownOrigin: string;
  readonly #origin: string;
  readonly #paths: Paths;

  constructor(context: CoreBorderContext) {
    const { visitedNetworkId, listen } = context.options;
    this.#context = context;
    this.#network = visitedNetworkId ?? context.home.name;
    this.#visited = new HeaderField('P-Visited-Network-ID', 'p-visited-network-id', quote(this.#network));
    this.#origin = chargingOrigin(this.#network);
    const host = uriHost(listen.publicHost ?? listen.addresses[0] ?? context.home.name);
    this.#ownOrigin = chargingOrigin(this.#network, host);
    this.#paths = new Paths(context);
  }

  requestFromWic(request: SipRequest, { hop, sender, inDialog, icid, webLogin }: RequestOrigin): void {
    const { headers } = request;
    cleanRequest(request);
    if (request.method !== 'ACK') this.#setAccessNetworkInfo(headers);
    if (request.method === 'REGISTER') this.#register(headers, hop, webLogin);
    else if (sender && !inDialog) this.#begin(request, sender);
    else dropAssertion(headers);
    // RFC 7315 §5.7: neither ACK nor CANCEL has one.
    if (request.method !== 'ACK') this.#charge(request, inDialog, icid);
  }

  requestToCore({ method, headers }: SipRequest, from: Hop, core: Hop): void {
    if (method === 'REGISTER') this.#paths.add(headers, from, core.self);
  }

  requestToWic(headers: SipHeaders): void {
    cleanForClient(headers);
  }

  responseFromWic(response: SipResponse, request: SipRequest, target: CalledDevice, received: SipRequest): void {
    const { headers, status } = response;
    const reached = isInDialog(request) ? undefined : this.#context.registrations.reached(target, request.uri);
    cleanResponse(response, request);
    this.#limitAccessNetworkInfo(headers);
    if (status > 100) {
      const icid = (): string => this.#icidOf(received.headers);
      headers.append('P-Charging-Vector', answeringVector(received.headers, icid, this.#network));
    }
    if (!reached || status === 100) dropAssertion(headers);
    else assertIdentity(headers, reached, identityCalled(request, reached));
  }

  responseToWic(response: SipResponse, request: SipRequest, hop: Hop): void {
    cleanAnswerForClient(response, request);
    const aor = request.method === 'REGISTER' ? this.#aorIn(request.headers) : undefined;
    if (aor !== undefined) this.#context.challenges.note(response, request, aor, hop);
  }

  /** A request of the edge itself in its own name. */
  requestOfEdge(request: SipRequest): void {
    this.#charge(request, isInDialog(request));
  }

  /** A REGISTER of the edge itself in the place of a client that is gone. */
  registerFor({ registrationId, flowId }: LostRegistration, request: SipRequest, side: EdgeSide): void {
    const { headers } = request;
    this.#addNetwork(headers);
    this.#charge(request, false);
    this.#paths.addFor(headers, registrationId, flowId, side);
  }

  #addNetwork(headers: SipHeaders): void {
    headers.appendField(this.#visited);
  }

  /**
   * One identity for all of a dialog (RFC 7315 §4.6, TS 24.229 §5.2.6.3.3 and on): `icid`, which the core has given one that it began; else one that is made
   * of the Call-ID, so that nothing has to be kept.
   */
  #charge({ method, headers }: SipRequest, inDialog: boolean, icid?: string): void {
    const isAlone = !inDialog && STANDALONE.has(method);
    const own = (): string => (isAlone ? newChargingId() : this.#context.tokens.icidOf(headers.get('Call-ID') ?? ''));
    const vector = icid === undefined ? chargingVector(own(), this.#ownOrigin) : chargingVector(icid, this.#origin);
    headers.append('P-Charging-Vector', vector);
  }

  /** The charging identity that the core has given the dialog. A request of the core may leave it out, and then the token in its Route has it. */
  #icidOf(headers: SipHeaders): string {
    const { tokens } = this.#context;
    const callId = headers.get('Call-ID') ?? '';
    for (const route of headers.getList('Route', MAX_ROUTES)) {
      const token = tokens.openEntry(route);
      if (token.kind !== 'flow' || token.flow.icid === undefined) continue;
      if (tokens.isOf(token.flow.dialog, callId)) return token.flow.icid;
    }
    return tokens.icidOf(callId);
  }

  /** Takes the Route off a REGISTER: this edge finds the registrar, whatever way the client wants. */
  #register(headers: SipHeaders, hop: Hop, webLogin: WebLogin | undefined): void {
    const { registrations, challenges } = this.#context;
    dropAssertion(headers);
    headers.remove('Route');
    this.#addNetwork(headers);
    if (webLogin) {
      this.#vouchFor(webLogin, headers);
      return;
    }
    const aor = this.#aorIn(headers);
    keepOneCredential(headers, (name, value) => aor !== undefined && challenges.isAnsweredBy(name, value, aor, hop));
    // Of a connection that others can read along nothing is vouched for.
    if (!hop.secure) return;
    vouchForProofs(headers, ({ username, realm }) =>
      registrations
        .of(hop)
        .some(({ aor: of, login }) => of === aor && login?.username === username && login.realm === realm),
    );
  }

  /** The edge has authenticated the user, and says so in the place of whatever the client has written (TS 24.371 §5.5, TS 33.203 P.4). */
  #vouchFor(webLogin: WebLogin, headers: SipHeaders): void {
    const { home, namesEntity = false } = this.#context;
    headers.remove('Proxy-Authorization');
    headers.set('Authorization', trustedNodeCredentials(webLogin, { domain: home.name, namesEntity }));
  }

  /**
   * A request that begins a dialog, or stands alone. TS 24.229 §5.2.6.3.3 lets a P-CSCF refuse a Route other than the Service-Route, or put
   * that one in its place: the latter, since SIP libraries pre-load the address of their WebSocket and mean no harm.
   */
  #begin({ headers, method }: SipRequest, sender: Registration): void {
    headers.remove('Route');
    if (sender.serviceRoute.length > 0) headers.prepend('Route', sender.serviceRoute.join(', '));
    if (method === 'ACK') {
      dropAssertion(headers);
      return;
    }
    assertIdentity(headers, sender, identityOfSender(headers.get('From') ?? '', sender));
  }

  #setAccessNetworkInfo(headers: SipHeaders): void {
    const { accessNetworkInfo } = this.#context.options;
    if (accessNetworkInfo === undefined) this.#limitAccessNetworkInfo(headers);
    else headers.set('P-Access-Network-Info', accessNetworkInfo);
  }

  /** What a client says of itself passes, but not in the name of the network (RFC 7315 §4.4). */
  #limitAccessNetworkInfo(headers: SipHeaders): void {
    if (!headers.has('P-Access-Network-Info')) return;
    const values = headers.getList('P-Access-Network-Info');
    headers.remove('P-Access-Network-Info');
    const own = values.filter((value) => !claimsNetwork(value));
    if (own.length > 0) headers.append('P-Access-Network-Info', own.join(', '));
  }

  /** The address-of-record that a REGISTER is for. */
  #aorIn(headers: SipHeaders): string | undefined {
    return headers.derive(this.#context.home.aorInTo);
  }
}

/** The identity that was called, which is the one that answers (TS 24.229 §5.2.6.4.4). */
function identityCalled({ headers }: SipRequest, reached: Registration): Identity | undefined {
  return identityIn(headers.get('P-Called-Party-ID') ?? '', reached);
}

/** Whether a value claims to come from the network. A value that cannot be read counts as a claim. */
function claimsNetwork(value: string): boolean {
  const semicolon = value.indexOf(';');
  const params = parseParams(value, semicolon < 0 ? value.length : semicolon);
  return !params.ok || params.value.has('network-provided');
}
