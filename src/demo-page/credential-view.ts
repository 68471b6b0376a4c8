import { type TurnCredential } from './credential.ts';
import { timeLeft } from './explain/plain-words.ts';
import { type PaneParts } from './pane-parts.ts';

const MASK = '••••••••••••';
/** Below this part of its life the bar warns. */
const NEAR_THE_END = 0.25;

/** The credential of a pane: its password masked until somebody asks for it, and a bar of the time it has left. */
export class CredentialView {
  readonly #parts: PaneParts;
  #credential: TurnCredential | undefined;
  #revealed = false;

  constructor(parts: PaneParts) {
    this.#parts = parts;
    parts.showPassword.addEventListener('click', () => {
      this.#revealed = !this.#revealed;
      this.#showPassword();
    });
  }

  show(credential: TurnCredential): void {
    const { credentialUsername, credentialExpiry, credentialUris } = this.#parts;
    this.#credential = credential;
    this.#parts.credential.hidden = false;
    credentialUsername.textContent = credential.username;
    credentialExpiry.textContent = new Date(credential.endsAtMs).toLocaleTimeString();
    credentialUris.replaceChildren(
      ...credential.uris.map((uri) => {
        const item = document.createElement('li');
        item.textContent = uri;
        return item;
      }),
    );
    this.#showPassword();
    this.showTimeLeft();
  }

  clear(): void {
    this.#credential = undefined;
    this.#revealed = false;
    this.#parts.credential.hidden = true;
  }

  showTimeLeft(): void {
    if (!this.#credential) return;
    const { credentialLeft, credentialBar } = this.#parts;
    const { receivedAtMs, endsAtMs } = this.#credential;
    const leftMs = endsAtMs - Date.now();
    const share = Math.min(Math.max(leftMs / Math.max(endsAtMs - receivedAtMs, 1), 0), 1);
    const text = timeLeft(leftMs / 1000);
    credentialLeft.textContent = text;
    credentialBar.value = share;
    credentialBar.setAttribute('aria-valuetext', text);
    credentialBar.dataset.state = leftMs <= 0 ? 'ended' : share < NEAR_THE_END ? 'near-end' : 'fresh';
  }

  #showPassword(): void {
    const { credentialPassword, showPassword } = this.#parts;
    credentialPassword.textContent = this.#revealed ? (this.#credential?.password ?? '') : MASK;
    credentialPassword.dataset.masked = String(!this.#revealed);
    // The name of the button stays; whether it is pressed is its state.
    showPassword.setAttribute('aria-pressed', String(this.#revealed));
  }
}
