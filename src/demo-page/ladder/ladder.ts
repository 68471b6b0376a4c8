import { type PageBus, type PageEvents } from '../page-bus.ts';
import { type Arrow } from './arrow.ts';
import { columnsOf, type Column } from './columns.ts';
import { button, create } from './elements.ts';
import { LAST_STEP, matchesFigure } from './figure.ts';
import { followEnd } from './follow-end.ts';
import { LadderModel } from './ladder-model.ts';
import { MessageDialog } from './message-dialog.ts';
import { Rows } from './rows.ts';

/** A screen reader hears the count at most so often. */
const SUMMARY_MS = 1000;
/** Users of whose progress the summary tells. */
const MOST_PROGRESS = 2;
const TITLE_ID = 'ladder-title';

/** The ladder of figure 6.3.3-1, from the events of both sides; without a lab, from what this tab sees itself. */
export function mountLadder(root: HTMLElement, bus: PageBus, options: { readonly hasLab: boolean }): void {
  const model = new LadderModel(options);
  const view = new LadderView(root, model, options.hasLab);
  const feed = <N extends keyof PageEvents>(name: N, run: (event: PageEvents[N]) => void): void => {
    bus.on(name, (event) => {
      run(event);
      view.drawSoon();
    });
  };
  feed('lab-event', (event) => {
    model.labEvent(event);
  });
  feed('sip', (event) => {
    model.sip(event);
  });
  feed('ice-candidate', (event) => {
    model.iceCandidate(event);
  });
  feed('ice-error', (event) => {
    model.iceError(event);
  });
  feed('ice-pair', (event) => {
    model.icePair(event);
  });
  feed('connection', ({ user, connection }) => {
    if (!connection) model.callEnded(user);
  });
}

class LadderView {
  readonly #model: LadderModel;
  readonly #hasLab: boolean;
  readonly #rows: Rows;
  readonly #heads = create('div', 'ladder-heads');
  readonly #scroll: HTMLElement;
  readonly #followEnd: () => void;
  readonly #summary = create('p', 'ladder-summary');
  readonly #pause: HTMLButtonElement;
  readonly #hidesRoutine = create('input', '');
  #drawnVersion = -1;
  #layout = '';
  #isDue = false;
  #isPaused = false;
  #summaryTimer: ReturnType<typeof setTimeout> | undefined;
  /** The furthest step of the figure that each user has come to: the arrows of the first may be gone by now. */
  #steps: ReadonlyMap<string, number> = new Map();

  constructor(root: HTMLElement, model: LadderModel, hasLab: boolean) {
    this.#model = model;
    this.#hasLab = hasLab;
    const dialog = new MessageDialog(root);
    const list = create('ol', 'ladder-list');
    list.dataset.testid = 'ladder';
    this.#rows = new Rows(list, (arrow, opener) => {
      dialog.open(arrow, opener);
    });
    this.#pause = button('Pause', () => {
      this.#togglePause();
    });
    // The list says of each arrow where it begins and ends; the heads are for the eye.
    this.#heads.setAttribute('aria-hidden', 'true');
    this.#scroll = create('div', 'ladder-scroll', this.#heads, list);
    this.#followEnd = followEnd(this.#scroll);
    this.#summary.setAttribute('role', 'status');
    this.#summary.dataset.testid = 'ladder-summary';
    root.setAttribute('aria-labelledby', TITLE_ID);
    root.prepend(this.#toolbar(), this.#summary, this.#scroll);
    this.#draw();
    this.#summarize();
  }

  /** With the next frame, so that a burst of events is drawn once. */
  drawSoon(): void {
    this.#summaryTimer ??= setTimeout(() => {
      this.#summaryTimer = undefined;
      this.#summarize();
    }, SUMMARY_MS);
    if (this.#isDue || this.#isPaused) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      if (!this.#isPaused) this.#draw();
    });
  }

  #toolbar(): HTMLElement {
    const title = create('h2', '', 'Ladder of figure 6.3.3-1');
    title.id = TITLE_ID;
    this.#pause.setAttribute('aria-pressed', 'false');
    const clear = button('Clear', () => {
      this.#model.clear();
      this.#rows.clear();
      this.#steps = new Map();
      this.#redraw();
    });
    this.#hidesRoutine.type = 'checkbox';
    this.#hidesRoutine.checked = true;
    this.#hidesRoutine.addEventListener('change', () => {
      this.#redraw();
    });
    const filter = create('label', 'ladder-filter', this.#hidesRoutine, ' Hide 100 Trying, keepalives and Binding');
    return create('div', 'ladder-head', title, create('div', 'ladder-tools', filter, this.#pause, clear));
  }

  #togglePause(): void {
    this.#isPaused = !this.#isPaused;
    this.#pause.setAttribute('aria-pressed', String(this.#isPaused));
    this.#redraw();
  }

  #redraw(): void {
    this.#drawnVersion = -1;
    if (!this.#isPaused) this.#draw();
    this.#summarize();
  }

  #draw(): void {
    const { version, arrows } = this.#model;
    if (version === this.#drawnVersion) return;
    this.#drawnVersion = version;
    const shown = arrows.filter(({ routine }) => !routine || !this.#hidesRoutine.checked);
    const columns = columnsOf(shown, this.#hasLab);
    this.#drawHeads(columns);
    this.#rows.show(shown, columns);
    this.#followEnd();
  }

  #drawHeads(columns: readonly Column[]): void {
    const layout = JSON.stringify(columns);
    if (layout === this.#layout) return;
    this.#layout = layout;
    this.#scroll.style.setProperty('--ladder-columns', String(columns.length));
    this.#heads.replaceChildren(...columns.map(headOf));
  }

  #summarize(): void {
    const { arrows } = this.#model;
    const count = arrows.length - 1;
    this.#steps = new Map(
      usersOf(arrows).map((user) => [user, Math.max(matchesFigure(arrows, user).step, this.#steps.get(user) ?? 0)]),
    );
    const parts = [
      `${count} ${count === 1 ? 'arrow' : 'arrows'}${this.#isPaused ? ', drawing paused' : ''}.`,
      ...(count === 0 ? ['Register to see the first.'] : this.#progress()),
    ];
    const text = parts.join(' ');
    // Written only on change, so that a screen reader is not made to read the same again.
    if (this.#summary.textContent !== text) this.#summary.textContent = text;
  }

  /** Steps of the server's side are seen by a lab alone, so without one nobody can say which was reached. */
  #progress(): readonly string[] {
    return this.#hasLab ? [...this.#steps].map(progressText) : [];
  }
}

function headOf({ party, user, name }: Column): HTMLElement {
  const role = user !== undefined ? 'WIC' : party === 'edge' || party === 'turn' ? 'holds Km' : '';
  return create('div', `ladder-party ladder-party-${party}`, name, create('small', '', role));
}

/** The first ones: a line holds no more. */
function usersOf(arrows: readonly Arrow[]): readonly string[] {
  return [...new Set(arrows.flatMap(({ user }) => user ?? []))].slice(0, MOST_PROGRESS);
}

function progressText([user, step]: readonly [string, number]): string {
  return step === LAST_STEP
    ? `${user}: all ${LAST_STEP} steps of the figure.`
    : `${user}: step ${step} of ${LAST_STEP}.`;
}
