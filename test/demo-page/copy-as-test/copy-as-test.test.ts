import { check } from 'prettier';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OtherProject } from './project.ts';
import { STORIES } from './stories.ts';
import { Tape } from './tape.ts';

const ALL_MS = 280_000;
const names = Object.keys(STORIES);
const texts = names.map((name) => STORIES[name]!.test());

describe('a test that the page wrote', () => {
  let project: OtherProject;
  const files = names.map((_, place) => `story-${place}.test.ts`);

  beforeAll(() => {
    project = new OtherProject();
    for (const [place, file] of files.entries()) project.write(file, texts[place]!);
  });
  afterAll(() => {
    project[Symbol.dispose]();
  });

  it('passes, whatever the story', { timeout: ALL_MS + 20_000 }, async () => {
    const results = Object.entries(await project.test(ALL_MS));
    const byStory = results.map(([file, failure]) => [names[files.indexOf(file)], failure]);
    expect(Object.fromEntries(byStory)).toEqual(Object.fromEntries(names.map((name) => [name, ''])));
  });

  it('has types that a strict project takes', { timeout: 120_000 }, async () => {
    expect(await project.types(files)).toBe('');
  });
});

describe('the text of a written test', () => {
  it.each(names.map((name, place) => [name, place] as const))('is formatted: %s', async (_, place) => {
    expect(await check(texts[place]!, { parser: 'typescript', singleQuote: true, printWidth: 120 })).toBe(true);
  });

  it('is the whole of a short story, and no more', () => {
    expect(new Tape().registers('alice').test()).toMatchInlineSnapshot(`
      "import { once } from 'node:events';
      import JsSIP from 'jssip';
      import { startLab, type Lab } from 'epcscf-turn/testing';
      import { expect, it, onTestFinished } from 'vitest';

      function createAgent(lab: Lab, account: { uri: string; password: string }): JsSIP.UA {
        const agent = new JsSIP.UA({ sockets: new JsSIP.WebSocketInterface(lab.webSocket), ...account });
        agent.registrator().setExtraHeaders(['TURN-Cred-Req: turn']);
        onTestFinished(() => agent.stop());
        return agent;
      }

      it('alice registers', async () => {
        await using lab = await startLab({ users: ['alice'] });
        Object.assign(globalThis, { WebSocket: lab.WebSocket });

        const alice = createAgent(lab, lab.users.alice);
        alice.start();
        const [aliceRegistered] = await once(alice, 'registered');
        await lab.waitFor('registered', ({ user }) => user === 'alice');
        expect(aliceRegistered.response.getHeader('TURN-Lifetime')).toMatch(/^\\d+$/);
        expect(await lab.tryAllocate(lab.credentialOf('alice'))).toMatchObject({ granted: true });
      }, 60_000);
      "
    `);
  });

  it('imports WebRTC for Node only for a call, and the helper only for a refresh', () => {
    const called = new Tape().registers('alice').calls('alice', 'busy', 486).test();
    const refreshed = new Tape()
      .registers('alice')
      .did('alice', 'refresh')
      .answer('alice', 'OPTIONS', 200, 'given')
      .test();
    expect(called).toContain(`from '@roamhq/wrtc'`);
    expect(called).not.toContain('epcscf-turn/wic');
    expect(refreshed).not.toContain('@roamhq/wrtc');
    expect(refreshed).toContain(`from 'epcscf-turn/wic'`);
  });

  it.each([
    ['access-token-refused', `startLab({ users: ['alice'], tokens: true });`],
    ['credential-store-down', `startLab({ users: ['alice'], config: { credentials: { approach: 'delivered' } } });`],
  ])('starts a lab in which the fault %s can hit', (kind, start) => {
    expect(new Tape().registers('alice').did('', 'fault', { request: { kind } }).test()).toContain(start);
  });

  it('keeps a fault where it was in the order of things', () => {
    const text = new Tape()
      .registers('alice')
      .did('alice', 'fault', { request: { kind: 'turn-answer', code: 486, user: 'alice' } })
      .did('alice', 'unregister')
      .test();
    const order = [`once(alice, 'registered')`, `code: 486`, `alice.stop();\n  await`].map((part) =>
      text.indexOf(part),
    );
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order[0]).toBeGreaterThan(0);
  });

  it('never lets a name or a number out of its literal', async () => {
    const hostile = `x'; process.exit(1); //\`\${1}\\`;
    const text = new Tape()
      .registers(hostile)
      .calls(hostile, `a\`\${process.exit(1)}\\`, 486)
      .did('', 'fault', { request: { kind: 'sip-wrong-realm', realm: hostile } })
      .did('constructor', 'register')
      .test([hostile, 'constructor']);
    expect(await check(text, { parser: 'typescript', singleQuote: true, printWidth: 120 })).toEqual(
      expect.any(Boolean),
    );
    // Whatever is left of the text without its literals and comments says nothing of an exit.
    const code = text
      .replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\$]|\\.|\$\{lab\.domain\})*`/g, '')
      .replace(/\/\/.*/g, '');
    expect(code).not.toContain('exit');
  });

  it('of nothing at all starts a lab', () => {
    expect(new Tape().test()).toContain(`it('starts a lab'`);
  });
});
