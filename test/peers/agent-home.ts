/** Where user agents register. */
export interface AgentHome {
  /** `wss://…` */
  readonly url: string;
  readonly domain: string;
  readonly passwordOf: (user: string) => string;
}
