import { Inviter, Registerer, UserAgent } from 'sip.js';
import { attachTurnCredentialsSipJs } from 'epcscf-turn/wic';

/** Registers, and gives a phone whose calls use the relay: `await startPhone({ server: 'wss://…', uri: 'sip:alice@…', password })`. */
export async function startPhone({ server, uri, password }) {
  const address = UserAgent.makeURI(uri);
  const peerConnectionConfiguration = { iceServers: [] }; // SIP.js reads it at the begin of each call
  const userAgent = new UserAgent({
    uri: address,
    authorizationUsername: address.user,
    authorizationPassword: password,
    transportOptions: { server },
    logLevel: 'warn',
    sessionDescriptionHandlerFactoryOptions: { peerConnectionConfiguration },
  });
  const onChange = (iceServers) => Object.assign(peerConnectionConfiguration, { iceServers });
  const turn = attachTurnCredentialsSipJs(userAgent, { onChange }); // before register()
  await userAgent.start();
  await new Registerer(userAgent).register();
  await turn.ready();
  const call = (target) => new Inviter(userAgent, UserAgent.makeURI(target)).invite();
  return { userAgent, turn, call };
}
