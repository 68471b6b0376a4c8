import { expect, it } from 'vitest';
import { type Hop } from '../../../src/edge/hop.ts';
import { LiveCalls } from '../../../src/edge/proxy/live-calls.ts';
import { NO_BODY, SipHeaders, type SipRequest } from '../../../src/sip/message.ts';

const hop = (id: string, kind: Hop['kind'] = 'wic') => ({ id, kind }) as Hop;

function request(method: string, callId: string): SipRequest {
  const headers = new SipHeaders();
  headers.append('Call-ID', callId);
  return { kind: 'request', method, uri: 'sip:bob@example.com', headers, body: NO_BODY };
}

it('a call lasts from the 2xx of its INVITE to the final answer of its BYE, on each side by itself', () => {
  const calls = new LiveCalls();
  const [alice, bob] = [hop('a'), hop('b')];
  const states = () => [calls.isInCall(alice), calls.isInCall(bob)];
  for (const status of [100, 180, 486]) calls.noteAnswer(request('INVITE', 'x'), status, alice);
  calls.noteAnswer(request('OPTIONS', 'x'), 200, alice);
  expect(states()).toEqual([false, false]);
  for (const side of [alice, bob]) calls.noteAnswer(request('INVITE', 'x'), 200, side);
  expect(states()).toEqual([true, true]);
  // A re-INVITE is the same call.
  calls.noteAnswer(request('INVITE', 'x'), 200, alice);
  calls.noteAnswer(request('BYE', 'other'), 200, alice);
  calls.noteAnswer(request('BYE', 'x'), 481, alice);
  expect(states()).toEqual([false, true]);
  calls.forget(bob);
  expect(states()).toEqual([false, false]);
});

it('a core is in no call', () => {
  const calls = new LiveCalls();
  calls.noteAnswer(request('INVITE', 'x'), 200, hop('core', 'core'));
  expect(calls.isInCall(hop('core', 'core'))).toBe(false);
});

it('remembers a bounded number of calls for one client, and tells long Call-IDs apart', () => {
  const calls = new LiveCalls();
  const alice = hop('a');
  for (let n = 0; n < 100; n += 1) calls.noteAnswer(request('INVITE', `${n}`), 200, alice);
  for (let n = 84; n < 100; n += 1) calls.noteAnswer(request('BYE', `${n}`), 200, alice);
  expect(calls.isInCall(alice)).toBe(false);
  const long = 'x'.repeat(60_000);
  calls.noteAnswer(request('INVITE', `${long}1`), 200, alice);
  calls.noteAnswer(request('BYE', `${long}2`), 200, alice);
  expect(calls.isInCall(alice)).toBe(true);
  calls.noteAnswer(request('BYE', `${long}1`), 200, alice);
  expect(calls.isInCall(alice)).toBe(false);
});
