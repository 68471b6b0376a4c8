import { type NodeDataPlaneOptions, type NodeDataPlanePorts } from './dataplane/node-data-plane-options.ts';
import { type NodeDataPlane } from './dataplane/node-data-plane.ts';
import { type WrapRequests } from './engine/serve-request.ts';

/**
 * Whoever makes a TURN server may put parts of his own around, or in the place of, some of its parts. That is done once, at the start: a part that
 * is left as it is costs nothing more.
 */
export interface TurnWrap {
  /** Around the way in which requests are served that need authentication. */
  readonly requests?: WrapRequests;
  /** Makes the data plane. */
  readonly plane?: (options: NodeDataPlaneOptions, ports: NodeDataPlanePorts) => NodeDataPlane;
}
