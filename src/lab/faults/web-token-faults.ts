import { type Now } from '../../base/clock.ts';
import { mapOutcome } from '../../base/outcome.ts';
import { fail } from '../../base/result.ts';
import { type TokenCheck } from '../../edge/web-identity/token-verifier.ts';
import { type FaultRegistry } from './fault-registry.ts';

/** Refuses web tokens that are good. Whose a token is shows when it has been found good, and so does whom a fault is aimed at. */
export function faultyTokenCheck(check: TokenCheck, faults: FaultRegistry): TokenCheck {
  return {
    verify: (token: string, now: Now) =>
      mapOutcome(check.verify(token, now), (verified) => {
        if (!verified.ok) return verified;
        const { impi } = verified.value.claims;
        const target = { user: impi.slice(0, impi.lastIndexOf('@')), method: 'REGISTER' };
        if (faults.take(['authorization-server-down'], target)) return fail('issuer-unavailable');
        const fault = faults.take(['web-token-refused'], target);
        return fault ? fail(fault.spec.cause) : verified;
      }),
  };
}
