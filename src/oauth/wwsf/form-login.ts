import { type Clock } from '../../base/clock.ts';
import { parseForm, readForm } from '../form.ts';
import { FormGuard } from '../login/form-guard.ts';
import { LOGIN_FAILURES, type LoginCheck } from '../login/login-check.ts';
import { loginPage, loginPagePolicy } from '../login/login-page.ts';
import { noStore, type OAuthContext, remoteAddressOf } from '../oauth-http.ts';
import { type LoginAllowance } from './login-allowance.ts';
import { type SignIn } from './sign-in.ts';
import { returnPath, showProblem, WWSF_PATHS } from './wwsf-http.ts';

export interface FormLoginParts {
  readonly clock: Clock;
  readonly login: LoginCheck;
  readonly signIn: SignIn;
  readonly allowance: LoginAllowance;
}

const STALE = 'This page was open for too long, or belongs to another browser. Log in again.';
const BUSY = 'This user has logged in too often. Wait a minute, then try again.';

/** Users log in by a name and a password that this server knows. */
export class FormLogin {
  readonly #parts: FormLoginParts;
  readonly #guard = new FormGuard('epcscf-turn-wwsf');

  constructor(parts: FormLoginParts) {
    this.#parts = parts;
  }

  ask(context: OAuthContext, problem?: string, user?: string): Response {
    noStore(context);
    context.header('Content-Security-Policy', loginPagePolicy([]));
    const form = parseForm(new URL(context.req.url).search);
    const back = returnPath(form.ok ? form.value.get('return') : undefined);
    const hidden = { return: back, seal: this.#guard.seal(context) };
    return context.html(loginPage({ action: WWSF_PATHS.login, hidden, problem, user }));
  }

  async take(context: OAuthContext): Promise<Response> {
    const form = await readForm(context);
    if (!form.ok) return showProblem(context, 'The form cannot be read.', 400);
    const fields = form.value;
    const back = returnPath(fields.get('return'));
    const { clock, login, signIn, allowance } = this.#parts;
    if (!this.#guard.isSealed(context, fields.get('seal'))) {
      signIn.refused('stale-form');
      return this.ask(context, STALE);
    }
    if (fields.get('action') === 'cancel') return context.redirect(back, 303);
    const now = clock.now();
    const name = fields.get('user') ?? '';
    const user = login.check(name, fields.get('password') ?? '', remoteAddressOf(context), now);
    if (!user.ok) {
      signIn.refused(user.reason);
      context.status(user.reason === 'too-many-failures' ? 429 : 401);
      return this.ask(context, LOGIN_FAILURES[user.reason], name);
    }
    if (!allowance.takeSession(user.value.impi, now)) {
      signIn.refused('too-many-logins');
      return showProblem(context, BUSY, 429);
    }
    signIn.begin(context, 'password', user.value, now);
    return context.redirect(back, 303);
  }
}
