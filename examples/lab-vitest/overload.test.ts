import { expect, it } from 'vitest';
import JsSIP from 'jssip';
import { startLab } from 'epcscf-turn/testing';

it('registers at the second try when the edge is overloaded', async () => {
  await using lab = await startLab({ users: ['alice'] });
  Object.assign(globalThis, { WebSocket: lab.WebSocket });
  const ua = new JsSIP.UA({ sockets: new JsSIP.WebSocketInterface(lab.webSocket), ...lab.users.alice });
  const fault = lab.faults.add({ kind: 'sip-answer', status: 503, retryAfterSec: 1, user: 'alice', times: 1 });
  ua.on('registrationFailed', ({ response }) => {
    setTimeout(() => ua.register(), Number(response.getHeader('Retry-After')) * 1000);
  });
  ua.start();
  await lab.waitFor('registered', ({ user }) => user === 'alice');
  expect(fault.fired).toBe(1);
  ua.stop();
});
