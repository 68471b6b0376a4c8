import { type Hono } from 'hono';
import { type Environment } from '../config/environment.ts';
import { type Config } from '../config/schema/tree.ts';
import { type StateStore } from '../config/state/state-store.ts';
import { systemClock, type Clock } from '../base/clock.ts';
import { type Logger } from '../base/logger.ts';
import { type Secret } from '../base/secret.ts';
import { mapOutcome } from '../base/outcome.ts';
import { type CredentialVerifier, type LocalVerifier } from '../credentials/credential.ts';
import { composeServer, Server } from '../server/server.ts';
import { ownUrl } from '../server/public-urls.ts';
import { type ServerWrap } from '../server/server-wrap.ts';
import { CredentialFaults } from './faults/credential-faults.ts';
import { FaultRegistry } from './faults/fault-registry.ts';
import { checkNeeds } from './faults/fault-needs.ts';
import { FaultyStore, faultyTransport } from './faults/store-faults.ts';
import { causeRelayFaults } from './faults/relay-faults.ts';
import { causeRestarts } from './faults/restart-faults.ts';
import { FaultyOutbound } from './faults/faulty-outbound.ts';
import { FaultyPlane } from './faults/faulty-plane.ts';
import { FaultyRequests } from './faults/faulty-requests.ts';
import { stopAuthorizationServer } from './faults/authorization-server-faults.ts';
import { faultyTokenCheck } from './faults/web-token-faults.ts';
import { SipFaults } from './faults/sip-faults.ts';
import { faultyTurnRequests } from './faults/turn-faults.ts';
import { LabAddresses } from './lab-addresses.ts';
import { LabCredentials } from './lab-credentials.ts';
import { LabEventLog } from './lab-event-log.ts';
import { LabIdentities } from './lab-identities.ts';
import { LabTokens } from './lab-tokens.ts';
import { Lab } from './lab.ts';
import { Newest } from './newest.ts';
import { createPeers } from './peers/create-peers.ts';
import { servedByPeers } from './peers/served-by-peers.ts';
import { webPeopleOf } from './web-users.ts';

export interface CreateLabOptions {
  readonly logger?: Logger;
  readonly clock?: Clock;
  /** Where the default state folder is looked up; the process's own when absent. */
  readonly environment?: Environment;
  /** Keeps generated secrets instead of the state folder. */
  readonly state?: StateStore;
  /** Whether the page fills in the passwords of configured users. Default: no. */
  readonly showUsers?: boolean;
  /** Passwords of users that can register besides those of the configuration, by name. */
  readonly extraUsers?: ReadonlyMap<string, Secret>;
  /** Control over HTTP, on the HTTPS server of the edge. */
  readonly control?: LabControl;
}

export interface LabControlPorts {
  readonly lab: Lab;
  readonly log: LabEventLog;
  /** Logs an error that nobody expected. */
  readonly reportError: (error: unknown) => void;
}

export interface LabControl {
  /** Path of the routes, for the page to know. */
  readonly path: string;
  /** Bearer token that the routes ask for; absent: they are for this machine only. */
  readonly token?: Secret;
  /** Adds the routes; at each start of the server, so after each restart again. */
  readonly mount: (app: Hono, room: LabControlPorts) => void;
}

/**
 * A lab that is not started yet, on top of any configuration and state. Throws ERR_CERTIFICATE_UNREADABLE, ERR_CONFIG_UNREADABLE or
 * ERR_STATE_DIR_UNUSABLE.
 */
export async function createLab(config: Config, options: CreateLabOptions = {}): Promise<Lab> {
  const { clock = systemClock, control, showUsers, extraUsers, ...serverOptions } = options;
  const server = await composeServer(config, { ...serverOptions, clock }, extraUsers);
  const state = buildState(server, clock);
  const faults = buildFaults(server, state);
  const runs = buildRuns(server, faults.registry, state);
  const lab: Lab = new Lab({ ...state, faults: faults.registry, lostPackets: () => runs.planes.newest?.lost ?? 0 });
  causeRestarts(faults.registry, (how) => lab.restart(how));
  Server.wrap(server, {
    ...wrapParts(server, state, faults, runs),
    messageText: true,
    ...(showUsers !== undefined && { showUsers }),
    mountRoutes: (app: Hono, reportError: (error: unknown) => void) => {
      stopAuthorizationServer(app, faults.registry);
      control?.mount(app, { lab, log: state.log, reportError });
    },
    ...(control && { controlPath: control.path, ...(control.token && { controlToken: control.token }) }),
  });
  return lab;
}

type LabState = ReturnType<typeof buildState>;
type LabFaults = ReturnType<typeof buildFaults>;
type LabRuns = ReturnType<typeof buildRuns>;

/** The first stage: what a lab remembers of its server, and can make for its users. */
function buildState(server: Server, clock: Clock) {
  const { config } = server.facts;
  const { loaded: secrets, sharedKey, accessTokens } = Server.secretsOf(server);
  const people = webPeopleOf(config);
  const guests = new Set(people.guests);
  const addresses = new LabAddresses(server);
  return {
    server,
    clock,
    secrets,
    addresses,
    log: new LabEventLog(clock),
    identities: new LabIdentities(config.credentials),
    isWebUser: (name: string): boolean => guests.has(name) || people.users.has(name),
    credentials: new LabCredentials(sharedKey, () => addresses.known.turnUris, clock),
    tokens: new LabTokens({
      config,
      secrets,
      serverName: accessTokens?.serverName,
      ownUrl: () => ownUrl(config, server.addresses.https),
      people,
      clock,
    }),
  };
}

/** When something in a lab happens that no event of its server tells. */
function atOnce(clock: Clock): { readonly atUnixMs: number; readonly turnName: undefined } {
  return { atUnixMs: clock.now().unixMs, turnName: undefined };
}

/** The second stage: the faults, and what causes them in messages and credentials. */
function buildFaults(server: Server, { clock, log, identities, isWebUser, credentials }: LabState) {
  const { config, users } = server.facts;
  const registry = new FaultRegistry({
    fired: (event) => log.add({ type: 'fault-fired', ...atOnce(clock), ...event }),
    ended: (event) => log.add({ type: 'fault-ended', ...atOnce(clock), user: undefined, ...event }),
    users,
    knows: isWebUser,
    checkNeeds: (spec) => {
      checkNeeds(spec, config);
    },
    clock,
  });
  const credentialFaults = new CredentialFaults({ faults: registry, identities, credentials });
  const sip = new SipFaults({
    faults: registry,
    identities,
    credentialFaults,
    domain: config.domain.toLowerCase(),
    flows: () => server.snapshot().flows.map(({ id }) => ({ id, user: identities.userOfFlow(id) })),
    closeFlow: (flowId, how) => server.closeFlow(flowId, how),
  });
  return { registry, credentials: credentialFaults, sip };
}

/** The third stage: faults of what each start of the server makes anew, the way out of its edge and its data plane. */
function buildRuns(server: Server, faults: FaultRegistry, { identities }: LabState) {
  const outbounds = new Newest<FaultyOutbound>();
  const planes = new Newest<FaultyPlane>();
  server.on('flow-closed', ({ flowId }) => {
    outbounds.newest?.flowClosed(flowId);
  });
  causeRelayFaults({
    faults,
    server,
    impair: (allocation, impairment) => planes.newest?.impair(allocation, impairment),
    userOf: (turnName) => identities.userOfTurnName(turnName),
    namesOf: (user) => identities.turnNamesOf(user),
  });
  return { outbounds, planes };
}

/** What stands around the parts of the server: faults, and the peers of the lab that take calls. */
function wrapParts(
  server: Server,
  { clock, log, identities, credentials }: LabState,
  faults: LabFaults,
  runs: LabRuns,
) {
  const { config } = server.facts;
  const { sharedKey } = Server.secretsOf(server);
  const { registry, sip, credentials: credentialFaults } = faults;
  const peers = createPeers({
    domain: config.domain,
    mint: (user, ttlSec) => {
      const credential = credentials.mint(user, { ttlSec });
      identities.noteTurnName(credential.turnName, user);
      return credential;
    },
    started: (event) => log.add({ type: 'peer-call-started', ...atOnce(clock), ...event }),
    ended: (event) => log.add({ type: 'peer-call-ended', ...atOnce(clock), ...event }),
  });
  const { transactions } = config.edge.limits;
  return {
    edge: {
      requests: (handler) => new FaultyRequests(handler, sip),
      outbound: (direct, ports) => runs.outbounds.note(new FaultyOutbound(direct, sip, transactions, ports)),
      tokenCheck: (check) => faultyTokenCheck(check, registry),
      coreInside: (side, ports) => servedByPeers(side, peers, ports),
    },
    issuer: (issuer, side) => credentialFaults.wrapIssuer(issuer, side),
    tokenIssuer: (issuer, side) => credentialFaults.wrapTokenIssuer(issuer, side),
    store: (store) => new FaultyStore(store, registry),
    redis: (transport) => faultyTransport(transport, registry),
    verifier: (verifier) => credentialFaults.wrapVerifier(withMinted(verifier, sharedKey.verifier)),
    turn: {
      requests: faultyTurnRequests({ faults: registry, userOf: (username) => identities.userOfUsername(username) }),
      plane: (options, ports) => runs.planes.note(new FaultyPlane(options, ports)),
    },
  } satisfies ServerWrap;
}

/** A verifier that honours, beside what `verifier` does, what the lab mints for tests and peers. */
function withMinted(verifier: CredentialVerifier, minted: LocalVerifier): CredentialVerifier {
  return {
    ...verifier,
    lookup: (request, now) =>
      mapOutcome(verifier.lookup(request, now), (found) => {
        if (found.ok || found.reason !== 'unknown-user') return found;
        const known = minted.lookup(request, now);
        return known.ok ? known : found;
      }),
  };
}
