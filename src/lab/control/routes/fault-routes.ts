import { ApiError } from '../../../http/api-error.ts';
import { type Route } from '../../../http/route.ts';
import { type Fault, type FaultStatus } from '../../faults/active-fault.ts';
import { type Lab } from '../../lab.ts';
import { route, type ControlRoom } from '../route.ts';

const params = { id: 'As the answer to its POST told.' };

export const faultRoutes: readonly Route<ControlRoom>[] = [
  route(
    {
      method: 'get',
      path: '/faults',
      operationId: 'listFaults',
      summary: 'The active faults, in the order in which they came',
      answer: [200, 'FaultList'],
      errors: [],
    },
    ({ room: { lab }, context }) => context.json({ faults: lab.faults.list() }),
  ),
  route(
    {
      method: 'post',
      path: '/faults',
      operationId: 'addFault',
      summary: 'Makes something go wrong until it is deleted, or its times or forMs are over',
      body: 'FaultRequest',
      checksBody: true,
      answer: [201, 'FaultStatus'],
      errors: ['ERR_INVALID_STATE'],
    },
    ({ room: { lab }, context, body }) => context.json(statusOf(lab.faults.add(body)), 201),
  ),
  route(
    {
      method: 'delete',
      path: '/faults',
      operationId: 'clearFaults',
      summary: 'Ends all faults',
      answer: [204, undefined],
      errors: [],
    },
    ({ room: { lab }, context }) => {
      lab.faults.clear();
      return context.body(null, 204);
    },
  ),
  route(
    {
      method: 'get',
      path: '/faults/{id}',
      operationId: 'getFault',
      summary: 'One fault, also when it has ended, and how often it has hit',
      params,
      answer: [200, 'FaultStatus'],
      errors: ['ERR_NOT_FOUND'],
    },
    ({ room: { lab }, context, param }) => context.json(statusOf(find(lab, param('id')))),
  ),
  route(
    {
      method: 'delete',
      path: '/faults/{id}',
      operationId: 'clearFault',
      summary: 'Ends one fault',
      params,
      answer: [204, undefined],
      errors: ['ERR_NOT_FOUND'],
    },
    ({ room: { lab }, context, param }) => {
      find(lab, param('id')).clear();
      return context.body(null, 204);
    },
  ),
];

function find(lab: Lab, id: string): Fault {
  const fault = lab.faults.get(id);
  if (fault) return fault;
  throw new ApiError('ERR_NOT_FOUND', 'faults: none of that id');
}

function statusOf({ id, spec, fired, active }: Fault): FaultStatus {
  return { id, ...spec, fired, active };
}
