import { expect, it } from 'vitest';
import JsSIP from 'jssip';
import { startLab } from 'epcscf-turn/testing';

it('gets a relay with its registration, and none with an expired credential', async () => {
  await using lab = await startLab({ users: ['alice', 'bob'] });
  Object.assign(globalThis, { WebSocket: lab.WebSocket }); // for Node: trusts the lab's CA
  const sockets = new JsSIP.WebSocketInterface(lab.webSocket);
  const ua = new JsSIP.UA({ sockets, ...lab.users.alice });
  ua.registrator().setExtraHeaders(['TURN-Cred-Req: turn']);
  ua.start();
  await lab.waitFor('registered', ({ user }) => user === 'alice');
  expect(await lab.tryAllocate(lab.credentialOf('alice'))).toMatchObject({ granted: true });
  expect(await lab.tryAllocate(lab.mint('alice', { expired: true }))).toMatchObject({ granted: false, code: 401 });
  await lab.waitFor('authentication-refused', ({ user, cause }) => user === 'alice' && cause === 'expired');
  ua.stop();
});
