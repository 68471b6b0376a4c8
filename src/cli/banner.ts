import { exposures, edgeExposures } from '../config/loopback.ts';
import { usesHttps } from '../config/schema/https-use.ts';
import { readsUsers } from '../config/schema/redis-rules.ts';
import { formatTransportAddress } from '../base/transport-address.ts';
import { ownUrl } from '../server/public-urls.ts';
import { Server } from '../server/server.ts';
import { type ServerAddresses, type ServerFacts } from '../server/server-types.ts';

/** Where users of the web sign in. */
const LOGIN_PATH = '/wwsf/login';

/** The lines that `serve` prints for a person: where the server is reached, how to sign in, and what was chosen by default. */
export function formatBanner(version: string, addresses: ServerAddresses, server: Server, labPath?: string): string {
  const { facts } = server;
  const { config, realm, stateDir } = facts;
  const lab = labUrl(addresses, labPath);
  const own = ownUrl(config, addresses.https);
  const rows: [string, readonly string[]][] = [
    ['Demo page', addresses.page === undefined ? [] : [addresses.page]],
    ['WebSocket', addresses.webSocket === undefined ? [] : [addresses.webSocket]],
    ['TURN', addresses.turnUris],
    ['TURN realm', config.turn.enabled && realm !== config.domain ? [realm] : []],
    ['SIP domain', [config.domain]],
    ['Credentials', credentialLines(facts)],
    ['WAF', wafLines(facts, own)],
    ['WWSF', config.oauth.wwsf.enabled ? [`${own}${LOGIN_PATH}`] : []],
    ['Admin', config.admin.tokenFile === undefined ? [] : [`${own}/admin`]],
    ['Users', userLines(server)],
    ['Core', coreLines(facts, addresses)],
    ['Lab control', lab === undefined ? [] : [lab, `${lab}/openapi.json`]],
    ['Reached', reachLines(facts)],
    ['State', usesState(facts) ? [stateDir] : []],
  ];
  const lines = rows.flatMap(([label, values]) =>
    values.map((value, i) => `  ${(i === 0 ? label : '').padEnd(12)}${value}`),
  );
  const chosen = choices(facts).map((choice) => `  - ${choice}`);
  return [
    '',
    `epcscf-turn ${version} is ready.`,
    '',
    ...lines,
    '',
    ...(chosen.length > 0 ? ['Chosen, since nothing else was said:', ...chosen, ''] : []),
    'To change any of it: serve --config FILE (samples are in config/), EPCSCF_… variables, or --set KEY=VALUE.',
    'The command print-config shows every key as it is now. Ctrl-C stops the server.',
    '',
  ].join('\n');
}

/** The line of JSON that `serve --json` prints when the server is ready, for a script to wait for. */
export function formatReadyLine(version: string, addresses: ServerAddresses, server: Server, labPath?: string): string {
  const { config, realm, stateDir, caFile } = server.facts;
  const passwords = generatedPasswords(server);
  const lab = labUrl(addresses, labPath);
  const [authorizationServer] = wafLines(server.facts, ownUrl(config, addresses.https));
  return JSON.stringify({
    ready: true,
    version,
    pid: process.pid,
    ...addresses,
    ...(lab !== undefined && { lab }),
    ...(authorizationServer !== undefined && { authorizationServer }),
    domain: config.domain,
    realm,
    stateDir,
    ...(caFile !== undefined && { caFile }),
    ...(passwords && { users: passwords.map(([name, password]) => ({ name, password })) }),
  });
}

/** The URL of lab control, which shares the listener of the WebSocket. */
function labUrl({ webSocket }: ServerAddresses, labPath: string | undefined): string | undefined {
  if (webSocket === undefined || labPath === undefined) return undefined;
  return `https://${new URL(webSocket).host}${labPath}`;
}

/** Names and passwords of generated users. Configured users are not shown: the author of the configuration knows them. */
function generatedPasswords(server: Server): [string, string][] | undefined {
  if (!server.facts.generated.users) return undefined;
  return [...Server.secretsOf(server).loaded.users].map(([name, password]) => [name, password.revealText()]);
}

function userLines(server: Server): string[] {
  const { config, users } = server.facts;
  if (!config.edge.enabled || config.edge.core.kind === 'external') return [];
  const width = Math.max(...users.map((name) => name.length));
  return (
    generatedPasswords(server)?.map(([name, password]) => `${name.padEnd(width)}  password ${password}`) ?? [
      `${users.length} of the configuration`,
    ]
  );
}

/** How credentials are made and checked, where that is not by Km alone. */
function credentialLines({ config, generated }: ServerFacts): string[] {
  const { credentials, oauth, redis, edge, turn } = config;
  const at = redis.servers.join(', ');
  const [tokenKey] = oauth.keys;
  const kept = at === '' ? 'in the memory of this process' : `in ${at}`;
  return [
    ...(edge.enabled && credentials.approach === 'delivered' ? [`delivered (approach 2), kept ${kept}`] : []),
    ...(readsUsers(config) && !edge.enabled ? [`of users in ${at}${generated.km ? '' : ', and by Km'}`] : []),
    ...(tokenKey && (edge.enabled || turn.enabled) ? [`access tokens (RFC 7635), by the key ${tokenKey.kid}`] : []),
  ];
}

/** The URL of the authorization server by which its clients know it, and where they read the rest. */
function wafLines({ config: { oauth } }: ServerFacts, own: string): string[] {
  const { enabled, issuer = own } = oauth.authorizationServer;
  return enabled ? [issuer, `${issuer}/.well-known/oauth-authorization-server`] : [];
}

/** Lines about a core outside: where it is, and where it reaches the edge. */
function coreLines({ config }: ServerFacts, { core = [] }: ServerAddresses): string[] {
  if (core.length === 0) return [];
  const here = core.map(({ transport, address, port }) => {
    const family = address.includes(':') ? 6 : 4;
    return `${transport} ${formatTransportAddress({ family, address, port })}`;
  });
  return [...config.edge.core.uris, `reaches this edge at ${here.join(', ')}`];
}

function usesState({ generated }: ServerFacts): boolean {
  return generated.km || generated.certificate || generated.users;
}

/** Lines about who can reach the server, when only this machine can. */
function reachLines({ config }: ServerFacts): string[] {
  const { edge, turn } = config;
  const hasHttps = usesHttps(config);
  const reached = [
    ...(hasHttps ? edgeExposures(edge) : []),
    ...(turn.enabled ? turn.listeners.flatMap((one) => exposures([one.address], one.proxyProtocolFrom)) : []),
  ];
  const keys = [...(hasHttps ? ['edge.listen'] : []), ...(turn.enabled ? ['turn.listeners', 'turn.relay'] : [])];
  return reached.length === 0 && keys.length > 0 ? [`from this machine only (${keys.join(', ')})`] : [];
}

function choices({ config, generated, caFile }: ServerFacts): string[] {
  const { credentials, edge } = config;
  // A relay that reads users elsewhere takes no credential by a key that nobody else has.
  const honoursKm = credentials.approach === 'shared-key' && (edge.enabled || !readsUsers(config));
  return [
    ...(generated.certificate && caFile !== undefined
      ? [`a lab certificate (tls); the browser warns once, or trust ${caFile}`]
      : []),
    ...(generated.km && honoursKm ? ['a shared key Km, generated (credentials)'] : []),
    ...(generated.users ? ['an embedded registrar with two lab users (edge.core.users)'] : []),
  ];
}
