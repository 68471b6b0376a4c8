import { EpcscfTurnError } from '../../../base/errors.ts';
import { ApiError } from '../../../http/api-error.ts';
import { type Route } from '../../../http/route.ts';
import { type Lab } from '../../lab.ts';
import { type AllocateCredential, type AllocateOutcome } from '../../try-allocate.ts';
import { route, type ControlRoom } from '../route.ts';

export const labRoutes: readonly Route<ControlRoom>[] = [
  route(
    {
      method: 'get',
      path: '',
      operationId: 'getLab',
      summary: 'Where everything is, who can register, and what to trust',
      answer: [200, 'Lab'],
      errors: [],
    },
    ({ room: { lab, path, version }, context }) => {
      const { domain, realm, ca, spkiHash, users, addresses } = lab;
      const openapi = `${path}/openapi.json`;
      return context.json({ version, domain, realm, ...addresses, users: Object.values(users), ca, spkiHash, openapi });
    },
  ),
  route(
    {
      method: 'get',
      path: '/snapshot',
      operationId: 'getSnapshot',
      summary: 'Flows, registrations, allocations, credentials issued and counters of the moment',
      answer: [200, 'Snapshot'],
      errors: [],
    },
    ({ room: { lab }, context }) => context.json(lab.snapshot()),
  ),
  route(
    {
      method: 'get',
      path: '/credentials/{user}',
      operationId: 'getCredential',
      summary: 'The newest credential that the edge issued to a user',
      params: { user: 'A lab user.' },
      answer: [200, 'IssuedCredential'],
      errors: ['ERR_NOT_FOUND'],
    },
    ({ room: { lab }, context, param }) => context.json(issuedTo(lab, param('user'))),
  ),
  route(
    {
      method: 'post',
      path: '/mint',
      operationId: 'mintCredential',
      summary: 'A credential as the edge would make it, without a registration',
      body: 'MintRequest',
      answer: [200, 'Credential'],
      errors: [],
    },
    ({ room: { lab }, context, body: { user, ...wish } }) => context.json(lab.mint(user, given(wish))),
  ),
  route(
    {
      method: 'post',
      path: '/tokens/access',
      operationId: 'mintToken',
      summary: 'An access token for the TURN server (RFC 7635), good or not',
      body: 'MintTokenRequest',
      answer: [200, 'Credential'],
      errors: ['ERR_INVALID_STATE'],
    },
    ({ room: { lab }, context, body: { user, ...wish } }) => context.json(lab.mintToken(user, given(wish))),
  ),
  route(
    {
      method: 'post',
      path: '/tokens/web',
      operationId: 'makeWebToken',
      summary: 'A web token by which a user or a guest registers without a password, good or not',
      body: 'WebTokenRequest',
      answer: [200, 'WebToken'],
      errors: ['ERR_INVALID_STATE'],
    },
    ({ room: { lab }, context, body: { user, ...wish } }) => context.json(lab.webToken(user, given(wish))),
  ),
  route(
    {
      method: 'post',
      path: '/allocate',
      operationId: 'tryAllocate',
      summary: 'Whether the TURN server honours a credential: allocates over UDP, and deletes at once',
      body: 'AllocateRequest',
      answer: [200, 'AllocateOutcome'],
      errors: ['ERR_INVALID_STATE', 'ERR_TOO_MANY', 'ERR_NO_ANSWER'],
    },
    async ({ room: { lab, waits }, context, body }) => {
      const leave = waits.take();
      try {
        return context.json(await allocate(lab, body));
      } finally {
        leave();
      }
    },
  ),
];

type Given<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the fields that nobody gave. */
function given<T extends object>(wish: T): Given<T> {
  return Object.fromEntries(Object.entries(wish).filter(([, value]) => value !== undefined)) as Given<T>;
}

async function allocate(lab: Lab, credential: AllocateCredential): Promise<AllocateOutcome> {
  try {
    return await lab.tryAllocate(credential);
  } catch (error) {
    if (error instanceof EpcscfTurnError) throw error;
    throw new ApiError('ERR_NO_ANSWER', error instanceof Error ? error.message : String(error));
  }
}

function issuedTo(lab: Lab, user: string) {
  try {
    return lab.credentialOf(user);
  } catch (error) {
    if (error instanceof EpcscfTurnError) throw new ApiError('ERR_NOT_FOUND', error.message);
    throw error;
  }
}
