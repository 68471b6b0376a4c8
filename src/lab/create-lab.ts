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
import { LabCredentials } from './lab-credentials.ts';
import { LabEventLog } from './lab-event-log.ts';
import { LabIdentities } from './lab-identities.ts';
import { LabTokens } from './lab-tokens.ts';
import { Lab } from './lab.ts';
import { createPeers } from './peers/create-peers.ts';
import { servedByPeers } from './peers/served-by-peers.ts';
import { webPeopleOf } from './web-users.ts';

export interface CreateLabOptions {
  readonly logger?: Logger;
  readonly clock?: Clock;
  /** Where the default state folder is looked up; the process's own when absent. */
  readonly environment?: Environment;
  readonly state?: StateStore;
  readonly showUsers?: boolean;
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
  const log = new LabEventLog(clock);
  const identities = new LabIdentities(config.credentials);
  const atOnce = () => ({ atUnixMs: clock.now().unixMs, turnName: undefined });
  const people = webPeopleOf(config);
  const guests = new Set(people.guests);
  const isWebUser = (name: string): boolean => guests.has(name) || people.users.has(name);
  const faults = new FaultRegistry({
    fired: (event) => log.add({ type: 'fault-fired', ...atOnce(), ...event }),
    ended: (event) => log.add({ type: 'fault-ended', ...atOnce(), user: undefined, ...event }),
    users: () => server.facts.users,
    knows: isWebUser,
    checkNeeds: (spec) => {
      checkNeeds(spec, server.facts.config);
    },
    clock,
  });
  const credentialFaults = new CredentialFaults({ faults, identities, credentials: () => credentials });
  const sipFaults = new SipFaults({
    faults,
    identities,
    credentialFaults,
    domain: config.domain.toLowerCase(),
    flows: () => server.snapshot().flows.map(({ id }) => ({ id, user: identities.userOfFlow(id) })),
    closeFlow: (flowId, how) => server.closeFlow(flowId, how),
  });
  const peers = createPeers({
    domain: config.domain,
    mint: (user, ttlSec) => {
      const credential = credentials.mint(user, { ttlSec });
      identities.noteTurnName(credential.turnName, user);
      return credential;
    },
    started: (event) => log.add({ type: 'peer-call-started', ...atOnce(), ...event }),
    ended: (event) => log.add({ type: 'peer-call-ended', ...atOnce(), ...event }),
  });
  let outbound: FaultyOutbound | undefined;
  let plane: FaultyPlane | undefined;
  const wrap: ServerWrap = {
    edge: {
      requests: (handler) => new FaultyRequests(handler, sipFaults),
      outbound: (direct, ports) => {
        outbound = new FaultyOutbound(direct, sipFaults, config.edge.limits.transactions, ports);
        return outbound;
      },
      tokenCheck: (check) => faultyTokenCheck(check, faults),
      coreInside: (side, ports) => servedByPeers(side, peers, ports),
    },
    issuer: (issuer, side) => credentialFaults.wrapIssuer(issuer, side),
    tokenIssuer: (issuer, side) => credentialFaults.wrapTokenIssuer(issuer, side),
    store: (store) => new FaultyStore(store, faults),
    redis: (transport) => faultyTransport(transport, faults),
    verifier: (verifier) => credentialFaults.wrapVerifier(withMinted(verifier, () => sharedKey.verifier)),
    messageText: true,
    ...(showUsers !== undefined && { showUsers }),
    ...(extraUsers && { extraUsers }),
    turn: {
      requests: faultyTurnRequests({ faults, userOf: (username) => identities.userOfUsername(username) }),
      plane: (options, ports) => (plane = new FaultyPlane(options, ports)),
    },
    mountRoutes: (app: Hono, reportError: (error: unknown) => void) => {
      stopAuthorizationServer(app, faults);
      control?.mount(app, { lab, log, reportError });
    },
    ...(control && { controlPath: control.path, ...(control.token && { controlToken: control.token }) }),
  };
  const server: Server = await composeServer(config, { ...serverOptions, clock }, wrap);
  server.on('flow-closed', ({ flowId }) => {
    outbound?.flowClosed(flowId);
  });
  const { loaded: secrets, sharedKey, accessTokens } = Server.secretsOf(server);
  causeRelayFaults({
    faults,
    server,
    impair: (allocation, impairment) => plane?.impair(allocation, impairment),
    userOf: (turnName) => identities.userOfTurnName(turnName),
    namesOf: (user) => identities.turnNamesOf(user),
  });
  const credentials = new LabCredentials(sharedKey, () => lab.turnUris, clock);
  const tokens = new LabTokens({
    config: server.facts.config,
    secrets,
    serverName: accessTokens?.serverName,
    ownUrl: () => ownUrl(config, server.addresses.https),
    people,
    clock,
  });
  const lab: Lab = new Lab({
    server,
    secrets,
    log,
    identities,
    credentials,
    tokens,
    isWebUser,
    faults,
    clock,
    lostPackets: () => plane?.lost ?? 0,
  });
  causeRestarts(faults, (how) => lab.restart(how));
  return lab;
}

/** `verifier`, which honours besides what the lab mints for tests and peers, whatever the approach of the edge. */
function withMinted(verifier: CredentialVerifier, minted: () => LocalVerifier): CredentialVerifier {
  return {
    ...verifier,
    lookup: (request, now) =>
      mapOutcome(verifier.lookup(request, now), (found) => {
        if (found.ok || found.reason !== 'unknown-user') return found;
        const known = minted().lookup(request, now);
        return known.ok ? known : found;
      }),
  };
}
