import { explainLabEvent } from '../explain/explain.ts';
import { type LabClient } from '../lab-client.ts';
import { type PageBus } from '../page-bus.ts';
import { ActiveFaultsView } from './active-faults-view.ts';
import { FaultFormView } from './fault-form-view.ts';
import { FREQUENT_FAULTS, FREQUENT_WEB_FAULTS } from './fault-forms.ts';
import { type AskedFault } from './fault-request.ts';

/** Hits come in flocks, and the list is asked for once for each flock. */
const GATHER_MS = 250;
/** Others may cause faults too. */
const POLL_MS = 5000;
/** A screen reader is told of a hit at most this often. */
const TELL_MS = 2000;

/** Who can be hit, and by what. */
export interface FaultTargets {
  readonly users: readonly string[];
  /** Whether users sign in by the web. */
  readonly byWeb: boolean;
}

/** Causes faults, by one click or by a form, and shows those that are active and how often they hit. */
export function mountFaults(root: HTMLElement, bus: PageBus, lab: LabClient, targets: FaultTargets): void {
  const panel = new FaultsPanel(root, bus, lab, targets);
  panel.listen();
}

class FaultsPanel {
  readonly #bus: PageBus;
  readonly #lab: LabClient;
  readonly #user = document.createElement('select');
  readonly #told = document.createElement('p');
  readonly #problem = document.createElement('p');
  readonly #active: ActiveFaultsView;
  #gathering = false;
  #toldAtMs = -TELL_MS;

  constructor(root: HTMLElement, bus: PageBus, lab: LabClient, { users, byWeb }: FaultTargets) {
    this.#bus = bus;
    this.#lab = lab;
    this.#active = new ActiveFaultsView(
      (id, ended) => void this.#try(() => this.#do({ ended }, () => lab.clearFault(id))),
      () => void this.#try(() => this.#do({ ended: 'all' }, () => lab.clearFaults())),
    );
    const title = document.createElement('h2');
    title.id = 'faults-title';
    title.textContent = 'Faults on demand';
    root.setAttribute('aria-labelledby', title.id);
    const form = new FaultFormView(
      () => this.#user.value,
      (request) => this.#add(request),
    );
    const more = document.createElement('details');
    more.className = 'faults-more';
    const summary = document.createElement('summary');
    summary.textContent = 'Any fault';
    more.append(summary, form.element);
    this.#told.className = 'faults-told';
    this.#told.dataset.testid = 'fault-told';
    this.#told.setAttribute('role', 'status');
    this.#problem.className = 'faults-problem';
    this.#problem.setAttribute('role', 'alert');
    const frequent = this.#frequent(byWeb ? [...FREQUENT_FAULTS, ...FREQUENT_WEB_FAULTS] : FREQUENT_FAULTS);
    root.append(title, this.#aimField(users), frequent, this.#problem, more, this.#active.element, this.#told);
    root.hidden = false;
  }

  listen(): void {
    this.#bus.on('lab-event', (event) => {
      if (event.type === 'fault-fired') this.#tell(explainLabEvent(event) ?? `The fault ${String(event.kind)} hit.`);
      if (event.type === 'fault-fired' || event.type === 'fault-ended') this.#gather();
    });
    setInterval(() => {
      if (!document.hidden) this.#gather();
    }, POLL_MS);
    this.#gather();
  }

  #aimField(users: readonly string[]): HTMLElement {
    this.#user.append(new Option('everybody', ''), ...users.map((user) => new Option(user, user)));
    this.#user.dataset.testid = 'fault-user';
    const label = document.createElement('label');
    label.className = 'field faults-aim';
    label.append('Whom ', this.#user);
    return label;
  }

  #frequent(faults: typeof FREQUENT_FAULTS): HTMLElement {
    const buttons = document.createElement('div');
    buttons.className = 'buttons faults-frequent';
    buttons.setAttribute('role', 'group');
    buttons.setAttribute('aria-label', 'Frequent faults');
    for (const { label, request } of faults) {
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = label;
      button.dataset.fault = request.kind;
      button.addEventListener('click', () => {
        const user = this.#user.value;
        void this.#try(() => this.#add(user === '' ? request : { ...request, user }));
      });
      buttons.append(button);
    }
    return buttons;
  }

  #add(request: AskedFault): Promise<void> {
    return this.#do({ request }, () => this.#lab.addFault(request));
  }

  async #do(detail: Readonly<Record<string, unknown>>, run: () => Promise<unknown>): Promise<void> {
    // The time before the server does it: some faults act at once, and what follows from one comes after it.
    const action = { user: this.#user.value, kind: 'fault', detail, atUnixMs: Date.now() } as const;
    await run();
    this.#bus.emit('action', action);
    await this.#refresh().catch(ignoreRestart);
  }

  /** Says what went wrong, in the server's words. */
  async #try(run: () => Promise<void>): Promise<void> {
    this.#problem.textContent = '';
    try {
      await run();
    } catch (error) {
      this.#problem.textContent = error instanceof Error ? error.message : String(error);
    }
  }

  #gather(): void {
    if (this.#gathering) return;
    this.#gathering = true;
    setTimeout(() => {
      this.#gathering = false;
      this.#refresh().catch(ignoreRestart);
    }, GATHER_MS);
  }

  async #refresh(): Promise<void> {
    this.#active.show(await this.#lab.faults());
  }

  #tell(text: string): void {
    const nowMs = performance.now();
    if (nowMs - this.#toldAtMs < TELL_MS) return;
    this.#toldAtMs = nowMs;
    this.#told.textContent = text;
  }
}

/** A server that restarts does not answer for a while; the list is asked for again soon. */
function ignoreRestart(): void {
  // Nothing to say: what is shown may be a few seconds old.
}
