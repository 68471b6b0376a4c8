import { type PageBus, type PageEvents } from '../page-bus.ts';
import { type Approach, type Arrow } from './arrow.ts';
import { columnsOf, type Column } from './columns.ts';
import { button, create } from './elements.ts';
import { type Figure, figuresBegunBy, matchesFigure } from './figure.ts';
import { followEnd } from './follow-end.ts';
import { LadderModel, type LadderOptions } from './ladder-model.ts';
import { MessageDialog } from './message-dialog.ts';
import { Rows } from './rows.ts';

/** A screen reader hears the count at most so often. */
const SUMMARY_MS = 1000;
/** Users of whose progress the summary tells. */
const MOST_PROGRESS = 2;
const TITLE_ID = 'ladder-title';

/** The ladder of the figures, from the events of both sides; without a lab, from what this tab sees itself. */
export function mountLadder(root: HTMLElement, bus: PageBus, options: LadderOptions): void {
  const model = new LadderModel(options);
  const view = new LadderView(root, model, options);
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
  readonly #approach: Approach;
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
  /** How far each user has come in a figure, at the furthest: the arrows of the first step may be gone by now. */
  #progress: ReadonlyMap<string, Progress> = new Map();

  constructor(root: HTMLElement, model: LadderModel, { hasLab, approach }: LadderOptions) {
    this.#model = model;
    this.#hasLab = hasLab;
    this.#approach = approach;
    const dialog = new MessageDialog(root);
    const list = create('ol', 'ladder-list');
    list.dataset.testid = 'ladder';
    this.#rows = new Rows(list, (arrow, opener) => {
      dialog.open(arrow, { approach, arrows: model.arrows }, opener);
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
    const title = create('h2', '', 'Ladder');
    title.id = TITLE_ID;
    this.#pause.setAttribute('aria-pressed', 'false');
    const clear = button('Clear', () => {
      this.#model.clear();
      this.#rows.clear();
      this.#progress = new Map();
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
    this.#heads.replaceChildren(...columns.map((column) => headOf(column, this.#approach)));
  }

  #summarize(): void {
    const { arrows } = this.#model;
    const count = arrows.filter(({ label }) => label !== 'Km').length;
    // Steps of the server's side are seen by a lab alone, so without one nobody can say which was reached.
    if (this.#hasLab) this.#progress = progressOf(arrows, this.#progress);
    const parts = [
      `${count} ${count === 1 ? 'arrow' : 'arrows'}${this.#isPaused ? ', drawing paused' : ''}.`,
      ...(count === 0 ? ['Register to see the first.'] : [...this.#progress.values()].map(progressText)),
    ];
    const text = parts.join(' ');
    // Written only on change, so that a screen reader is not made to read the same again.
    if (this.#summary.textContent !== text) this.#summary.textContent = text;
  }
}

const ROLES: Readonly<Partial<Record<Column['party'], string>>> = {
  wwsf: 'web server',
  waf: 'gives tokens',
  store: 'holds keys',
};

function headOf({ party, user, name }: Column, approach: Approach): HTMLElement {
  const holdsKey = approach === 'shared-key' && (party === 'edge' || party === 'turn');
  const role = user !== undefined ? 'WIC' : holdsKey ? 'holds Km' : (ROLES[party] ?? '');
  return create('div', `ladder-party ladder-party-${party}`, name, create('small', '', role));
}

interface Progress {
  readonly user: string;
  readonly figure: Figure;
  readonly step: number;
}

/** The progress of the first users, since a line holds no more. */
function progressOf(arrows: readonly Arrow[], before: ReadonlyMap<string, Progress>): ReadonlyMap<string, Progress> {
  const users = [...new Set(arrows.flatMap(({ user }) => user ?? []))].slice(0, MOST_PROGRESS);
  const now = users.flatMap((user) => {
    return figuresBegunBy(arrows, user).map((figure): [string, Progress] => {
      const key = `${user} ${figure.name}`;
      const step = Math.max(matchesFigure(figure, arrows, user).step, before.get(key)?.step ?? 0);
      return [key, { user, figure, step }];
    });
  });
  return new Map([...[...before].filter(([, { user }]) => users.includes(user)), ...now]);
}

function progressText({ user, figure: { name, lastStep }, step }: Progress): string {
  return step === lastStep
    ? `${user}: all ${lastStep} steps of figure ${name}.`
    : `${user}: step ${step} of ${lastStep} of figure ${name}.`;
}
