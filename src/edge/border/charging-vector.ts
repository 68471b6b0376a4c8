import { createRandomPool } from '../../core/random-pool.ts';
import { quote } from '../../sip/params.ts';

const ICID_BYTES = 16;
const randomBytes = createRandomPool();

/** P-Charging-Vector of a request that begins something (RFC 7315 §4.6): a random icid, the host that made it, and the network it came from. */
export function newChargingVector(generatedAt: string, originatingNetwork: string): string {
  const icid = randomBytes(ICID_BYTES).toString('hex');
  return `icid-value="${icid}";icid-generated-at=${generatedAt};orig-ioi=${quote(originatingNetwork)}`;
}
