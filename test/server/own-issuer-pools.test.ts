import { expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { tokenIssuer } from '../../src/server/authorization-server.ts';

it('takes no user for one of a pool whose name is not in it', () => {
  const secret = 'a secret of 16 bytes or more';
  const clients = [
    { id: 'lender', secret, pool: ['guest{1-500}', 'lobby'] },
    { id: 'named', secret, namesUsers: true },
  ];
  const config = parseConfig({ domain: 'example.com', oauth: { authorizationServer: { enabled: true }, clients } });
  const { clients: taken } = tokenIssuer(config, { issuer: 'https://waf.example.com' } as never);
  expect(taken.map(({ pools }) => pools)).toEqual([['guest{1-500}@example.com', 'lobby@example.com'], []]);
});
