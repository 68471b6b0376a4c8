import { type SipRequest } from '../../sip/message.ts';
import { parseNameAddr } from '../../sip/name-addr.ts';
import { parseSipUri } from '../../sip/uri.ts';
import { type CoreTarget } from '../core/ims-core.ts';
import { type FlowReference } from '../flow/flow-token.ts';
import { type HomeDomain } from '../home-domain.ts';
import { type Hop } from '../hop.ts';
import { type Registration } from '../registration/registration.ts';
import { type Registrations } from '../registration/registrations.ts';

export interface TargetFinderContext {
  readonly home: HomeDomain;
  readonly registrations: Registrations;
  /** Finds an open hop by its id. */
  readonly findHop: (id: string) => Hop | undefined;
}

/** Finds the flow of a request that names a device rather than a user. Anybody can register any Contact: it proves nothing by itself. */
export class TargetFinder {
  readonly #context: TargetFinderContext;

  constructor(context: TargetFinderContext) {
    this.#context = context;
  }

  /**
   * Where the device of a token is now, be it over another connection than that of the token; else the flow itself. A GRUU in the Request-URI
   * becomes the Contact of the device (RFC 5627 §6.1): not every device knows itself by its temporary one.
   */
  byFlow({ uri }: SipRequest, { flowId, handle }: FlowReference): CoreTarget | undefined {
    const { findHop, registrations } = this.#context;
    const device = handle === undefined ? undefined : registrations.findByHandle(handle);
    if (device) {
      const { hop, registrationId } = device;
      return { hop, uri: this.#isGruu(uri) ? device.contactUri : uri, device: { registrationId } };
    }
    const hop = flowId === undefined ? undefined : findHop(flowId);
    return hop && { hop, uri, ...(handle !== undefined && { device: { registrationId: undefined } }) };
  }

  /** A `.invalid` Contact can be resolved by nobody but the edge that holds its flow (RFC 7118 §5.1). */
  byContact(copy: SipRequest): CoreTarget | undefined {
    const { home } = this.#context;
    const uri = parseSipUri(copy.uri);
    if (!uri.ok || home.holds(uri.value) || copy.headers.has('Route')) return undefined;
    const registration = this.#holder(copy);
    if (!registration) return undefined;
    const { hop, registrationId } = registration;
    return { hop, uri: copy.uri, device: { registrationId } };
  }

  #isGruu(text: string): boolean {
    if (!text.includes(';gr')) return false;
    const uri = parseSipUri(text);
    return uri.ok && uri.value.params.has('gr') && this.#context.home.holds(uri.value);
  }

  #holder({ uri, headers }: SipRequest): Registration | undefined {
    const { home, registrations } = this.#context;
    const to = parseNameAddr(headers.get('To') ?? '');
    const named = to.ok ? home.aorOfText(to.value.uri) : undefined;
    if (named !== undefined) {
      const holder = registrations.findByContact(uri, (aor) => aor === named);
      // A tag makes it a dialog, and the user in To the other party of it.
      if (holder || (to.ok && to.value.params.has('tag'))) return holder;
    }
    // A redirected or transferred call has somebody else in To, or the Contact itself.
    const owner = registrations.ownerOfContact(uri);
    return registrations.findByContact(uri, (aor) => aor === owner);
  }
}
