import { type SipIn, type StoryAction, type StoryEvent } from '../../../src/demo-page/copy-as-test/story.ts';
import { testFrom } from '../../../src/demo-page/copy-as-test/test-from.ts';

/** What a page records: each entry a moment after the one before. */
export class Tape {
  readonly actions: StoryAction[] = [];
  readonly events: StoryEvent[] = [];
  #atUnixMs = 1_700_000_000_000;

  did(user: string, kind: StoryAction['kind'], detail: StoryAction['detail'] = {}): this {
    this.actions.push({ user, kind, detail, atUnixMs: (this.#atUnixMs += 10) });
    return this;
  }

  saw(type: string, user: string | undefined, fields: Readonly<Record<string, unknown>> = {}): this {
    this.events.push({ type, ...(user !== undefined && { user }), ...fields, atUnixMs: (this.#atUnixMs += 10) });
    return this;
  }

  answer(user: string, method: string, status: number, credential: SipIn['credential'] = 'none', error?: string): this {
    return this.saw('sip-in', user, { method, status, credential, ...(error !== undefined && { error }) });
  }

  /** A registration that went well. */
  registers(user: string): this {
    this.did(user, 'register').answer(user, 'REGISTER', 401).saw('registered', user);
    return this.answer(user, 'REGISTER', 200, 'given');
  }

  /** A call through a relay that was given at once. */
  calls(user: string, callee: string, ...statuses: readonly number[]): this {
    this.did(user, 'call', { callee, transport: 'all', relayOnly: true, media: 'drawn' });
    this.saw('authentication-refused', user, { cause: 'no-credentials', method: 3 });
    this.saw('allocation-created', user).saw('relay-candidate', user);
    for (const status of [100, ...statuses]) this.answer(user, 'INVITE', status);
    return this;
  }

  test(users: readonly string[] = ['alice', 'bob']): string {
    return testFrom(this.actions, this.events, users);
  }
}
