import { type PageBus, type PageEvents } from './page-bus.ts';
import { type PaneParts } from './pane-parts.ts';

/** The candidates of one side of a call; those of before an ICE restart are marked. */
export class CandidateList {
  readonly #parts: PaneParts;
  #user = '';
  #ufrag: string | undefined;
  #count = 0;

  constructor(parts: PaneParts, bus: PageBus) {
    this.#parts = parts;
    bus.on('ice-candidate', (event) => {
      if (event.user === this.#user) this.#add(event);
    });
    bus.on('ice-error', (event) => {
      if (event.user === this.#user) this.#addError(`${event.code} ${event.text} ${event.url}`.trim());
    });
    bus.on('ice-pair', (event) => {
      if (event.user === this.#user) this.#mark(event.local);
    });
  }

  begin(user: string): void {
    this.#user = user;
    this.#ufrag = undefined;
    this.#count = 0;
    this.#parts.candidateList.replaceChildren();
    this.#parts.candidateCount.textContent = '';
  }

  #add({ candidate, type, address, port, protocol, relayProtocol }: PageEvents['ice-candidate']): void {
    const ufrag = /\bufrag (\S+)/.exec(candidate)?.[1];
    if (ufrag !== this.#ufrag) {
      for (const old of this.#parts.candidateList.children) old.classList.add('old');
      this.#ufrag = ufrag;
      this.#count = 0;
    }
    const way = relayProtocol === undefined ? protocol : `by ${relayProtocol}`;
    const item = this.#append(`${type} ${hostPort(address, port)} ${way}`, type);
    item.dataset.address = hostPort(address, port);
    this.#count += 1;
    this.#parts.candidateCount.textContent = `(${this.#count})`;
  }

  /** Each address of this machine has one of its own, of the same words. */
  #addError(text: string): void {
    const { children } = this.#parts.candidateList;
    if (![...children].some(({ textContent }) => textContent === text)) this.#append(text, 'error');
  }

  #append(text: string, kind: string): HTMLLIElement {
    const item = document.createElement('li');
    item.textContent = text;
    item.dataset.kind = kind;
    this.#parts.candidateList.append(item);
    return item;
  }

  #mark(local: string): void {
    for (const item of this.#parts.candidateList.children) {
      const chosen = item instanceof HTMLLIElement && local.endsWith(` ${item.dataset.address}`);
      item.classList.toggle('chosen', chosen);
      if (chosen) item.setAttribute('aria-current', 'true');
      else item.removeAttribute('aria-current');
    }
  }
}

function hostPort(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
