import { type AllocatedRelay, type Allocation } from '../allocation/allocation.ts';
import { type EngineState } from '../engine-state.ts';
import { type AddressRule } from './peer-policy.ts';
import { reportPermission } from '../observe/report.ts';

/** Installs or refreshes a permission (RFC 8656 §9), which CreatePermission and ChannelBind both do. The caller has checked family, policy and limit. */
export function permit(
  engine: EngineState,
  allocation: Allocation,
  to: AllocatedRelay,
  address: string,
  rule: AddressRule,
  nowMs: number,
): void {
  const isNew = allocation.permission(address, nowMs) === undefined;
  const expiresAtMs = nowMs + engine.options.allocation.permissionLifetimeSec * 1000;
  allocation.setPermission(address, rule, expiresAtMs);
  engine.plane.setPermission(to.relay, address, expiresAtMs, rule === 'open');
  if (isNew) reportPermission(engine, allocation, address);
}
