import { type PaneParts } from './pane-parts.ts';
import { type Setup } from './setup.ts';

/** Not a name that a user can have. */
const OTHER_USER = '';

/** Who registers: one of the lab's users, whose passwords the page was told, or whoever is typed in. */
export class AccountForm {
  readonly #parts: PaneParts;
  readonly #users: Setup['users'];

  constructor(parts: PaneParts, users: Setup['users'], defaultUser: string | undefined) {
    this.#parts = parts;
    this.#users = users;
    const options = users.map(({ name }) => new Option(name, name, false, name === defaultUser));
    parts.labUser.replaceChildren(...options, new Option('another user…', OTHER_USER));
    parts.labUserField.hidden = users.length === 0;
    parts.labUser.addEventListener('change', () => {
      this.#showFields();
    });
    this.#showFields();
  }

  /** Empty while that is open. */
  get user(): string {
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
    const { labUser, userNameField, userPasswordField, userName } = this.#parts;
    const other = labUser.value === OTHER_USER;
    userNameField.hidden = !other;
    userPasswordField.hidden = !other;
    userName.required = other;
  }
}
