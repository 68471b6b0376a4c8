// node-turn as a relay on 127.0.0.1, for comparison: `node node-turn-server.mjs PORT REALM SECRET`. It knows fixed users only, so their
// passwords are computed as they are asked for.
import { createHmac } from 'node:crypto';
import Turn from 'node-turn';

const [port, realm, secret] = process.argv.slice(2);
const credentials = new Proxy(
  {},
  { get: (_none, username) => createHmac('sha1', secret).update(String(username)).digest('base64') },
);

new Turn({
  authMech: 'long-term',
  credentials,
  realm,
  listeningIps: ['127.0.0.1'],
  relayIps: ['127.0.0.1'],
  listeningPort: Number(port),
  minPort: 20_000,
  maxPort: 65_535,
  debugLevel: 'OFF',
}).start();
