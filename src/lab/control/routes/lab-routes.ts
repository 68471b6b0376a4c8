import { EpcscfTurnError } from '../../../base/errors.ts';
import { ApiError } from '../../../http/api-error.ts';
import { type Route } from '../../../http/route.ts';
import { type Lab } from '../../lab.ts';
import { type AllocateOutcome } from '../../try-allocate.ts';
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
    ({ room: { lab }, context, body: { user, ttlSec, expired } }) => {
      const options = { ...(ttlSec !== undefined && { ttlSec }), ...(expired !== undefined && { expired }) };
      return context.json(lab.mint(user, options));
    },
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

async function allocate(lab: Lab, credential: { username: string; password: string }): Promise<AllocateOutcome> {
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
