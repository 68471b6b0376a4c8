import { describeFault, type AskedFault } from './fault-request.ts';

/** A fault as the server lists it. */
export interface ListedFault extends AskedFault {
  readonly id: string;
  readonly fired: number;
  readonly active: boolean;
}

interface Shown {
  readonly item: HTMLLIElement;
  readonly hits: HTMLElement;
}

/** The active faults. An item stays the same element while its fault lasts, so that focus stays with it. */
export class ActiveFaultsView {
  readonly element = document.createElement('div');
  readonly #title = document.createElement('h3');
  readonly #list = document.createElement('ul');
  readonly #none = document.createElement('p');
  readonly #endAll = document.createElement('button');
  readonly #shown = new Map<string, Shown>();
  readonly #end: (id: string, fault: AskedFault) => void;

  constructor(end: (id: string, fault: AskedFault) => void, endAll: () => void) {
    this.#end = end;
    this.#title.textContent = 'Active faults';
    // Takes the focus when the button that had it is gone.
    this.#title.tabIndex = -1;
    this.#list.className = 'faults-active';
    this.#list.dataset.testid = 'active-faults';
    this.#none.className = 'faults-none';
    this.#none.textContent = 'None: everything works as it should.';
    this.#endAll.type = 'button';
    this.#endAll.className = 'small';
    this.#endAll.textContent = 'End all';
    this.#endAll.addEventListener('click', () => {
      this.#title.focus();
      endAll();
    });
    const head = document.createElement('div');
    head.className = 'faults-head';
    head.append(this.#title, this.#endAll);
    this.element.append(head, this.#none, this.#list);
    this.show([]);
  }

  show(faults: readonly ListedFault[]): void {
    const active = faults.filter((fault) => fault.active);
    const ids = new Set(active.map(({ id }) => id));
    for (const [id, { item }] of this.#shown) {
      if (ids.has(id)) continue;
      if (item.contains(document.activeElement)) this.#title.focus();
      item.remove();
      this.#shown.delete(id);
    }
    for (const fault of active) {
      const { hits } = this.#shown.get(fault.id) ?? this.#add(fault);
      const text = fault.fired === 1 ? 'hit once' : `hit ${fault.fired.toLocaleString('en')} times`;
      if (hits.textContent !== text) hits.textContent = text;
    }
    this.#none.hidden = active.length > 0;
    this.#endAll.hidden = active.length === 0;
  }

  #add({ id, fired: _fired, active: _active, ...fault }: ListedFault): Shown {
    const item = document.createElement('li');
    item.dataset.kind = fault.kind;
    const words = document.createElement('span');
    words.textContent = describeFault(fault);
    const hits = document.createElement('span');
    hits.className = 'faults-hits';
    const end = document.createElement('button');
    end.type = 'button';
    end.className = 'small';
    end.textContent = 'End';
    end.setAttribute('aria-label', `End ${describeFault(fault)}`);
    end.addEventListener('click', () => {
      this.#end(id, fault);
    });
    item.append(words, hits, end);
    this.#list.append(item);
    const shown = { item, hits };
    this.#shown.set(id, shown);
    return shown;
  }
}
