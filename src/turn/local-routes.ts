import { closeSync, openSync, readSync } from 'node:fs';
import { formatIp } from '../base/ip.ts';

/** proc(5): the routes of this process' network namespace. */
const IPV4_ROUTES = '/proc/self/net/fib_trie';
const IPV6_ROUTES = '/proc/self/net/ipv6_route';

/** A host has some kilobytes of routes. A router with those of the Internet has a hundred megabytes, and must not be held up. */
const MAX_BYTES = 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;

/** Flags of a route (linux/ipv6_route.h): to this machine, as one of its addresses or one that several machines share. */
const RTF_LOCAL = 0x80000000;
const RTF_ANYCAST = 0x00100000;

/**
 * The addresses and prefixes that Linux delivers to this machine itself, loopback's IPv4 block left out: beside those of the interfaces that
 * have a carrier also those of the others, and whole prefixes (`ip route add local`, or an address of loopback with its prefix). Empty
 * elsewhere.
 */
export class LocalRoutes {
  readonly #ipv4 = new Listing(IPV4_ROUTES, localIpv4Routes);
  readonly #ipv6 = new Listing(IPV6_ROUTES, localIpv6Routes);

  /** Canonical IP text, with `/` and the length of the prefix where it is more than an address. */
  read(): readonly string[] {
    return [...this.#ipv4.read(), ...this.#ipv6.read()];
  }
}

/** A listing of the kernel's, parsed only when it is another than before. */
class Listing {
  readonly #file: string;
  readonly #parse: (text: string) => string[];
  #text = '';
  #parsed: readonly string[] = [];

  constructor(file: string, parse: (text: string) => string[]) {
    this.#file = file;
    this.#parse = parse;
  }

  read(): readonly string[] {
    const text = beginningOf(this.#file);
    if (text !== this.#text) {
      this.#text = text;
      this.#parsed = this.#parse(text);
    }
    return this.#parsed;
  }
}

/** Empty where there is no such file: another system, or a container that hides it. */
function beginningOf(file: string): string {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return '';
  }
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    let text = '';
    // The kernel hands out a page or so at a time.
    for (let bytes = -1; bytes !== 0 && text.length < MAX_BYTES;) {
      bytes = readSync(descriptor, chunk);
      text += chunk.toString('latin1', 0, bytes);
    }
    return text;
  } catch {
    return '';
  } finally {
    closeSync(descriptor);
  }
}

/** A heading of a table, an address of the trie, or a prefix of that address that is to this machine. */
const TRIE_LINE = /^(?:(\S.*):|\s*\|-- ([\d.]+)|\s+\/(\d+) \S+ LOCAL\b.*)$/gm;

/**
 * The local IPv4 prefixes in the text of `/proc/net/fib_trie`. Only the tables `Main` and `Local` are read: others are for marked packets, and
 * the one of a transparent proxy makes every address local.
 */
export function localIpv4Routes(text: string): string[] {
  const routes = new Set<string>();
  let isAsked = false;
  let address = '';
  for (const [, table, leaf, length] of text.matchAll(TRIE_LINE)) {
    if (table !== undefined) {
      isAsked = table === 'Main' || table === 'Local';
      address = '';
    } else if (leaf !== undefined) address = leaf;
    else if (isAsked && length !== undefined && address !== '' && !address.startsWith('127.')) {
      const route = routeText(address, Number(length), 32);
      if (route !== undefined) routes.add(route);
    }
  }
  return [...routes];
}

/** Destination, length of its prefix, and further on flags and the name of the interface. */
const IPV6_LINE = /^([\da-f]{32}) ([\da-f]{2}) .* ([\da-f]{8}) +\S+$/gm;

/** The local IPv6 prefixes in the text of `/proc/net/ipv6_route`, which does not say which table a route is in. */
export function localIpv6Routes(text: string): string[] {
  const routes = new Set<string>();
  for (const [, destination = '', length = '', flags = ''] of text.matchAll(IPV6_LINE)) {
    if ((Number.parseInt(flags, 16) & (RTF_LOCAL | RTF_ANYCAST)) === 0) continue;
    const route = routeText(formatIp(Buffer.from(destination, 'hex')), Number.parseInt(length, 16), 128);
    if (route !== undefined) routes.add(route);
  }
  return [...routes];
}

/** `undefined` for all the world, which no machine is alone: that is a transparent proxy's. */
function routeText(address: string, length: number, whole: number): string | undefined {
  if (length === 0) return undefined;
  return length === whole ? address : `${address}/${length}`;
}
