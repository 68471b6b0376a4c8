/** What the person at the page did; as the page's bus tells it. */
export interface StoryAction {
  readonly user: string;
  readonly kind: 'register' | 'unregister' | 'call' | 'answer' | 'decline' | 'hang-up' | 'refresh' | 'token' | 'fault';
  readonly detail: Readonly<Record<string, unknown>>;
  readonly atUnixMs: number;
}

/**
 * What followed: an event of the lab, or one that this tab saw itself, `sip-in`, `relay-candidate` or `relay-error`. All times are of one
 * clock, the browser's.
 */
export interface StoryEvent {
  readonly type: string;
  readonly atUnixMs: number;
  readonly user?: string;
  readonly [field: string]: unknown;
}

/** A SIP message that came in on this tab's WebSocket. */
export interface SipIn extends StoryEvent {
  readonly type: 'sip-in';
  readonly user: string;
  readonly method: string;
  /** Absent for a request. */
  readonly status?: number;
  /** User part of From. */
  readonly from?: string;
  /** `error=…` of TURN-Cred-Rsp gives `error`; fields that cannot be read, `malformed`. */
  readonly credential: 'none' | 'given' | 'malformed' | 'error';
  readonly error?: string;
}

/** Actions and events in order of time, and what belongs together. */
export class Story {
  readonly actions: readonly StoryAction[];
  readonly #events: readonly StoryEvent[];

  constructor(actions: readonly StoryAction[], events: readonly StoryEvent[]) {
    this.actions = [...actions].sort(byTime);
    this.#events = [...events].sort(byTime);
  }

  /** What happened to a user after an action, up to the next action of that user. */
  after(action: StoryAction, user = action.user): readonly StoryEvent[] {
    const place = this.actions.indexOf(action);
    const next = this.actions.slice(place + 1).find((other) => other.user === user && other.kind !== 'fault');
    return this.#between(action, next).filter((event) => event.user === user);
  }

  /** What a fault did to a user by itself, before anybody did anything else. */
  afterFault(action: StoryAction, user: string): readonly StoryEvent[] {
    const next = this.actions[this.actions.indexOf(action) + 1];
    return this.#between(action, next).filter((event) => event.user === user);
  }

  /** Hits between this action and the next one of anybody. */
  hitsAfter(action: StoryAction): readonly StoryEvent[] {
    const next = this.actions[this.actions.indexOf(action) + 1];
    return this.#between(action, next).filter(({ type }) => type === 'fault-fired');
  }

  /** Who sent the newest INVITE that reached that user before. */
  invitedBy({ user, atUnixMs }: StoryAction): string | undefined {
    const invite = this.#events.findLast((event) => {
      const isInvite = event.type === 'sip-in' && event.method === 'INVITE' && event.status === undefined;
      return isInvite && event.user === user && event.atUnixMs <= atUnixMs;
    });
    return typeof invite?.from === 'string' ? invite.from : undefined;
  }

  #between(from: StoryAction, to: StoryAction | undefined): readonly StoryEvent[] {
    return this.#events.filter(({ atUnixMs }) => atUnixMs >= from.atUnixMs && atUnixMs < (to?.atUnixMs ?? Infinity));
  }
}

/** Answers to requests of that method, in order. */
export function answersTo(
  method: string,
  events: readonly StoryEvent[],
): readonly (SipIn & { readonly status: number })[] {
  return events.filter((event): event is SipIn & { readonly status: number } => {
    return event.type === 'sip-in' && event.method === method && event.status !== undefined;
  });
}

/** The answer that decided: the first 2xx, else the last of all that are final. A lone challenge decided nothing. */
export function decisive(
  answers: readonly (SipIn & { readonly status: number })[],
): (SipIn & { readonly status: number }) | undefined {
  const final = answers.filter(({ status }) => status >= 200);
  const last = final.at(-1);
  const isLoneChallenge = final.length === 1 && (last?.status === 401 || last?.status === 407);
  return final.find(({ status }) => status < 300) ?? (isLoneChallenge ? undefined : last);
}

function byTime(a: { readonly atUnixMs: number }, b: { readonly atUnixMs: number }): number {
  return a.atUnixMs - b.atUnixMs;
}
