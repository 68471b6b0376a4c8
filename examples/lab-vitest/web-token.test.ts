import { expect, it } from 'vitest';
import JsSIP from 'jssip';
import { startLab } from 'epcscf-turn/testing';
import { attachWebToken } from 'epcscf-turn/wic';

it('registers a guest by a token, who fetches another one when the edge refuses it', async () => {
  await using lab = await startLab({ tokens: true });
  Object.assign(globalThis, { WebSocket: lab.WebSocket });
  const guest = lab.webToken();
  const ua = new JsSIP.UA({ sockets: new JsSIP.WebSocketInterface(lab.webSocket), uri: guest.uri });
  ua.registrator().setExtraHeaders(['TURN-Cred-Req: turn']);
  const supplied = [lab.webToken(guest.user, { expired: true }), guest];
  const web = attachWebToken(ua, async () => supplied.shift() ?? lab.webToken(guest.user));
  await web.ready();
  ua.start();
  await lab.waitFor('authentication-failed', ({ cause }) => cause === 'token-expired');
  await lab.waitFor('registered', ({ user }) => user === guest.user);
  expect(await lab.tryAllocate(lab.credentialOf(guest.user))).toMatchObject({ granted: true });
  web.detach();
  ua.stop();
});
