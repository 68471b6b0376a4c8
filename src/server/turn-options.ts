import { type Material } from '../config/material.ts';
import { type Config } from '../config/schema/tree.ts';
import { type TurnServerOptions } from '../turn/turn-server-options.ts';

/** SOFTWARE without a version: what an attacker can look up should not come for the asking. */
const SOFTWARE = 'epcscf-turn';

export function turnServerOptions({ domain, turn }: Config, { certificate }: Material): TurnServerOptions {
  const { enabled: _enabled, publicHost: _publicHost, ...options } = turn;
  return {
    ...options,
    realm: turn.realm ?? domain,
    software: turn.software ? SOFTWARE : undefined,
    tls: certificate,
  };
}
