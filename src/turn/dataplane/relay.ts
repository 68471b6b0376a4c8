import { type Socket } from 'node:dgram';
import { type TransportAddress } from '../../core/transport-address.ts';
import { type RelayHandle } from '../engine/data-plane.ts';
import { type ClientLeg } from './client-leg.ts';
import { type OwnAddress } from './relay-directory.ts';

/** A channel with all that a packet needs to know, so that the packet path does one lookup. */
export interface Channel {
  readonly channel: number;
  readonly relay: Relay;
  readonly host: PeerHost;
  readonly address: string;
  readonly port: number;
  /** Set when the peer's address is one of our own advertised addresses: the straight path. */
  readonly own: OwnAddress | undefined;
  expiresAtMs: number;
}

/** One peer IP address of a relay. */
export interface PeerHost {
  readonly address: string;
  /** End of the permission in monotonic milliseconds; 0 when there is none. */
  permittedUntilMs: number;
  /** By peer port. */
  readonly channels: Map<number, Channel>;
}

/** One relayed transport address that this plane holds open. */
export class Relay implements RelayHandle {
  readonly slot: number;
  readonly relayed: TransportAddress;
  readonly socket: Socket;
  readonly own: OwnAddress;
  /** By canonical IP text, which is also how the kernel's addresses arrive. */
  readonly hosts = new Map<string, PeerHost>();
  /** Absent while the address is only reserved. */
  leg: ClientLeg | undefined;
  expiresAtMs = 0;

  constructor(slot: number, relayed: TransportAddress, socket: Socket, own: OwnAddress) {
    this.slot = slot;
    this.relayed = relayed;
    this.socket = socket;
    this.own = own;
  }

  host(address: string): PeerHost {
    let host = this.hosts.get(address);
    if (host === undefined) {
      host = { address, permittedUntilMs: 0, channels: new Map() };
      this.hosts.set(address, host);
    }
    return host;
  }

  forgetIfEmpty(host: PeerHost): void {
    if (host.permittedUntilMs === 0 && host.channels.size === 0) this.hosts.delete(host.address);
  }
}
