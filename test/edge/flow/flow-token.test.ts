import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type FlowReference, FlowTokens, type TokenDialog } from '../../../src/edge/flow/flow-token.ts';

const KEY = randomBytes(32);
const REGISTRATION = 'registration-of-alice1';
const flowId = randomBytes(9).toString('base64url');

function opened(tokens: FlowTokens, token: string): FlowReference {
  const result = tokens.open(token);
  if (result.kind !== 'flow') throw new Error(result.kind);
  return result.flow;
}

function dialogOf(callId: string): TokenDialog {
  const origin = { callId, fromUri: 'sip:alice@example.com', fromTag: 'a', toUri: 'sip:bob@example.com' };
  return { role: 'uac', origin };
}

describe('a flow token', () => {
  const tokens = new FlowTokens(KEY, 'here');

  it('opens to the flow and the registration it was issued for', () => {
    const handle = tokens.handleOf(REGISTRATION);
    expect(opened(tokens, tokens.issue(flowId, REGISTRATION))).toMatchObject({ flowId, handle });
    expect(opened(tokens, tokens.issue(flowId, undefined))).toMatchObject({ flowId, handle: undefined });
    expect(tokens.handleOf('another')).not.toBe(handle);
  });

  it('in a dialog tells of which Call-ID it is, also to another node, and in Path of none', () => {
    const { dialog } = opened(new FlowTokens(KEY, 'there'), tokens.issue(flowId, REGISTRATION, dialogOf('a call')));
    expect(dialog?.call).toBe(tokens.callOf('a call'));
    expect(dialog?.call).not.toBe(tokens.callOf('another call'));
    expect(opened(tokens, tokens.issue(flowId, REGISTRATION)).dialog).toBeUndefined();
  });

  it('in a dialog tells who has begun it with whom, however that is spelled, and which of them its side is', () => {
    const { origin } = dialogOf('a call');
    const [uac, uas] = (['uac', 'uas'] as const).map(
      (role) => opened(tokens, tokens.issue(flowId, REGISTRATION, { role, origin })).dialog,
    );
    expect([uac?.role, uas?.role]).toEqual(['uac', 'uas']);
    const spelled = { ...origin, fromUri: 'sips:%61lice@EXAMPLE.com;transport=ws', toUri: 'sip:bob@example.com:5060' };
    expect([uac?.parties, uas?.parties]).toEqual(Array(2).fill(tokens.partiesOf(spelled)));
    for (const other of [
      { fromUri: 'sip:carol@example.com' },
      { fromTag: 'another' },
      { toUri: 'sip:carol@example.com' },
      { callId: 'another call' },
      { fromUri: origin.toUri, toUri: origin.fromUri },
    ]) {
      expect(tokens.partiesOf({ ...origin, ...other })).not.toBe(uac?.parties);
    }
    const [escaped, plain] = ['a%22,%22b', 'a'].map((user) => ({ ...origin, fromUri: `sip:${user}@example.com` }));
    expect(tokens.partiesOf(escaped ?? origin)).not.toBe(tokens.partiesOf(plain ?? origin));
  });

  it('is found in an entry of a Route set, however that is written, and nowhere else', () => {
    const token = tokens.issue(flowId, REGISTRATION, dialogOf('a call'));
    for (const entry of [
      `<sip:${token}@example.com;transport=ws;lr>`,
      `"Edge" <sips:${token}@[2001:db8::1]:5061;lr>;x=y`,
      `<sip:${token}:password@example.com>`,
    ]) {
      expect(tokens.openEntry(entry)).toMatchObject({ kind: 'flow', flow: { flowId } });
    }
    const forged = `${token.slice(0, -4)}AAAA`;
    expect(tokens.openEntry(`<sip:${forged}@example.com;lr>`).kind).toBe('forged');
    for (const entry of ['', '<sip:', '<sip:example.com;lr>', `<tel:${token}@x>`, `<sip:x@${token}>`, token]) {
      expect(tokens.openEntry(entry).kind).toBe('none');
    }
  });

  it('has an id that no other has', () => {
    const ids = (['uac', 'uas'] as const).map((role) => {
      return opened(tokens, tokens.issue(flowId, REGISTRATION, { ...dialogOf('a call'), role })).id;
    });
    expect(new Set(ids).size).toBe(2);
  });

  const common = (a: string, b: string): number =>
    a.split('').filter((character, index) => character === b[index]).length;

  it('has nothing in common with that of another dialog of the same device, so that calls cannot be told to come from one', () => {
    const pairs = Array.from({ length: 200 }, (_, index) => {
      const [a = '', b = ''] = [`a${index}`, `b${index}`].map((callId) =>
        tokens.issue(flowId, REGISTRATION, dialogOf(callId)),
      );
      return Math.max(common(a, b), common(a, tokens.issue(flowId, REGISTRATION)));
    });
    // One position in 64 by chance.
    expect(Math.max(...pairs)).toBeLessThan(12);
  });

  it('of a Path is the same for a registration on a flow, and another for each other', () => {
    const path = tokens.issue(flowId, REGISTRATION);
    expect(tokens.issue(flowId, REGISTRATION)).toBe(path);
    const others = [
      tokens.issue(randomBytes(9).toString('base64url'), REGISTRATION),
      tokens.issue(flowId, 'another'),
      tokens.issue(flowId, undefined),
      new FlowTokens(KEY, 'there').issue(flowId, REGISTRATION),
    ];
    for (const other of others) expect(common(path, other)).toBeLessThan(12);
  });

  it.each(['1', 'ab', 'icid-1234567890@192.0.2.9', 'ünïcödé', 'x'.repeat(129)])(
    'keeps what the core charges the dialog under, unseen: %s',
    (icid) => {
      const token = tokens.issue(flowId, REGISTRATION, { ...dialogOf('c'), icid });
      expect(opened(tokens, token)).toMatchObject({ flowId, dialog: { call: tokens.callOf('c') }, icid });
      expect(token).toMatch(/^[\w-]{68,236}$/);
      for (const i of [0, 63, 64, token.length - 1]) {
        const changed = `${token.slice(0, i)}${token[i] === 'A' ? 'B' : 'A'}${token.slice(i + 1)}`;
        expect(tokens.open(changed).kind).toBe('forged');
      }
      expect(tokens.open(token.slice(0, 64)).kind).toBe('forged');
    },
  );

  it('does without one that is empty, or too long', () => {
    for (const icid of ['', 'x'.repeat(130), undefined]) {
      const token = tokens.issue(flowId, REGISTRATION, { ...dialogOf('c'), icid });
      expect([token.length, opened(tokens, token).icid]).toEqual([64, undefined]);
    }
  });

  it('may stand as it is in the user part of a URI', () => {
    expect(tokens.issue(flowId, REGISTRATION)).toMatch(/^[\w-]{64}$/);
  });

  it('is forged after any change, and when it was made with another key', () => {
    const token = tokens.issue(flowId, REGISTRATION);
    for (let i = 0; i < token.length; i++) {
      const changed = `${token.slice(0, i)}${token[i] === 'A' ? 'B' : 'A'}${token.slice(i + 1)}`;
      expect(tokens.open(changed).kind).toBe('forged');
    }
    expect(new FlowTokens(undefined, 'here').open(token).kind).toBe('forged');
    expect(new FlowTokens().open(token).kind).toBe('forged');
  });

  it('of another node with the same key, or of this one before a restart, names the device and no flow', () => {
    const token = tokens.issue(flowId, REGISTRATION);
    for (const other of [new FlowTokens(KEY, 'there'), new FlowTokens(KEY)]) {
      expect(opened(other, token)).toMatchObject({ flowId: undefined, handle: tokens.handleOf(REGISTRATION) });
    }
    expect(opened(new FlowTokens(KEY, 'here'), token).flowId).toBe(flowId);
  });

  it.each([undefined, '', 'bob', 'A'.repeat(63), 'A'.repeat(65), 'A'.repeat(66), 'A'.repeat(240), '%'.repeat(64)])(
    'is not what %j looks like',
    (text) => {
      expect(tokens.open(text).kind).toBe('none');
    },
  );
});
