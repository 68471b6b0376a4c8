import { type TypedEvents } from '../../../src/base/typed-events.ts';
import { OAUTH_EVENTS, type OAuthEvents, type WebMessage } from '../../../src/oauth/oauth-events.ts';

/** What observers hear from now on: `wic > waf authorization`, `waf > wic authorization 303`, and the name of any other event, each with what matters in it. */
export function observe(events: TypedEvents<OAuthEvents>) {
  const lines: string[] = [];
  const told: Record<string, unknown>[] = [];
  for (const name of Object.keys(OAUTH_EVENTS) as (keyof OAuthEvents)[]) {
    events.on(name, (event) => {
      told.push({ ...event });
      if (name === 'web-message') {
        const { from, to, what, status } = event as WebMessage;
        lines.push(`${from} > ${to} ${what}${status === undefined ? '' : ` ${status}`}`);
      } else {
        const { cause } = event as { readonly cause?: string };
        lines.push(cause === undefined ? name : `${name} ${cause}`);
      }
    });
  }
  return { lines, told, text: () => JSON.stringify(told) };
}
