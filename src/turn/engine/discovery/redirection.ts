import { EpcscfTurnError } from '../../../base/errors.ts';
import { transportAddress, type TransportAddress } from '../../../base/transport-address.ts';
import { alternateDomain, alternateServer } from '../../../stun/attributes/rfc8489.ts';
import { ErrorCode } from '../../../stun/error-code.ts';
import { refuse, refuseWith, type Refused } from '../requests/answer.ts';
import { type ClientPath } from '../../contract/client-path.ts';

export interface AlternateServerOptions {
  /** IP text; a client is sent to a server of its own family (RFC 8489 §10). */
  readonly address: string;
  /** Port for UDP and TCP clients: a client keeps its transport. */
  readonly port: number;
  readonly tlsPort: number;
  /** The name in its certificate, for TLS clients; needed where that is not the name by which they know this server. */
  readonly host?: string | undefined;
  /** How often it is chosen, relative to the others; 1 or more. */
  readonly weight: number;
}

export interface RedirectOptions {
  readonly servers: readonly AlternateServerOptions[];
  /** When clients are sent elsewhere, besides during a drain. `loaded`: while `abovePercent` of the total quota or more is taken. */
  readonly when: 'draining' | 'loaded' | 'all';
  readonly abovePercent: number;
}

interface Alternate extends TransportAddress {
  readonly tlsPort: number;
  readonly host: string | undefined;
  readonly weight: number;
}

/** Which other servers take new allocations in place of this one, and when (RFC 8656 §7.2 step 11). What exists stays. */
export class Redirection {
  draining = false;
  readonly #when: RedirectOptions['when'];
  readonly #abovePercent: number;
  readonly #alternates: readonly Alternate[];
  readonly #randomInt: (below: number) => number;

  /** Throws `ERR_CONFIG_INVALID` on an address that is none. */
  constructor(options: RedirectOptions | undefined, randomInt: (below: number) => number) {
    this.#when = options?.when ?? 'draining';
    this.#abovePercent = options?.abovePercent ?? 100;
    this.#alternates = (options?.servers ?? []).map(readAlternate);
    this.#randomInt = randomInt;
  }

  /**
   * What a client hears that may not allocate here: 300, or 508 while draining with nowhere to send it. `undefined`: it is served.
   * `held` of `total` relayed transport addresses are in use.
   */
  refusal(client: ClientPath, held: number, total: number): Refused | undefined {
    if (this.draining) return this.tryAlternate(client) ?? refuse(ErrorCode.InsufficientCapacity, 'draining');
    const isLoaded = this.#when === 'loaded' && held * 100 >= this.#abovePercent * total;
    return isLoaded || this.#when === 'all' ? this.tryAlternate(client) : undefined;
  }

  /** 300 with a server of the client's family, and after it one of the other; `undefined` when there is none. */
  tryAlternate(client: ClientPath): Refused | undefined {
    const { family } = client.remote;
    const first = this.#choose((one) => one.family === family);
    if (!first) return undefined;
    // One ALTERNATE-DOMAIN is for both.
    const second = this.#choose((one) => one.family !== family && one.host === first.host);
    const isTls = client.transport === 'tls';
    return refuseWith(ErrorCode.TryAlternate, 'redirected', (answer) => {
      for (const { family: of, address, port, tlsPort } of second ? [first, second] : [first]) {
        answer.add(alternateServer, { family: of, address, port: isTls ? tlsPort : port });
      }
      if (isTls && first.host !== undefined) answer.add(alternateDomain, first.host);
    });
  }

  #choose(isFit: (one: Alternate) => boolean): Alternate | undefined {
    const fit = this.#alternates.filter(isFit);
    if (fit.length === 0) return undefined;
    let left = this.#randomInt(fit.reduce((sum, { weight }) => sum + weight, 0));
    return fit.find(({ weight }) => (left -= weight) < 0);
  }
}

function readAlternate({ address, port, tlsPort, host, weight }: AlternateServerOptions, index: number): Alternate {
  const at = transportAddress(address, port);
  if (at) return { ...at, tlsPort, host, weight };
  throw new EpcscfTurnError(
    'ERR_CONFIG_INVALID',
    `turn.alternateServers.${index}.address: expected an IP address, got ${JSON.stringify(address)}`,
  );
}
