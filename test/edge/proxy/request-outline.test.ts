import { expect, it } from 'vitest';
import { formatSipMessage } from '../../../src/sip/format-message.ts';
import { createResponse } from '../../../src/sip/create-response.ts';
import { CoreBench } from '../support/core-bench.ts';

const GIVEN = 'icid-value="of-the-core";orig-ioi="example.net"';

it('an answer to an INVITE that is repeated crosses the border as it did at first, though little of the INVITE is kept', () => {
  const bench = new CoreBench();
  const alice = bench.registered('alice', { 'P-Associated-URI': '<sip:alice@example.com>, <sip:second@example.com>' });
  bench.fromCore('INVITE', alice.wic.contactUri, {
    Contact: '<sip:bob@192.0.2.50>',
    'P-Charging-Vector': GIVEN,
    'P-Called-Party-ID': '<sip:second@example.com>',
    'Record-Route': '<sip:scscf.example.net:6060;lr>',
    'Call-ID': 'c',
  });
  const answer = createResponse(alice.hop.lastRequest('INVITE'), 200, { toTag: 'a' });
  answer.headers.append('Contact', `<${alice.wic.contactUri}>`);
  const [first, second] = [1, 2].map(() => {
    bench.receive(answer, alice.hop);
    return formatSipMessage(bench.core.lastResponse()).toString();
  });
  expect(bench.core.take()).toEqual(['100', '200', '200']);
  expect(first).toMatch(/P-Charging-Vector: icid-value="?of-the-core/);
  expect(first).toContain('P-Asserted-Identity: <sip:second@example.com>');
  expect(second).toBe(first);
});
