import { type Approach, type Arrow, type ArrowFacts, type LadderEvent } from './arrow.ts';
import { labArrow } from './lab-arrows.ts';
import { textField } from './lab-fields.ts';
import { note } from './note.ts';
import { sipArrow } from './sip-arrow.ts';
import { showsToken, turnOrigin } from './turn-arrow.ts';

/** Arrows kept at most; the oldest go first, that of the key never. */
export const MOST_ARROWS = 500;

/** ICE in a browser: the server never answered, so only the browser can tell. */
const NO_ANSWER = 701;
/** Part of every healthy exchange. */
const ROUTINE_CAUSES: ReadonlySet<unknown> = new Set(['no-credentials', 'stale-nonce']);

const KEY: ArrowFacts = {
  kind: 'note',
  from: 'edge',
  to: 'turn',
  label: 'Km',
  title: 'Km, the key both were given out of band',
  look: 'plain',
  routine: false,
  atUnixMs: 0,
};

export interface LadderOptions {
  /** Whether the server tells of its side. */
  readonly hasLab: boolean;
  readonly approach: Approach;
}

interface WicEvent {
  readonly user: string;
  readonly atUnixMs: number;
}

/** Events in, arrows out. An arrow that is learnt more about is replaced by a new object with the same number. */
export class LadderModel {
  readonly #hasLab: boolean;
  readonly #approach: Approach;
  #arrows: Arrow[] = [];
  #count = 0;
  /** Origins of arrows whose user is not known yet. */
  readonly #nameless = new Set<string>();
  /** The pair that each user's media goes over. */
  readonly #pairs = new Map<string, string>();
  #version = 0;

  constructor({ hasLab, approach }: LadderOptions) {
    this.#hasLab = hasLab;
    this.#approach = approach;
    this.#begin();
  }

  /** Oldest first. */
  get arrows(): readonly Arrow[] {
    return this.#arrows;
  }

  /** Another number says that the arrows are others. */
  get version(): number {
    return this.#version;
  }

  /** Begins anew. */
  clear(): void {
    this.#arrows = [];
    this.#count = 0;
    this.#version += 1;
    this.#nameless.clear();
    this.#begin();
  }

  labEvent(event: LadderEvent): void {
    if (event.type === 'authentication-refused' || event.type === 'request-refused') {
      this.#refused(event);
      return;
    }
    const facts = labArrow(event, { approach: this.#approach, usesToken: this.#usesToken(event) });
    if (facts) this.#add(facts);
    else this.#learnUser(textField(event, 'flowId'), event.user);
  }

  /** A message on this tab's own WebSocket: with a lab, the server tells of it too. */
  sip(event: WicEvent & { readonly direction: 'in' | 'out'; readonly text: string }): void {
    if (this.#hasLab) return;
    const { user, atUnixMs, text } = event;
    const way =
      event.direction === 'out' ? ({ from: 'wic', to: 'edge' } as const) : ({ from: 'edge', to: 'wic' } as const);
    this.#add(sipArrow({ ...way, user, atUnixMs, text, origin: undefined }));
  }

  iceCandidate(
    event: WicEvent & {
      readonly type: string;
      readonly candidate: string;
      readonly address: string;
      readonly port: number;
    },
  ): void {
    if (this.#hasLab || event.type !== 'relay') return;
    const title = `Relay candidate ${event.address}:${event.port}`;
    this.#add(note({ ...event, type: 'relay-candidate' }, 'turn', title, 'good', event.candidate));
  }

  iceError(event: WicEvent & { readonly code: number; readonly text: string; readonly url: string }): void {
    if (this.#hasLab && event.code !== NO_ANSWER) return;
    const title = `No relay: ${event.code} ${event.text}`;
    this.#add(note({ ...event, type: 'ice-error' }, 'turn', title, 'failure', `${title}\nfrom: ${event.url}`));
  }

  /** The pair that media goes over, when it is chosen or changes. */
  icePair({ user, atUnixMs, local, remote }: WicEvent & { readonly local: string; readonly remote: string }): void {
    const pair = `${local} → ${remote}`;
    if (this.#pairs.get(user) === pair) return;
    this.#pairs.set(user, pair);
    const relayed = /\brelay\b/.test(pair);
    const label = relayed ? 'media over relay' : 'media without relay';
    const text = `chosen pair: ${pair}`;
    const to = relayed ? 'turn' : 'wic';
    const look = relayed ? 'good' : 'plain';
    this.#add({ kind: 'media', from: 'wic', to, user, label, title: label, text, look, routine: false, atUnixMs });
  }

  /** The next pair of that user is a new call's. */
  callEnded(user: string): void {
    this.#pairs.delete(user);
  }

  /** Under approach 2 edge and TURN server have no key in common. */
  #begin(): void {
    if (this.#approach === 'shared-key') this.#add(KEY);
  }

  #usesToken(event: LadderEvent): boolean {
    if (event.type !== 'allocation-created') return false;
    const origin = turnOrigin(event);
    const request = this.#arrows.findLast((arrow) => arrow.origin === origin && arrow.from === 'wic');
    return request !== undefined && showsToken(request);
  }

  #add(facts: ArrowFacts): void {
    this.#count += 1;
    this.#version += 1;
    this.#learnUser(facts.origin, facts.user);
    this.#arrows.push({ ...facts, number: this.#count });
    if (facts.origin !== undefined && facts.user === undefined) this.#nameless.add(facts.origin);
    if (this.#arrows.length > MOST_ARROWS) this.#dropOldest();
  }

  /** The key stays at the top. */
  #dropOldest(): void {
    const [dropped] = this.#arrows.splice(this.#arrows[0]?.label === KEY.label ? 1 : 0, 1);
    const origin = dropped?.origin;
    if (origin === undefined || !this.#nameless.has(origin)) return;
    const isNeeded = this.#arrows.some((arrow) => arrow.origin === origin && arrow.user === undefined);
    if (!isNeeded) this.#nameless.delete(origin);
  }

  #learnUser(origin: string | undefined, user: string | undefined): void {
    if (origin === undefined || user === undefined || !this.#nameless.delete(origin)) return;
    this.#version += 1;
    this.#arrows = this.#arrows.map((arrow) => {
      return arrow.origin === origin && arrow.user === undefined ? { ...arrow, user } : arrow;
    });
  }

  /** Says on the error answer why it was given; without such an answer it stands for itself. */
  #refused(event: LadderEvent): void {
    const cause = textField(event, 'cause') ?? '';
    const isRoutine = ROUTINE_CAUSES.has(cause);
    const origin = turnOrigin(event);
    const answer = this.#arrows.findLast(
      (arrow) => arrow.kind === 'turn' && arrow.origin === origin && arrow.from === 'turn',
    );
    if (!answer || answer.event || !/^\d{3} /.test(answer.label)) {
      if (!isRoutine) this.#add({ ...note(event, 'turn', `Refused: ${cause}`, 'failure'), origin });
      return;
    }
    this.#version += 1;
    const look = isRoutine ? answer.look : 'failure';
    const title = `${answer.title} (${cause})`;
    this.#arrows = this.#arrows.map((arrow) => (arrow === answer ? { ...answer, look, title, event } : arrow));
  }
}
