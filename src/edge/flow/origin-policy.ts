import { type OriginOptions } from '../edge-options.ts';

/** The pages that may open the WebSocket (RFC 6455 §10.2). What the configuration says is read once. */
export class OriginPolicy {
  readonly #allowsMissing: boolean;
  /** Origins as they are configured: the only spelling of one that is none of http or https (RFC 6454 §4). */
  readonly #texts: ReadonlySet<string>;
  readonly #webOrigins: ReadonlySet<string>;
  /** Whether the page may be of this edge itself, served by https under the name that the client asked for or a public name. */
  readonly #allowsSelf: boolean;
  readonly #ownOrigins: ReadonlySet<string>;

  /** `publicHosts`: names of this edge beside the Host header of the upgrade. */
  constructor({ allow, allowMissing }: OriginOptions, publicHosts: readonly string[]) {
    const others = allow.filter((entry) => entry !== 'self');
    this.#allowsMissing = allowMissing;
    this.#texts = new Set(others);
    this.#webOrigins = new Set(others.flatMap((entry) => webOrigin(entry) ?? []));
    this.#allowsSelf = others.length < allow.length;
    this.#ownOrigins = new Set(publicHosts.flatMap((host) => webOrigin(`https://${host}`) ?? []));
  }

  /** The cause of the refusal, or `undefined` when the Origin may pass. `host` is the Host header of the upgrade. */
  refuses(origin: string | undefined, host: string | undefined): 'origin' | 'origin-missing' | undefined {
    if (origin === undefined) return this.#allowsMissing ? undefined : 'origin-missing';
    if (this.#texts.has(origin)) return undefined;
    const wanted = webOrigin(origin);
    if (wanted === undefined) return 'origin';
    return this.#webOrigins.has(wanted) || (this.#allowsSelf && this.#isOwn(wanted, host)) ? undefined : 'origin';
  }

  #isOwn(wanted: string, host: string | undefined): boolean {
    return this.#ownOrigins.has(wanted) || (host !== undefined && webOrigin(`https://${host}`) === wanted);
  }
}

/** An origin of http or https as scheme, host and port, without a default port; `undefined` for any other text. */
function webOrigin(text: string): string | undefined {
  if (!/^https?:\/\/[^/?#@\s]+$/i.test(text)) return undefined;
  return URL.canParse(text) ? new URL(text).origin : undefined;
}
