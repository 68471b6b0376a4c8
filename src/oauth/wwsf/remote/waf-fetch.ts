/** One request to an authorization server on another machine. */
export interface WafRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** POST, with this body; GET when absent. */
  readonly body?: string | undefined;
}

export interface WafAnswer {
  readonly status: number;
  readonly body: string;
  /** Retry-After, as it was written. */
  readonly retryAfter?: string | undefined;
}

/** Asks within bounds of time and size, follows no redirection, and rejects where there is no answer. */
export type WafFetch = (request: WafRequest) => Promise<WafAnswer>;

/** The members of a JSON object; `undefined` of anything else. Never throws. */
export function parseMembers(text: string): ReadonlyMap<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? new Map(Object.entries(value)) : undefined;
  } catch {
    return undefined;
  }
}
