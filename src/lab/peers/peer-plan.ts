/** What a peer does with a call. */
export type PeerPlan =
  | { readonly kind: 'refuse'; readonly status: 486 | 603 }
  /** 180, and nothing until the caller gives up. */
  | { readonly kind: 'ring' }
  /** `withoutMedia`: what to do where WebRTC is not installed. */
  | { readonly kind: 'answer'; readonly afterSec: number; readonly withoutMedia: 'unavailable' | 'refuse-streams' };

const MAX_AFTER_SEC = 60;

const PLANS: ReadonlyMap<string, PeerPlan> = new Map<string, PeerPlan>([
  ['echo', { kind: 'answer', afterSec: 0, withoutMedia: 'unavailable' }],
  ['busy', { kind: 'refuse', status: 486 }],
  ['decline', { kind: 'refuse', status: 603 }],
  ['noanswer', { kind: 'ring' }],
  ['later', { kind: 'answer', afterSec: 2, withoutMedia: 'refuse-streams' }],
]);

/** By user name: `echo`, `busy`, `decline`, `noanswer`, `later`, and `later-1` to `later-60`; `undefined` for nobody here. */
export function peerPlan(user: string): PeerPlan | undefined {
  const plan = PLANS.get(user);
  if (plan) return plan;
  const afterSec = Number(/^later-([1-9]\d?)$/.exec(user)?.[1] ?? NaN);
  return afterSec <= MAX_AFTER_SEC ? { kind: 'answer', afterSec, withoutMedia: 'refuse-streams' } : undefined;
}
