import { type TransportAddress } from '../base/transport-address.ts';
import { type ClientPath, type DataPlaneSink, type PeerError, type RelayHandle } from './contract/data-plane.ts';

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

  onClientClosed(client: ClientPath): void {
    this.#sink?.onClientClosed(client);
  }
}
