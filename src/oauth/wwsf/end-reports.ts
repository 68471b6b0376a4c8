import { Secret } from '../../base/secret.ts';
import { type OAuthContext } from '../oauth-http.ts';

export interface EndReportsParts {
  /** The secret that an edge on another machine shows; absent: no edge reports. */
  readonly secret: Secret | undefined;
  readonly ended: (impi: string) => void;
}

const BEARER = /^Bearer +([\x21-\x7e]{1,512})$/i;

/** Takes what an edge elsewhere reports of registrations that have ended, as an edge in this process tells it by an event. */
export class EndReports {
  readonly #parts: EndReportsParts;

  constructor(parts: EndReportsParts) {
    this.#parts = parts;
  }

  async take(context: OAuthContext): Promise<Response> {
    const { secret, ended } = this.#parts;
    const [, shown = ''] = BEARER.exec(context.req.header('authorization') ?? '') ?? [];
    if (!secret?.equals(new Secret(shown))) return context.json({ error: 'access_denied' }, 401);
    const told: unknown = await context.req.json().catch(() => undefined);
    const impi: unknown = typeof told === 'object' && told !== null ? Reflect.get(told, 'impi') : undefined;
    if (typeof impi !== 'string') return context.json({ error: 'invalid_request' }, 400);
    ended(impi);
    return context.body(null, 204);
  }
}
