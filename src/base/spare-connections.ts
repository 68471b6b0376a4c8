import { AgeMap } from './age-map.ts';

/** The connections of one source, by age. */
type Source<T extends object> = AgeMap<true, T>;

/**
 * The connections that may be ended where another needs a place: those that have not shown yet who they are for. The source (see `addressKey`)
 * that has most of them gives one up, its oldest, so that a newcomer is shut out by nobody who merely holds connections, and whoever is about
 * to show who it is, is left the time. Each step costs the same however many there are.
 */
export class SpareConnections<T extends object> {
  readonly #sources = new Map<string, Source<T>>();
  /** The sources by how many connections each has; no entry is empty. */
  readonly #bySize = new Map<number, AgeMap<true, Source<T>>>();
  /** The number of connections of the source with the most. */
  #most = 0;

  /** The connection becomes the youngest of its source, unless it is there already. */
  add(source: string, connection: T): void {
    const connections = this.#sources.get(source) ?? new AgeMap<true, T>();
    if (connections.has(connection)) return;
    const before = connections.size;
    connections.set(connection, true);
    if (before === 0) this.#sources.set(source, connections);
    this.#resize(connections, before);
  }

  /** Takes a connection out. Does nothing when it is not in. */
  delete(source: string, connection: T): void {
    const connections = this.#sources.get(source);
    if (!connections) return;
    const before = connections.size;
    connections.delete(connection);
    if (connections.size === 0) this.#sources.delete(source);
    if (connections.size !== before) this.#resize(connections, before);
  }

  /** The connection to end first: among all, or among those of one source. It stays here until it is deleted. */
  first(source?: string): T | undefined {
    const connections = source === undefined ? this.#bySize.get(this.#most)?.oldest?.key : this.#sources.get(source);
    return connections?.oldest?.key;
  }

  #resize(connections: Source<T>, before: number): void {
    const { size } = connections;
    const equals = this.#bySize.get(before);
    equals?.delete(connections);
    if (equals?.size === 0) this.#bySize.delete(before);
    if (size > 0) {
      const peers = this.#bySize.get(size) ?? new AgeMap<true, Source<T>>();
      peers.set(connections, true);
      this.#bySize.set(size, peers);
    }
    // Sizes change by one, so that the source itself is the next after the last of a size has left it.
    if (size > this.#most || !this.#bySize.has(this.#most)) this.#most = size;
  }
}
