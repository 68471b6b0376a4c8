import { type PaneParts } from './pane-parts.ts';
import { type Setup } from './setup.ts';

/** Not a name that a user can have. */
const OTHER_USER = '';

/** `web`: by a login at the web server; `guest`: by an identity that it lends. */
export type SignInBy = 'password' | 'web' | 'guest';

/** Who registers: one of the lab's users, whose passwords the page was told, or whoever is typed in. */
export class AccountForm {
  readonly #parts: PaneParts;
  readonly #users: Setup['users'];

  constructor(
    parts: PaneParts,
    { users, webSignIn }: Pick<Setup, 'users' | 'webSignIn'>,
    defaultUser: string | undefined,
  ) {
    this.#parts = parts;
    this.#users = users;
    const options = users.map(({ name }) => new Option(name, name, false, name === defaultUser));
    parts.labUser.replaceChildren(...options, new Option('another user…', OTHER_USER));
    parts.signInField.hidden = webSignIn === undefined;
    if (webSignIn?.guest === undefined) parts.signInBy.querySelector('[value=guest]')?.remove();
    parts.signInBy.addEventListener('change', () => {
      this.#showFields();
    });
    parts.labUser.addEventListener('change', () => {
      this.#showFields();
    });
    this.#showFields();
  }

  get signInBy(): SignInBy {
    const { value } = this.#parts.signInBy;
    return value === 'web' || value === 'guest' ? value : 'password';
  }

  /** Empty while that is open. */
  get user(): string {
    if (this.signInBy !== 'password') return '';
    return this.#parts.labUser.value || this.#parts.userName.value.trim();
  }

  /** Empty when it is not filled in. */
  get password(): string {
    const known = this.#users.find(({ name }) => name === this.#parts.labUser.value);
    return known?.password ?? this.#parts.userPassword.value;
  }

  focus(): void {
    const { labUser, userName } = this.#parts;
    (this.#users.length > 0 ? labUser : userName).focus();
  }

  #showFields(): void {
    const { labUser, labUserField, userNameField, userPasswordField, userName, signInNote } = this.#parts;
    const byPassword = this.signInBy === 'password';
    const other = byPassword && labUser.value === OTHER_USER;
    signInNote.hidden = byPassword;
    labUserField.hidden = !byPassword || this.#users.length === 0;
    userNameField.hidden = !other;
    userPasswordField.hidden = !other;
    userName.required = other;
  }
}
