import { boundedKey } from '../../../base/bounded-key.ts';
import { BoundedMap } from '../../../base/bounded-map.ts';
import { type OwnText, ownText } from '../../../base/own-text.ts';
import { type RequestEssentials } from '../../../sip/validate-request.ts';

const MAX_REQUESTS = 1000;
/** How long a request may be repeated: 64 times the usual T1. */
const REMEMBERED_MS = 32_000;

/** Requests answered here that have come before over another way (RFC 3261 §8.2.2.2). Retransmissions do not get here. */
export class MergedRequests {
  readonly #seen = new BoundedMap<{ readonly branch: OwnText; readonly atMs: number }>(MAX_REQUESTS);

  /** Remembers a request outside dialogs, and tells whether the same one has come under another branch. */
  note({ callId, cseq, from, to, via }: RequestEssentials, nowMs: number): boolean {
    if (to.params.has('tag')) return false;
    const key = boundedKey([callId, cseq.sequence, cseq.method, from.params.get('tag')].join('\n'));
    const branch = boundedKey(via.params.get('branch') ?? '');
    const before = this.#seen.get(key);
    if (before && nowMs - before.atMs < REMEMBERED_MS) return before.branch !== branch;
    this.#seen.set(key, { branch: ownText(branch), atMs: nowMs });
    return false;
  }
}
