import { type PaneParts } from './pane-parts.ts';

/** What failed now explains what happened within this time; what is older is another story. */
const ONE_STORY_MS = 15_000;
const MOST = 5;

/** What failed in a pane, in plain words: as the browser saw it, and as the server tells it. */
export class ProblemList {
  readonly #parts: PaneParts;
  #lastAtMs = 0;

  constructor(parts: PaneParts) {
    this.#parts = parts;
    parts.dismiss.addEventListener('click', () => {
      this.clear();
    });
  }

  add(text: string, source: 'browser' | 'server'): void {
    const { problem, problemList } = this.#parts;
    const now = Date.now();
    if (now - this.#lastAtMs > ONE_STORY_MS) problemList.replaceChildren();
    this.#lastAtMs = now;
    if ([...problemList.children].some((item) => item.textContent === text)) return;
    const item = document.createElement('li');
    item.textContent = text;
    item.dataset.source = source;
    item.dataset.atMs = String(now);
    problemList.append(item);
    if (problemList.childElementCount > MOST) problemList.firstElementChild?.remove();
    problem.hidden = false;
    if (source === 'browser') problem.scrollIntoView({ block: 'nearest' });
  }

  /** @param beforeMs what failed later stays; everything goes when absent */
  clear(beforeMs = Infinity): void {
    const { problem, problemList } = this.#parts;
    for (const item of [...problemList.children]) {
      if (item instanceof HTMLElement && Number(item.dataset.atMs) < beforeMs) item.remove();
    }
    problem.hidden = problemList.childElementCount === 0;
  }
}
