import { sameTransportAddress, type TransportAddress } from '../../../base/transport-address.ts';
import {
  changeRequest,
  otherAddress,
  padding,
  responseOrigin,
  responsePort,
} from '../../../stun/attributes/rfc5780.ts';
import { mappedAddress, xorMappedAddress } from '../../../stun/attributes/rfc8489.ts';
import { ErrorCode } from '../../../stun/error-code.ts';
import { grant, refuse, type Answer } from '../requests/answer.ts';
import { type IncomingRequest } from '../authentication/authenticate.ts';

/** One family's two addresses and two ports: Binding is served at all four places that they make. */
export interface NatDiscoveryOptions {
  readonly primary: TransportAddress;
  /** Differs from `primary` in address and in port. */
  readonly alternate: TransportAddress;
}

/** Sends over UDP from one of the four places; drops when it cannot. Never throws. */
export type SendFrom = (origin: TransportAddress, remote: TransportAddress, data: Uint8Array) => void;

export interface BindingReply {
  readonly answer: Answer;
  /** Where the answer leaves from and goes to, when not back the way the request came. */
  readonly detour?: { readonly origin: TransportAddress; readonly remote: TransportAddress };
}

/** What an Ethernet carries; RFC 5780 §7.6 speaks of the interface's MTU. */
const MAX_PADDING_BYTES = 1500;

/**
 * The server's part in finding out how a NAT behaves (RFC 5780 §6.1). What comes back can be turned on a forged source no more than that of
 * any Binding: it goes to the request's own address, at a port which a forger could as well have put into the request, it is one datagram,
 * its padding is no longer than the request's, and the caller counts it.
 */
export class NatDiscovery {
  readonly #options: NatDiscoveryOptions;
  readonly #understood: ReadonlySet<number>;

  constructor(options: NatDiscoveryOptions, understood: ReadonlySet<number>) {
    this.#options = options;
    this.#understood = new Set([...understood, changeRequest.type, responsePort.type, padding.type]);
  }

  /** `undefined` when the request did not come to one of the four places: Binding is then as without discovery. */
  reply({ message, client }: IncomingRequest): BindingReply | undefined {
    const { local, remote, transport } = client;
    const other = transport === 'udp' ? this.#otherOf(local) : undefined;
    if (!other) return undefined;

    const unknown = message.unknownRequired(this.#understood);
    if (unknown.length > 0) return { answer: refuse(ErrorCode.UnknownAttribute, 'unknown-attribute', unknown) };
    const change = message.get(changeRequest);
    const port = message.get(responsePort);
    const malformed =
      (!change && message.has(changeRequest)) || (port === undefined ? message.has(responsePort) : port === 0);
    if (malformed) return { answer: refuse(ErrorCode.BadRequest, 'malformed-attribute') };
    const padded = message.get(padding);
    // RFC 5780 §7.5 and §10: padding to a port that did not ask for it could be aimed at somebody.
    if (padded && port !== undefined) return { answer: refuse(ErrorCode.BadRequest, 'conflicting-attributes') };

    const origin = {
      family: local.family,
      address: change?.changeIp ? other.address : local.address,
      port: change?.changePort ? other.port : local.port,
    };
    const answer = grant((writer) => {
      // Both, so that a client finds out who on the way rewrites addresses within packets.
      writer.add(mappedAddress, remote).add(xorMappedAddress, remote);
      writer.add(responseOrigin, origin).add(otherAddress, other);
      if (padded) writer.add(padding, Buffer.alloc(paddingBytes(padded.length)));
    });
    const target = port === undefined ? remote : { ...remote, port };
    const straight = sameTransportAddress(origin, local) && sameTransportAddress(target, remote);
    return straight ? { answer } : { answer, detour: { origin, remote: target } };
  }

  /** The place that shares neither address nor port with this one. */
  #otherOf({ family, address, port }: TransportAddress): TransportAddress | undefined {
    const { primary, alternate } = this.#options;
    const otherIp = opposite(address, primary.address, alternate.address);
    const otherPort = opposite(port, primary.port, alternate.port);
    return otherIp === undefined || otherPort === undefined ? undefined : { family, address: otherIp, port: otherPort };
  }
}

function opposite<T>(value: T, one: T, two: T): T | undefined {
  if (value === one) return two;
  return value === two ? one : undefined;
}

/** A multiple of four (RFC 5780 §7.6), never more than came (§10). */
function paddingBytes(received: number): number {
  return Math.min(received - (received % 4), MAX_PADDING_BYTES);
}
