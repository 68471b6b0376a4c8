import { routeText, type Arrow } from './arrow.ts';
import { spanOf, type Column } from './columns.ts';
import { create } from './elements.ts';

interface Row {
  readonly arrow: Arrow;
  readonly item: HTMLLIElement;
  readonly button: HTMLButtonElement;
}

/** The list of arrows. A row is made once, and written again only when its arrow or the columns are others. */
export class Rows {
  readonly #list: HTMLOListElement;
  readonly #open: (arrow: Arrow, opener: HTMLElement) => void;
  readonly #rows = new Map<number, Row>();
  #layout = '';

  constructor(list: HTMLOListElement, open: (arrow: Arrow, opener: HTMLElement) => void) {
    this.#list = list;
    this.#open = open;
  }

  /** `arrows` in their order; those that were shown before and are not among them go. */
  show(arrows: readonly Arrow[], columns: readonly Column[]): void {
    const layout = JSON.stringify(columns);
    const isMoved = layout !== this.#layout;
    this.#layout = layout;
    this.#removeOthers(new Set(arrows.map(({ number }) => number)));
    let before: Element | null = this.#list.firstElementChild;
    for (const arrow of arrows) {
      const known = this.#rows.get(arrow.number);
      const row = known ?? this.#create(arrow);
      if (known?.arrow !== arrow || isMoved) this.#write(arrow, row, columns);
      if (row.item === before) before = before.nextElementSibling;
      else this.#list.insertBefore(row.item, before);
    }
  }

  /** Forgets every row: the numbers begin anew. */
  clear(): void {
    this.#rows.clear();
    this.#list.replaceChildren();
  }

  #removeOthers(kept: ReadonlySet<number>): void {
    for (const [number, { item }] of this.#rows) {
      if (kept.has(number)) continue;
      item.remove();
      this.#rows.delete(number);
    }
  }

  #create(arrow: Arrow): Row {
    const item = create('li', 'ladder-row');
    const button = create('button', '');
    button.type = 'button';
    button.setAttribute('aria-haspopup', 'dialog');
    button.addEventListener('click', () => {
      this.#open(this.#rows.get(arrow.number)?.arrow ?? arrow, button);
    });
    item.append(button);
    return { arrow, item, button };
  }

  #write(arrow: Arrow, { item, button }: Row, columns: readonly Column[]): void {
    const { first, span, direction } = spanOf(arrow, columns);
    const { from, to, label, user, look, number, title } = arrow;
    Object.assign(item.dataset, { from, to, label, look });
    if (user === undefined) delete item.dataset.user;
    else item.dataset.user = user;
    // Numbers through the object model: the page's policy refuses style attributes, not this.
    item.style.setProperty('--ladder-first', String(first));
    item.style.setProperty('--ladder-span', String(span));
    button.className = `ladder-arrow ladder-${direction} ladder-${look}`;
    const route = create('span', 'ladder-unseen', `${routeText(arrow)}: `);
    const caption = create('span', 'ladder-caption', create('span', 'ladder-number', `${number}. `), route, title);
    const line = create('span', 'ladder-line');
    line.setAttribute('aria-hidden', 'true');
    button.replaceChildren(...(direction === 'none' ? [caption] : [caption, line]));
    this.#rows.set(number, { arrow, item, button });
  }
}
