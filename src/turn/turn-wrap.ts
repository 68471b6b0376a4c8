import { type NodeDataPlaneOptions, type NodeDataPlanePorts } from './dataplane/node/node-data-plane-options.ts';
import { type NodeDataPlane } from './dataplane/node/node-data-plane.ts';
import { type WrapRequests } from './engine/requests/serve-request.ts';

/** What a program puts around parts of a TURN server. The parts are made once, at each start, so a part that is not wrapped costs nothing more. */
export interface TurnWrap {
  /** Around the way in which requests are served that need authentication. */
  readonly requests?: WrapRequests;
  /** Makes the data plane: a `NodeDataPlane`, or one of a class that extends it. */
  readonly plane?: (options: NodeDataPlaneOptions, ports: NodeDataPlanePorts) => NodeDataPlane;
}
