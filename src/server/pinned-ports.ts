import { type Config } from '../config/schema/tree.ts';

/** Where a server listened. */
interface OpenPorts {
  readonly https: readonly { readonly port: number }[];
  /** In the order of `turn.listeners`. */
  readonly turn: readonly { readonly port: number }[];
  /** On the side of a core outside. */
  readonly core?: readonly { readonly transport: string; readonly port: number }[];
}

/** The configuration with the ports that the system chose in the place of 0, so that clients find the server again. */
export function pinPorts(config: Config, { https, turn, core = [] }: OpenPorts): Config {
  const { edge, turn: turnConfig } = config;
  const listeners = turnConfig.listeners.map((listener, i) => ({ ...listener, port: turn[i]?.port ?? listener.port }));
  const listen = { ...edge.listen, port: https[0]?.port ?? edge.listen.port };
  const plain = core.find(({ transport }) => transport !== 'tls');
  const tls = core.find(({ transport }) => transport === 'tls');
  const coreListen = {
    ...edge.core.listen,
    port: plain?.port ?? edge.core.listen.port,
    ...(edge.core.listen.tlsPort !== undefined && { tlsPort: tls?.port ?? edge.core.listen.tlsPort }),
  };
  return {
    ...config,
    edge: { ...edge, listen, core: { ...edge.core, listen: coreListen } },
    turn: { ...turnConfig, listeners },
  };
}
