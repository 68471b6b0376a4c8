import { randomUUID } from 'node:crypto';
import { createServer } from 'epcscf-turn';

// A TURN server in a program of your own: no edge, one UDP port that the system chooses, one long-term user.
const password = randomUUID();
const server = await createServer({
  edge: { enabled: false },
  turn: { realm: 'example.com', listeners: [{ transport: 'udp', address: '127.0.0.1', port: 0 }] },
  credentials: { secret: process.env.TURN_SHARED_KEY ?? randomUUID(), users: [{ name: 'gateway', password }] },
});
server.on('allocation-created', ({ user, relayed }) => console.log(`${user} relays at port ${relayed.port}`));
server.on('allocation-ended', ({ user, counters }) => console.log(`${user} has relayed`, counters));
process.once('SIGINT', () => void server.stop());
await server.start();
console.log(`turn:127.0.0.1:${server.addresses.turn[0].port} user gateway password ${password}`);
