import { WebSocket } from 'ws';

/** What a SIP library needs of the global of this name. */
export type LabWebSocket = new (url: string | URL, protocols?: string | string[]) => object;

/** A WebSocket for Node that trusts `ca` (PEM), since the constructor a SIP library calls has no place to say so. */
export function trustingWebSocket(ca: string): LabWebSocket {
  return class extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols, { ca });
    }
  };
}
