import { UA, WebSocketInterface } from 'jssip';
import { attachTurnCredentials, attachWebToken } from 'epcscf-turn/wic';

/** Registers whom the web server has signed in, without a password: `await startPhone({ server: 'wss://…' })` in its page. */
export async function startPhone({ server, get = (path) => fetch(path) }) {
  const session = await get('/wwsf/session');
  if (session.status !== 200) throw new Error('nobody has logged in');
  const { impu } = await session.json();
  const ua = new UA({ sockets: [new WebSocketInterface(server)], uri: impu[0] });
  const web = attachWebToken(ua, async () => {
    const answer = await get('/registration-token');
    if (!answer.ok) throw new Error(`no token: ${answer.status}`);
    const { token, expires_in } = await answer.json();
    return { token, expiresInSec: expires_in };
  });
  const turn = attachTurnCredentials(ua);
  await web.ready(); // rejects with what the first fetch threw
  ua.start();
  await turn.ready();
  return { ua, web, turn };
}
