import { type TypedEvents } from '../../base/typed-events.ts';
import { type EdgeEvents } from '../edge-events.ts';
import { type RegEventOrder } from '../edge-words.ts';
import { type Registrations } from '../registration/registrations.ts';
import { Document, type Verdict } from './judge.ts';
import { type ObeyCore } from './obey-core.ts';
import { type Reginfo } from './reginfo.ts';
import { type WatchedDevice, type WatchedUser } from './watched-user.ts';

export interface FollowContext {
  readonly registrations: Pick<Registrations, 'find'>;
  readonly obey: ObeyCore;
  readonly events: TypedEvents<EdgeEvents>;
}

/** Does what a document says of the devices of a user. What it leaves in doubt is asked for once more, as a whole. */
export function followDocument(reginfo: Reginfo, user: WatchedUser, context: FollowContext): void {
  const document = new Document(reginfo);
  const doubted: WatchedDevice[] = [];
  for (const device of [...user.devices.values()]) {
    const verdict = document.judge(device, user.key);
    switch (verdict.kind) {
      case 'terminated':
      case 'rejected':
        end(device, verdict.kind, context);
        break;
      case 'missing':
      case 'doubtful':
        if (device.isDoubted && document.isFull) end(device, 'missing', context);
        else if (device.isListed || verdict.kind === 'doubtful') doubted.push(device);
        break;
      default:
        keep(device, verdict, context);
        follow(device, document, user, context);
    }
  }
  if (doubted.length > 0 && user.subscription.fetch()) for (const device of doubted) device.isDoubted = true;
}

function end(device: WatchedDevice, cause: 'terminated' | 'rejected' | 'missing', context: FollowContext): void {
  tell(device, cause, context);
  context.obey.end(device.claim, cause === 'rejected' ? 'rejected' : 'terminated');
}

function keep(
  device: WatchedDevice,
  verdict: Extract<Verdict, { readonly kind: 'untold' | 'active' | 'shortened' }>,
  context: FollowContext,
): void {
  if (verdict.kind === 'untold') return;
  device.isListed = true;
  device.isDoubted = false;
  if (verdict.kind !== 'shortened') return;
  if (context.obey.shorten(device.claim.registrationId, verdict.expiresSec)) tell(device, 'shortened', context);
}

/** Who the client may speak as. */
function follow(device: WatchedDevice, document: Document, { key }: WatchedUser, context: FollowContext): void {
  const { registrationId } = device.claim;
  const standing = context.registrations.find(registrationId);
  if (!standing) return;
  const identities = document.identitiesOf(device, key, standing.identities);
  if (identities === standing.identities) return;
  context.obey.setIdentities(registrationId, identities);
  tell(device, 'identities', context);
}

function tell(
  { claim: { aor, registrationId } }: WatchedDevice,
  cause: RegEventOrder,
  { events }: FollowContext,
): void {
  events.emit('reg-event-obeyed', { aor, registrationId, cause });
}
