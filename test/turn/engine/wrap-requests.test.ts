import { beforeEach, describe, expect, it } from 'vitest';
import { messageIntegrity, nonce, username } from '../../../src/stun/attributes/rfc8489.ts';
import { checkIntegrity } from '../../../src/stun/integrity.ts';
import { Method } from '../../../src/stun/message-type.ts';
import { refuse } from '../../../src/turn/engine/requests/answer.ts';
import { type IncomingRequest } from '../../../src/turn/engine/authentication/authenticate.ts';
import { type WrapRequests } from '../../../src/turn/engine/requests/serve-request.ts';
import { codeOf, plain, World } from './world.ts';

interface Asked {
  readonly at: 'unauthenticated' | 'authenticated';
  readonly client: string;
  readonly method: number;
  readonly username: string | undefined;
}

/** Does what it is told in the place of the engine, and keeps what it was asked. */
class Wrapper {
  before: 'no-answer' | 401 | 438 | undefined;
  after: number | undefined;
  readonly asked: Asked[] = [];

  readonly wrap: WrapRequests = (serve, refuseAuthentication) => (request, handler) => {
    this.#note('unauthenticated', request);
    if (this.before === 'no-answer') return 'stopped';
    if (this.before === undefined) {
      return serve(request, (authenticated, engine) => {
        this.#note('authenticated', authenticated);
        return this.after === undefined ? handler(authenticated, engine) : refuse(this.after, 'operator');
      });
    }
    const name = request.message.get(username);
    refuseAuthentication(request, { code: this.before, cause: 'operator', username: name });
    return undefined;
  };

  #note(at: Asked['at'], { client, message }: IncomingRequest): void {
    this.asked.push({ at, client: client.key, method: message.method, username: message.get(username) });
  }
}

let wrapper: Wrapper;
let world: World;

beforeEach(() => {
  wrapper = new Wrapper();
  world = new World({}, { wrapRequests: wrapper.wrap });
});

describe('a wrapper of requests', () => {
  it('lets everything pass while it says nothing, and is asked before and after authentication', () => {
    const client = world.client().as('alice');
    expect(codeOf(client.allocate())).toBe(0);
    const name = client.login!.username;
    const who = { client: client.key, method: Method.Allocate };
    expect(wrapper.asked).toEqual([
      { at: 'unauthenticated', ...who, username: undefined },
      { at: 'unauthenticated', ...who, username: name },
      { at: 'authenticated', ...who, username: name },
    ]);
  });

  it('leaves a request unanswered, which counts as a drop', () => {
    wrapper.before = 'no-answer';
    expect(world.client().exchange(plain(Method.Allocate, 'request'))).toBeUndefined();
    expect(world.engine.stats().drops).toEqual({ stopped: 1 });
    expect(world.engine.stats().authenticationsRefused).toBe(0);
  });

  it.each([401, 438] as const)('challenges with %i a request that is in order, unsigned and with a nonce', (code) => {
    const client = world.client().as('alice');
    client.allocate();
    wrapper.before = code;
    const answer = client.request(Method.Refresh);
    expect(codeOf(answer)).toBe(code);
    expect(answer.get(nonce)).toBeDefined();
    expect(answer.has(messageIntegrity)).toBe(false);
    expect(world.causes('authentication-refused')).toEqual(['no-credentials', 'operator']);
    expect(world.of('authentication-refused')[1]).toMatchObject({ username: client.login!.username });
  });

  it.each([437, 441, 486, 508])('answers with a signed %i in place of what was asked for', (code) => {
    const client = world.client().as('alice');
    wrapper.after = code;
    const answer = client.allocate();
    expect(codeOf(answer)).toBe(code);
    expect(checkIntegrity(answer, client.key16())).toBe('valid');
    expect(world.engine.stats()).toMatchObject({ allocations: 0, requestsGranted: 0, requestsRefused: 1 });
    expect(world.of('request-refused')).toMatchObject([{ code, cause: 'operator', user: 'alice' }]);
  });

  it('is not asked a second time about a request that does not authenticate', () => {
    const client = world.client().as('alice', { password: 'wrong' });
    expect(codeOf(client.allocate())).toBe(401);
    expect(wrapper.asked.map(({ at }) => at)).toEqual(['unauthenticated', 'unauthenticated']);
  });
});
