import { hash } from 'node:crypto';

export interface LoginPageOptions {
  /** Path that the form is sent to. */
  readonly action: string;
  /** Hidden fields of the form. */
  readonly hidden: Readonly<Record<string, string>>;
  /** The problem of the last try; absent on the first try. */
  readonly problem?: string | undefined;
  /** Name of the client that the user logs in for; absent: the page that opened this one. */
  readonly client?: string | undefined;
  /** The name that was typed before; absent on the first try. */
  readonly user?: string | undefined;
}

const STYLE = `:root{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif}
body{margin:0 auto;max-width:22rem;padding:1.5rem}
label{display:block;margin-top:1rem;font-weight:600}
input,button{box-sizing:border-box;width:100%;min-height:2.75rem;margin-top:.25rem;font:inherit;padding:.5rem}
button{margin-top:1rem}
[role=alert]{border-left:.25rem solid #b3261e;padding-left:.75rem}`;

const STYLE_HASH = hash('sha256', STYLE, 'base64');

/** No script, one style sheet, and a form that leads here and, by redirection, to `targets` (origins or schemes). */
export function loginPagePolicy(targets: readonly string[]): string {
  return [
    "default-src 'none'",
    `style-src 'sha256-${STYLE_HASH}'`,
    "base-uri 'none'",
    `form-action ${["'self'", ...targets].join(' ')}`,
    "frame-ancestors 'none'",
  ].join('; ');
}

export function loginPage({ action, hidden, problem, client, user = '' }: LoginPageOptions): string {
  const fields = Object.entries(hidden).map(
    ([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`,
  );
  return page(
    'Log in',
    `<h1>Log in</h1>
${client === undefined ? '' : `<p>for <strong>${escapeHtml(client)}</strong></p>`}
${problem === undefined ? '' : `<p role="alert">${escapeHtml(problem)}</p>`}
<form method="post" action="${escapeHtml(action)}">
${fields.join('\n')}
<label for="user">User name</label>
<input id="user" name="user" value="${escapeHtml(user)}" autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button name="action" value="login">Log in</button>
<button name="action" value="cancel" formnovalidate>Cancel</button>
</form>`,
  );
}

/** A page that says why nothing can be done here. */
export function problemPage(problem: string): string {
  return page('Not possible', `<h1>Not possible</h1>\n<p role="alert">${escapeHtml(problem)}</p>`);
}

export function messagePage(title: string, text: string): string {
  return page(title, `<h1>${escapeHtml(title)}</h1>\n<p>${escapeHtml(text)}</p>`);
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
]);

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES.get(character) ?? '');
}
