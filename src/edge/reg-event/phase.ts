/**
 * Where a subscription stands (RFC 6665 §4.1.2). `asking`: the first SUBSCRIBE is not answered. `refreshing`: another one of the same dialog is not.
 * `resting`: it is to be asked for again later. `refused`: the core does not want it. `ended`: nobody needs it any more.
 */
export type Phase = 'asking' | 'active' | 'refreshing' | 'resting' | 'refused' | 'ended';

/**
 * `due`: it is time for the next SUBSCRIBE. `accepted`, `failed`, `refused`: how one was answered, for now or for good. `terminated`: a NOTIFY says that it
 * is over. `unneeded`: nobody is registered any more.
 */
export type Happening = 'due' | 'accepted' | 'failed' | 'refused' | 'terminated' | 'unneeded';

const MOVES: Readonly<Record<Phase, Readonly<Partial<Record<Happening, Phase>>>>> = {
  asking: { accepted: 'active', failed: 'resting', refused: 'refused', terminated: 'resting', unneeded: 'ended' },
  active: { due: 'refreshing', terminated: 'resting', unneeded: 'ended' },
  refreshing: { accepted: 'active', failed: 'resting', refused: 'refused', terminated: 'resting', unneeded: 'ended' },
  resting: { due: 'asking', unneeded: 'ended' },
  refused: { unneeded: 'ended' },
  ended: {},
};

/** Where it stands afterwards; `undefined` for what comes to nothing where it stands now. */
export function move(phase: Phase, happening: Happening): Phase | undefined {
  return MOVES[phase][happening];
}
