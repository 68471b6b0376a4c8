import { type AddressFamily } from '../../../base/ip.ts';
import { fail, ok, type Result } from '../../../base/result.ts';
import { ErrorCode } from '../../../stun/error-code.ts';
import { type AllocatedRelay, type MissingFamily } from '../allocation/allocation.ts';
import { type ClientPath } from '../../contract/client-path.ts';
import { type RelayHandle } from '../../contract/relay-handle.ts';
import { type EngineState } from '../engine-state.ts';
import { openRelay, type OpenFailure } from './open-relay.ts';
import { type PortShape } from './relay-ports.ts';
import { type RelayProtocol } from '../../contract/relay-handle.ts';

interface RelaysWish {
  /** One, or IPv4 and then IPv6. */
  readonly families: readonly AddressFamily[];
  readonly shape: PortShape;
  readonly protocol: RelayProtocol;
  readonly missing: MissingFamily | undefined;
}

export interface OpenedRelays {
  readonly relays: readonly [AllocatedRelay, ...AllocatedRelay[]];
  readonly missing: MissingFamily | undefined;
  /** The next port on the address of the first, held: present for the shape `even-pair`. */
  readonly next: RelayHandle | undefined;
}

/** The relayed transport addresses of an allocation; times are monotonic milliseconds. Of two wished families one that opens is enough (RFC 8656 §7.2 step 9). */
export function openRelays(
  engine: EngineState,
  client: ClientPath,
  { families, shape, protocol, missing }: RelaysWish,
  expiresAtMs: number,
  nowMs: number,
): Result<OpenedRelays, OpenFailure> {
  const relays: AllocatedRelay[] = [];
  let next: RelayHandle | undefined;
  let unopened = missing;
  let failure: OpenFailure = 'relay-unavailable';
  for (const family of families) {
    const opened = openRelay(engine, client, { family, shape, protocol, expiresAtMs }, nowMs);
    if (opened.ok) {
      const { relay, port } = opened.value;
      relays.push({ relay, port, family, expiresAtMs });
      next = opened.value.next;
    } else {
      unopened = { family, code: ErrorCode.InsufficientCapacity };
      failure = opened.reason;
    }
  }
  const [first, ...others] = relays;
  return first ? ok({ relays: [first, ...others], missing: unopened, next }) : fail(failure);
}
