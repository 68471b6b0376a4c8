/** Why there is no TURN credential: what an issuer says, and the word after `error=` in the answer to the client. */
export const ISSUE_FAILURES = ['denied', 'quota', 'insecure', 'unsupported', 'unavailable'] as const;
export type IssueFailure = (typeof ISSUE_FAILURES)[number];
