import { type ShardEvent } from './shard-words.ts';

/** What the path hands on to the main thread, and hears from it. */
export interface PathPorts {
  /** A datagram that the engine is to have. */
  tell(
    kind: ShardEvent,
    first: number,
    second: number,
    third: number,
    words: Uint32Array,
    at: number,
    data: Uint8Array,
    from: number,
    length: number,
  ): void;
  /** Whether the main thread has decided something meanwhile. */
  hasNews(): boolean;
  /** Applies it. */
  catchUp(): void;
  /** A relay's socket tells of an error. */
  failed(relay: number): void;
  /** Whether what leaves from an IPv4 socket has the DF bit from here on. */
  setDontFragment(fd: number, isSet: boolean): void;
}
