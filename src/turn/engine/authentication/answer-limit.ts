import { sourceKey } from '../../../base/address-key.ts';
import { IpRanges } from '../../../base/ip-ranges.ts';
import { TokenBuckets } from '../../../base/token-buckets.ts';
import { type ClientPath } from '../../contract/client-path.ts';

export interface AnswerLimitOptions {
  /** Answers a second in the long run to one IPv4 address or IPv6 /64; 0 sets no limit. */
  readonly perSec: number;
  readonly burst: number;
  /** How many sources are counted. Beyond it the source that has been silent longest is forgotten. */
  readonly sources: number;
  /** Addresses, CIDR blocks or ranges (`a-b`) without a limit. */
  readonly exempt: readonly string[];
}

/**
 * How many answers a source gets that has proved nothing. Over UDP its address may be forged and belong to somebody whom the answers are to
 * hit: each answer's length bounds what comes back for a byte (see `encodeChallenge`), this bounds how much comes back at all. TCP and TLS
 * clients have proved their address. A table of fixed size: who fills it with other forged sources to make it forget one has sent more to
 * do so than that one gets.
 */
export class AnswerLimit {
  readonly #buckets: TokenBuckets | undefined;
  readonly #wrongProofs: TokenBuckets | undefined;
  readonly #exempt: IpRanges;

  constructor({ perSec, burst, sources, exempt }: AnswerLimitOptions = OFF) {
    if (perSec > 0) {
      this.#buckets = new TokenBuckets({ perSec, burst, maxKeys: sources });
      this.#wrongProofs = new TokenBuckets({ perSec, burst, maxKeys: sources });
    }
    this.#exempt = IpRanges.of(exempt);
  }

  /** Counts one answer to a source. Returns true when it is beyond the limit. */
  isOver({ transport, remote }: ClientPath, nowMs: number): boolean {
    if (transport !== 'udp' || !this.#buckets) return false;
    return this.#buckets.take(sourceKey(remote), nowMs) > 0 && !this.#exempt.has(remote.address);
  }

  /**
   * Counts a proof that was wrong though its nonce was ours: its source is no forgery. To look at one costs several times what a datagram of
   * media does, and over UDP no connection can be made to wait.
   */
  countWrongProof({ transport, remote }: ClientPath, nowMs: number): void {
    if (transport === 'udp') this.#wrongProofs?.take(sourceKey(remote), nowMs);
  }

  /** Whether a source has shown so many of them that no further one is looked at now. */
  hasTriedEnough({ transport, remote }: ClientPath, nowMs: number): boolean {
    if (transport !== 'udp' || !this.#wrongProofs) return false;
    return !this.#wrongProofs.has(sourceKey(remote), nowMs) && !this.#exempt.has(remote.address);
  }

  /** How many sources are counted at the moment. */
  get size(): number {
    return this.#buckets?.size ?? 0;
  }
}

const OFF: AnswerLimitOptions = { perSec: 0, burst: 1, sources: 1, exempt: [] };
