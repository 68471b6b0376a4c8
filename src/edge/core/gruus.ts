import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { type OwnMap, type OwnText, ownText } from '../../base/own-text.ts';
import { createRandomPool } from '../../base/random-pool.ts';
import { unescapeText, type SipUri } from '../../sip/uri.ts';
import { type HomeDomain } from '../home-domain.ts';

/** What a GRUU leads to: the bindings of one user that have this instance. */
export interface Device<Text extends string = string> {
  readonly aor: Text;
  readonly instanceId: Text;
}

const ID_BYTES = 8;
const SALT_BYTES = 8;
const PREFIX = 'gruu.';
const TEMPORARY = /^gruu\.[\w-]{22}$/;
/** `urn:uuid:` and what else is a URN (RFC 8141). Of an instance that is something else no URI is made. */
const INSTANCE = /^[!-~]{1,200}$/;

/**
 * GRUUs (RFC 5627): URIs that lead to one device of a user from wherever they are used, though a Contact with a `.invalid` host leads nowhere.
 * The public one holds address-of-record and instance. The temporary one holds a number of the device, encrypted as one block with a salt: two
 * of them have nothing in common, so that whoever is called anonymously does not learn by whom, and only the number of a device is stored.
 */
export class Gruus {
  readonly #home: HomeDomain;
  readonly #random = createRandomPool();
  readonly #cipher;
  readonly #decipher;
  readonly #ids: OwnMap<OwnText> = new Map<string, OwnText>();
  readonly #devices: OwnMap<Device<OwnText>> = new Map<string, Device<OwnText>>();

  constructor(home: HomeDomain) {
    // One block and nothing else: with a random half it never repeats, so ECB shows nothing.
    const key = randomBytes(16);
    this.#home = home;
    this.#cipher = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
    this.#decipher = createDecipheriv('aes-128-ecb', key, null).setAutoPadding(false);
  }

  /** Devices that have a number. */
  get size(): number {
    return this.#ids.size;
  }

  /**
   * A device registers. `isNew`: it has started anew since it was last seen, which ends the temporary GRUUs it had (RFC 5627 §5.1). False when its
   * instance is none that a URI could hold.
   */
  keep(device: Device<OwnText>, isNew: boolean): boolean {
    if (!INSTANCE.test(device.instanceId)) return false;
    const key = keyOf(device);
    if (this.#ids.has(key) && !isNew) return true;
    this.forget(device);
    const id = ownText(this.#random(ID_BYTES).toString('hex'));
    this.#ids.set(ownText(key), id);
    this.#devices.set(id, device);
    return true;
  }

  /** The last binding of a device has ended, and its temporary GRUUs with it (RFC 5627 §5.3). */
  forget(device: Device): void {
    const key = keyOf(device);
    const id = this.#ids.get(key);
    if (id === undefined) return;
    this.#ids.delete(key);
    this.#devices.delete(id);
  }

  /** A new temporary GRUU; `undefined` for a device that is not kept. */
  temporaryOf(device: Device): string | undefined {
    const id = this.#ids.get(keyOf(device));
    if (id === undefined) return undefined;
    const block = this.#cipher.update(Buffer.concat([Buffer.from(id, 'hex'), this.#random(SALT_BYTES)]));
    return `sip:${PREFIX}${block.toString('base64url')}@${this.#home.name};gr`;
  }

  /** `address`: the address-of-record as it may be sent. */
  publicOf(address: string, instanceId: string): string {
    return `${address};gr=${encodeURIComponent(instanceId).replaceAll('%3A', ':')}`;
  }

  /** The device that a URI of the home domain with a parameter `gr` leads to; `undefined` when it is no GRUU, or one that has ended. */
  find(uri: SipUri): Device | undefined {
    const instance = uri.params.get('gr');
    if (instance === undefined) return this.#findTemporary(uri.user);
    const aor = this.#home.aorOf(uri);
    return aor === undefined ? undefined : { aor, instanceId: unescapeText(instance) };
  }

  #findTemporary(user: string | undefined): Device | undefined {
    if (user === undefined || !TEMPORARY.test(user)) return undefined;
    const block = this.#decipher.update(Buffer.from(user.slice(PREFIX.length), 'base64url'));
    return this.#devices.get(block.toString('hex', 0, ID_BYTES));
  }
}

/** Instances compare as URNs do, without case (RFC 5626 §4.1 has them written in lower case). */
export function isInstance(a: string | undefined, b: string): boolean {
  return a?.toLowerCase() === b.toLowerCase();
}

function keyOf({ aor, instanceId }: Device): string {
  return `${aor}\n${instanceId.toLowerCase()}`;
}
