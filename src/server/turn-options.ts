import { type Material } from '../config/material.ts';
import { type Config } from '../config/schema/tree.ts';
import { type TurnServerOptions } from '../turn/turn-server-options.ts';

/** SOFTWARE without a version: what an attacker can look up should not come for the asking. */
const SOFTWARE = 'epcscf-turn';

export function turnServerOptions({ domain, turn }: Config, { certificate }: Material): TurnServerOptions {
  return {
    realm: turn.realm ?? domain,
    software: turn.software ? SOFTWARE : undefined,
    tls: certificate,
    listeners: turn.listeners,
    relay: turn.relay,
    allocation: turn.allocation,
    nonceLifetimeSec: turn.nonceLifetimeSec,
    quota: turn.quota,
    peers: turn.peers,
    redirect: { servers: turn.alternateServers, when: turn.redirect, abovePercent: turn.redirectAbovePercent },
    legacyChannelNumbers: turn.legacyChannelNumbers,
    expiryPolicy: turn.expiryPolicy,
    stream: turn.stream,
    sockets: turn.sockets,
    reservationSec: turn.reservationSec,
    dataPlane: turn.dataPlane,
  };
}
