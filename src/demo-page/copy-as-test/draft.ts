import { Names, WIDTH, callWith, literal, property, quote } from './code.ts';
import { type Story } from './story.ts';

/** What a file needs at its head, by what it does. */
type Need = 'calls' | 'pause' | 'turn';
/** What a lab must be for a fault to hit anything. */
type LabNeed = 'tokens' | 'approach-2';

/** What a lab must be for a fault to hit anything, as `startLab` is asked for it. */
export const LAB_OPTIONS = {
  tokens: 'tokens: true',
  'approach-2': "config: { credentials: { approach: 'delivered' } }",
} as const satisfies Record<LabNeed, string>;

/** A user agent in the written test. */
export interface Agent {
  readonly user: string;
  readonly name: string;
  /** Variable of what keeps it in credentials. */
  readonly turn: string | undefined;
  /** Whether it has a credential to try. */
  hasCredential: boolean;
}

/** A call in the written test. */
export interface Call {
  readonly caller: string;
  readonly callee: string;
  /** Variable of the caller's session. */
  readonly name: string;
  /** Variable of the callee's session, when that is an agent of the test. */
  readonly atCallee: string | undefined;
  isAnswered: boolean;
}

/** A test being written: its lines, and what is there at that point of it. */
export class Draft {
  readonly story: Story;
  readonly names = new Names();
  readonly needs = new Set<Need>();
  readonly labNeeds = new Set<LabNeed>();
  readonly labUsers = new Set<string>();
  readonly titles: string[] = [];
  readonly agents = new Map<string, Agent>();
  readonly calls: Call[] = [];
  /** Requests of faults that are active, and their variables. */
  readonly faults: { readonly request: Readonly<Record<string, unknown>>; readonly name: string }[] = [];
  readonly #lines: string[] = [];

  constructor(story: Story) {
    this.story = story;
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  write(...lines: readonly string[]): void {
    for (const line of lines) this.#lines.push(line === '' ? '' : `  ${line}`);
  }

  /** An object in a call, over as many lines as it needs. */
  writeCall(before: string, fields: Readonly<Record<string, unknown>>, after = ');'): void {
    const code = Object.entries(fields).map(([name, value]) => [name, literal(value)] as const);
    this.#lines.push(callWith(before, code, after, 2));
  }

  /** `await lab.waitFor('registered', ({ user }) => user === 'alice');` */
  waitFor(type: string, fields: Readonly<Record<string, unknown>>, options = ''): void {
    const names = Object.keys(fields);
    const condition = names.map((name) => `${name} === ${literal(fields[name])}`).join(' && ');
    const test = `({ ${names.join(', ')} }) => ${condition}`;
    const args = [quote(type), ...(names.length === 0 ? [] : [test]), ...(options === '' ? [] : [options])];
    const line = `await lab.waitFor(${args.join(', ')});`;
    if (line.length + 2 <= WIDTH) this.write(line);
    else this.write('await lab.waitFor(', ...args.map((arg) => `  ${arg},`), ');');
  }

  /** Whether a fault of one of these kinds is active and hits that user. */
  hasFault(user: string, ...kinds: readonly string[]): boolean {
    return this.faultOf(user, ...kinds) !== undefined;
  }

  faultOf(user: string, ...kinds: readonly string[]): Readonly<Record<string, unknown>> | undefined {
    return this.faults.find(({ request }) => {
      return kinds.includes(String(request.kind)) && (request.user === undefined || request.user === user);
    })?.request;
  }

  users(user: string): string {
    this.labUsers.add(user);
    return `lab.users${property(user)}`;
  }
}
