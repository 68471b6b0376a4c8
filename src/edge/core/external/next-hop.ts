import { type SipRequest } from '../../../sip/message.ts';
import { parseNameAddr } from '../../../sip/name-addr.ts';
import { parseSipUri, type SipUri } from '../../../sip/uri.ts';

/** Where a request leads. `none`: to the core as such. `unusable`: its Route is not one of SIP URIs. */
export type NextHop =
  | { readonly kind: 'none' }
  /** Without a Route, in a dialog: to the other party itself, if that is a machine of the core. */
  | { readonly kind: 'target'; readonly uri: SipUri; readonly requestUri: string; readonly routes?: undefined }
  | { readonly kind: 'unusable' }
  | {
      readonly kind: 'route';
      readonly uri: SipUri;
      /** The Request-URI of the forwarded copy. */
      readonly requestUri: string;
      /** The Route of the forwarded copy; absent: the Route of the request stays. */
      readonly routes?: readonly string[];
    };

/**
 * RFC 3261 §16.6 steps 6 and 7. Expects a request without entries of this proxy's own on top. `inDialog`: it is proven to belong to one. The
 * Request-URI of any other says whom it is for, and the core alone knows how that is reached.
 */
export function nextHopOf(request: SipRequest, inDialog: boolean): NextHop {
  if (!request.headers.has('Route')) return inDialog ? remoteTarget(request.uri) : { kind: 'none' };
  const route = parseNameAddr(request.headers.getFirst('Route') ?? '');
  const uri = route.ok ? parseSipUri(route.value.uri) : undefined;
  if (!route.ok || !uri?.ok) return { kind: 'unusable' };
  if (uri.value.params.has('lr')) return { kind: 'route', uri: uri.value, requestUri: request.uri };
  // A strict router, of before RFC 3261, wants itself in the Request-URI and finds the target at the end of the Route.
  const rest = request.headers.getList('Route').slice(1);
  return { kind: 'route', uri: uri.value, requestUri: route.value.uri, routes: [...rest, `<${request.uri}>`] };
}

function remoteTarget(requestUri: string): NextHop {
  const uri = parseSipUri(requestUri);
  return uri.ok ? { kind: 'target', uri: uri.value, requestUri } : { kind: 'none' };
}
