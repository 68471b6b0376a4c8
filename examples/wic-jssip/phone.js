import { UA, WebSocketInterface } from 'jssip';
import { attachTurnCredentials } from 'epcscf-turn/wic';

/** Registers, and gives a phone whose calls use the relay: `await startPhone({ server: 'wss://…', uri: 'sip:alice@…', password })`. */
export async function startPhone({ server, uri, password }) {
  const ua = new UA({ sockets: [new WebSocketInterface(server)], uri, password });
  const turn = attachTurnCredentials(ua); // before start()
  ua.start();
  await turn.ready();
  const call = (target, options) => ua.call(target, { ...options, pcConfig: { iceServers: turn.iceServers() } });
  return { ua, turn, call };
}
