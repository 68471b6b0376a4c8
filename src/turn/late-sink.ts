import { type TransportAddress } from '../base/transport-address.ts';
import { type ClientPath } from './contract/client-path.ts';
import { type DataPlaneSink, type PeerError } from './contract/data-plane-sink.ts';
import { type RelayHandle } from './contract/relay-handle.ts';

/** Stands in for the engine while the listeners open, since it is made from their actual ports; what comes before it is lost. */
export class LateSink implements DataPlaneSink {
  #sink: DataPlaneSink | undefined;

  attach(sink: DataPlaneSink): void {
    this.#sink = sink;
  }

  onClientMessage(client: ClientPath, bytes: Buffer): void {
    this.#sink?.onClientMessage(client, bytes);
  }

  onPeerData(relay: RelayHandle, peer: TransportAddress, data: Buffer): void {
    this.#sink?.onPeerData(relay, peer, data);
  }

  onPeerError(relay: RelayHandle, error: PeerError): void {
    this.#sink?.onPeerError(relay, error);
  }

  onPeerConnected(id: number): void {
    this.#sink?.onPeerConnected(id);
  }

  onPeerAccepted(relay: RelayHandle, peer: TransportAddress): number | undefined {
    return this.#sink?.onPeerAccepted(relay, peer);
  }

  onPeerConnectionEnded(id: number): void {
    this.#sink?.onPeerConnectionEnded(id);
  }

  onRelayClosed(relay: RelayHandle): void {
    this.#sink?.onRelayClosed(relay);
  }

  onClientClosed(client: ClientPath): void {
    this.#sink?.onClientClosed(client);
  }
}
