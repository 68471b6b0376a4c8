import { formatIp } from '../../../base/ip.ts';
import { SendReader, type DataSource } from '../../../stun/indications-in-place.ts';
import { TransactionIds } from '../shared/transaction-ids.ts';
import { type ClientLeg, type PeerHost, type Relay } from './relay-state.ts';

/** What a plane needs to pass Send and Data indications that leave the engine nothing to decide (RFC 8656 §11). */
export class Indications {
  /** Of the Send indication that was found. */
  relay: Relay | undefined;
  readonly send = new SendReader();
  #guardedPorts: ReadonlySet<number> = new Set();
  readonly #ip = new Uint8Array(16);
  readonly #ids = new TransactionIds();
  readonly #source: DataSource = {
    family: 4,
    port: 0,
    address: this.#ip,
    addressAt: 0,
    ids: this.#ids.bytes,
    idAt: 0,
  };

  guard(ports: readonly number[]): void {
    this.#guardedPorts = new Set(ports);
  }

  /** Whether data to and from a port passes under its permission without a word of the engine. */
  isOpen(host: PeerHost, port: number): boolean {
    return host.isOpen && port !== 0 && !this.#guardedPorts.has(port);
  }

  /** The peer's address, for a Send indication that is in order; the engine knows why others are to be dropped. */
  find({ relays }: ClientLeg, message: Buffer, nowMs: number): string | undefined {
    const { send } = this;
    // Whether this plane heeds DONT-FRAGMENT, and for which families, is for the engine to say.
    if (!send.read(message, 0, message.length) || send.dontFragment) return undefined;
    const { family, port } = send;
    const relay = relays[family];
    if (relay === undefined || nowMs >= relay.expiresAtMs) return undefined;
    send.copyAddress(message, this.#ip, 0);
    const host = relay.hosts.get(formatIp(this.#ip.subarray(0, family === 4 ? 4 : 16)));
    if (host === undefined || nowMs >= host.permittedUntilMs || !this.isOpen(host, port)) return undefined;
    this.relay = relay;
    return host.address;
  }

  /** Whom a Data indication is from; good until the next call. */
  sourceOf(host: PeerHost, port: number): DataSource {
    const source = this.#source;
    source.family = host.ip.length === 4 ? 4 : 6;
    source.port = port;
    source.address = host.ip;
    source.idAt = this.#ids.next();
    return source;
  }
}
