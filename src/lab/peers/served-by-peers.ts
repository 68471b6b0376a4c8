import { type CoreSide } from '../../edge/core/core-side.ts';
import { type CoreOutcome, type ImsCore } from '../../edge/core/ims-core.ts';
import { type CoreSidePorts } from '../../edge/edge-wrap.ts';
import { HomeDomain } from '../../edge/home-domain.ts';
import { type SipRequest, type SipResponse } from '../../sip/message.ts';
import { parseSipUri } from '../../sip/uri.ts';
import { type ApplicationServer } from './application-server.ts';
import { PeerHop } from './peer-hop.ts';

/** What the core answers for a user without a device: one it does not know, and one who is not registered. */
const NOBODY_THERE: ReadonlySet<number> = new Set([404, 480]);

/** A core inside the edge, with an application server for users of the home domain who have no device. */
export function servedByPeers(side: CoreSide, server: ApplicationServer, ports: CoreSidePorts): CoreSide {
  const hop = new PeerHop(server, ports);
  const home = new HomeDomain(ports.domain);
  const { core } = side;
  const handle: ImsCore['handle'] = (request, essentials, origin, outcome) => {
    core.handle(request, essentials, origin, {
      forward: (targets) => {
        outcome.forward(targets);
      },
      respond: (response) => {
        if (isForPeer(request, response, home, hop)) outcome.forward([{ hop, uri: request.uri }]);
        else outcome.respond(response);
      },
    } satisfies CoreOutcome);
  };
  return {
    ...side,
    core: {
      joinsWics: core.joinsWics,
      reportsAuthentication: core.reportsAuthentication,
      reportsRemovals: core.reportsRemovals,
      handle,
      flowClosed: (flow) => {
        core.flowClosed(flow);
      },
    },
    findHop: (id) => (hop.id === id && hop.isOpen ? hop : undefined),
    stop: async () => {
      hop.close();
      await side.stop();
    },
  };
}

function isForPeer(request: SipRequest, { status }: SipResponse, home: HomeDomain, hop: PeerHop): boolean {
  if (request.method === 'REGISTER' || !NOBODY_THERE.has(status)) return false;
  const uri = parseSipUri(request.uri);
  // A GRUU is of a device.
  const aor = uri.ok && !uri.value.params.has('gr') ? home.aorOf(uri.value) : undefined;
  return aor !== undefined && hop.serves(home.userOf(aor));
}
