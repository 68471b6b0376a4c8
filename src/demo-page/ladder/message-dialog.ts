import { explainLabEvent } from '../explain/explain.ts';
import { routeText, type Arrow } from './arrow.ts';
import { button, create } from './elements.ts';
import { markedParts } from './marks.ts';
import { type MeaningContext, meaningText } from './meaning.ts';

const TITLE_ID = 'ladder-dialog-title';

/** Shows one message: what it is, what it means, and its text with what matters marked. */
export class MessageDialog {
  readonly #dialog = create('dialog', 'ladder-dialog');
  readonly #title = create('h3', '');
  readonly #meaning = create('p', 'ladder-meaning');
  readonly #failure = create('p', 'ladder-why');
  readonly #time = create('p', 'ladder-time');
  readonly #text = create('pre', 'ladder-text');
  #opener: HTMLElement | undefined;

  constructor(root: HTMLElement) {
    this.#title.id = TITLE_ID;
    this.#dialog.setAttribute('aria-labelledby', TITLE_ID);
    this.#dialog.dataset.testid = 'ladder-message';
    // Long messages scroll, and a keyboard must be able to.
    this.#text.tabIndex = 0;
    this.#text.setAttribute('role', 'region');
    this.#text.setAttribute('aria-label', 'Text of the message');
    const close = button('Close', () => {
      this.#dialog.close();
    });
    const head = create('div', 'ladder-dialog-head', this.#title, close);
    this.#dialog.append(head, this.#meaning, this.#failure, this.#text, this.#time);
    this.#dialog.addEventListener('click', (event) => {
      if (event.target === this.#dialog) this.#dialog.close();
    });
    this.#dialog.addEventListener('close', () => {
      this.#opener?.focus();
    });
    root.append(this.#dialog);
  }

  /** `opener` gets the focus back. */
  open(arrow: Arrow, context: MeaningContext, opener: HTMLElement): void {
    this.#opener = opener;
    this.#title.textContent = `${arrow.number}. ${routeText(arrow)}: ${arrow.title}`;
    show(this.#meaning, meaningText(arrow, context));
    show(this.#failure, (arrow.event && explainLabEvent(arrow.event)) ?? '');
    show(this.#time, arrow.atUnixMs === 0 ? '' : `At ${new Date(arrow.atUnixMs).toISOString()}`);
    this.#text.hidden = arrow.text === undefined;
    const parts = markedParts(arrow.text ?? '', arrow.kind);
    this.#text.replaceChildren(...parts.map(({ text, marked }) => (marked ? create('mark', '', text) : text)));
    this.#dialog.showModal();
    this.#text.scrollTop = 0;
  }
}

function show(element: HTMLElement, text: string): void {
  element.textContent = text;
  element.hidden = text === '';
}
