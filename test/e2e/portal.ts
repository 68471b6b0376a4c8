import { type APIRequestContext, type Page } from 'playwright-core';

const ID = 'portal';
const SECRET = 'of-the-web-server-elsewhere';

/** `oauth.clients` entry of a portal. */
export const PORTAL_CLIENT = { id: ID, secret: SECRET, pool: ['member{1-8}'] };

/**
 * A web server (WWSF) elsewhere, which knows its members by name and gives each an identity of its pool (registration scenario 3, the user being named).
 * The page asks it in place of the web server beside the edge; it has no tokens but those that the authorization server (WAF) gives it as a client.
 */
export class Portal {
  readonly #origin: string;
  readonly #domain: string;

  /** `page`: URL of the page, at whose server the WAF is. */
  constructor(page: string, domain: string) {
    this.#origin = new URL(page).origin;
    this.#domain = domain;
  }

  /** From now on the page is one of the portal, and a member is in front of it who has logged in and was given `identity`. */
  async serve(page: Page, identity: string): Promise<void> {
    const impi = `${identity}@${this.#domain}`;
    const session = { impi, impu: [`sip:${impi}`], guest: false };
    const ask = (fields: Record<string, string>) => this.#ask(page.request, fields);
    await page.route('**/wwsf/session', (route) => route.fulfill({ json: session }));
    await page.route('**/registration-token', async (route) => {
      const { access_token: token, expires_in } = await ask({ scope: 'sip', impi });
      await route.fulfill({ json: { token, expires_in, ...session } });
    });
    await page.route('**/turn-credentials?form=token', async (route) => {
      await route.fulfill({ json: await ask({ scope: 'turn', aud: this.#domain, subject: identity }) });
    });
  }

  async #ask(request: APIRequestContext, fields: Record<string, string>): Promise<Record<string, unknown>> {
    const answer = await request.post(`${this.#origin}/oauth/token`, {
      form: { grant_type: 'client_credentials', ...fields },
      headers: { authorization: `Basic ${Buffer.from(`${ID}:${SECRET}`).toString('base64')}` },
    });
    if (!answer.ok()) throw new Error(`the WAF answered ${answer.status()}: ${await answer.text()}`);
    return (await answer.json()) as Record<string, unknown>;
  }
}
