import { type DeliveredName } from '../credentials/delivered/delivery.ts';
import { statusChannel, totalTrafficChannel } from './keys.ts';
import { type RedisLink } from './link.ts';

/** What passed between an allocation and its client, in packets and bytes. */
export interface AllocationTraffic {
  readonly receivedPackets: number;
  readonly receivedBytes: number;
  readonly sentPackets: number;
  readonly sentBytes: number;
}

export interface ReportedAllocation extends DeliveredName {
  readonly allocationId: string;
}

/**
 * Tells of allocations on the channels of coturn, for dashboards that subscribe to them. What happens while Redis is away is told to nobody, and
 * keeps nothing waiting.
 */
export class AllocationStatus {
  readonly #link: Pick<RedisLink, 'publish'>;

  constructor(link: Pick<RedisLink, 'publish'>) {
    this.#link = link;
  }

  created(allocation: ReportedAllocation, lifetimeSec: number): void {
    this.#tell(allocation, `new lifetime=${lifetimeSec}`);
  }

  refreshed(allocation: ReportedAllocation, lifetimeSec: number): void {
    this.#tell(allocation, `refreshed lifetime=${lifetimeSec}`);
  }

  ended(allocation: ReportedAllocation, traffic: AllocationTraffic): void {
    const { receivedPackets, receivedBytes, sentPackets, sentBytes } = traffic;
    this.#tell(allocation, 'deleted');
    this.#link.publish(
      totalTrafficChannel(allocation, allocation.allocationId),
      `rcvp=${receivedPackets}, rcvb=${receivedBytes}, sentp=${sentPackets}, sentb=${sentBytes}`,
    );
  }

  #tell(allocation: ReportedAllocation, status: string): void {
    this.#link.publish(statusChannel(allocation, allocation.allocationId), status);
  }
}
