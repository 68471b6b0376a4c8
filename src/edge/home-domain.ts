import { type SipHeaders } from '../sip/message.ts';
import { parseNameAddr } from '../sip/name-addr.ts';
import { parseSipUri, unescapeText, type SipUri } from '../sip/uri.ts';

/** The SIP domain whose users this edge serves. */
export class HomeDomain {
  /** Lower case, without a port. */
  readonly name: string;

  /** The address-of-record in To, for `SipHeaders.derive`; `undefined` where it is that of no user here. */
  readonly aorInTo = (headers: SipHeaders): string | undefined => this.#aorIn(headers.get('To'));
  readonly aorInFrom = (headers: SipHeaders): string | undefined => this.#aorIn(headers.get('From'));

  constructor(name: string) {
    this.name = name.toLowerCase();
  }

  /** Whether a URI is of this domain. Transport and port make no difference: a client may have them from its WebSocket URI. */
  holds(uri: SipUri): boolean {
    return uri.host === this.name;
  }

  /**
   * Whether the URI is that of the domain itself and of no user in it. JsSIP makes `sip:example.com@example.com` of every target given as a
   * bare domain: the domain's own name in the place of the user therefore means the domain.
   */
  names(uri: SipUri): boolean {
    return this.holds(uri) && (uri.user === undefined || unescapeText(uri.user).toLowerCase() === this.name);
  }

  /** Address-of-record of a user here, the form that registrations are kept under; `undefined` for other URIs. */
  aorOf(uri: SipUri): string | undefined {
    if (uri.user === undefined || !this.holds(uri)) return undefined;
    const user = unescapeText(uri.user);
    // Escaped control characters would reach logs as line breaks; no user is called so.
    return user !== uri.user && /\p{Cc}/u.test(user) ? undefined : `sip:${user}@${this.name}`;
  }

  aorOfText(text: string): string | undefined {
    const uri = parseSipUri(text);
    return uri.ok ? this.aorOf(uri.value) : undefined;
  }

  #aorIn(text = ''): string | undefined {
    const nameAddr = parseNameAddr(text);
    return nameAddr.ok ? this.aorOfText(nameAddr.value.uri) : undefined;
  }

  /** The user part of an address-of-record that `aorOf` made. */
  userOf(aor: string): string {
    return aor.slice('sip:'.length, aor.lastIndexOf('@'));
  }
}
