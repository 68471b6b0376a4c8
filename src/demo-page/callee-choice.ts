import { type PaneParts } from './pane-parts.ts';
import { type Setup } from './setup.ts';

/** Programs in the core of a lab that take calls. */
const PEERS: readonly (readonly [user: string, words: string])[] = [
  ['echo', 'echo: sends back what comes in'],
  ['busy', 'busy: 486 at once'],
  ['decline', 'decline: 603'],
  ['noanswer', 'noanswer: rings for ever'],
  ['later', 'later: answers after 2 s'],
  ['later-5', 'later-5: answers after 5 s'],
];
/** Not a name that a user can have. */
const ANOTHER = '';

/** Whom to call: another lab user, a peer of the lab, or whoever is typed in. */
export class CalleeChoice {
  readonly #parts: PaneParts;
  readonly #setup: Setup;

  constructor(parts: PaneParts, setup: Setup) {
    this.#parts = parts;
    this.#setup = setup;
    parts.calleeChoice.addEventListener('change', () => {
      this.#showField();
    });
  }

  /** Everybody but the caller. */
  offer(caller: string): void {
    const others = this.#setup.users.filter(({ name }) => name !== caller);
    const choices: HTMLElement[] = [];
    if (others.length > 0) choices.push(group('Users', ...others.map(({ name }) => new Option(name, name))));
    if (this.#setup.labPath !== undefined) {
      choices.push(group('Peers of the lab', ...PEERS.map(([user, words]) => new Option(words, user))));
    }
    this.#parts.calleeChoice.replaceChildren(...choices, new Option('somebody else…', ANOTHER));
    this.#showField();
  }

  /** A user name or SIP URI; empty when nothing is typed in. */
  get callee(): string {
    const { calleeChoice, callee } = this.#parts;
    return calleeChoice.value === ANOTHER ? callee.value.trim() : calleeChoice.value;
  }

  #showField(): void {
    const { calleeChoice, calleeField, callee } = this.#parts;
    const typed = calleeChoice.value === ANOTHER;
    calleeField.hidden = !typed;
    callee.required = typed;
  }
}

function group(label: string, ...options: HTMLOptionElement[]): HTMLOptGroupElement {
  const element = document.createElement('optgroup');
  element.label = label;
  element.append(...options);
  return element;
}
