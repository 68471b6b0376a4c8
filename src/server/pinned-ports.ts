import { type Config } from '../config/schema/tree.ts';

/** Where a server listened. */
interface OpenPorts {
  readonly https: readonly { readonly port: number }[];
  /** In the order of `turn.listeners`. */
  readonly turn: readonly { readonly port: number }[];
}

/** The configuration with the ports that the system chose in the place of 0, so that clients find the server again. */
export function pinPorts(config: Config, { https, turn }: OpenPorts): Config {
  const { edge, turn: turnConfig } = config;
  const listeners = turnConfig.listeners.map((listener, i) => ({ ...listener, port: turn[i]?.port ?? listener.port }));
  const listen = { ...edge.listen, port: https[0]?.port ?? edge.listen.port };
  return { ...config, edge: { ...edge, listen }, turn: { ...turnConfig, listeners } };
}
