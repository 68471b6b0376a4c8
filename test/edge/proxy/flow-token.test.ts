import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { FlowTokens } from '../../../src/edge/proxy/flow-token.ts';

describe('a flow token', () => {
  const tokens = new FlowTokens();
  const flowId = randomBytes(9).toString('base64url');

  const ALICE = 'sip:alice@example.com';

  it('opens to the flow it was issued for', () => {
    expect(tokens.open(tokens.issue(flowId, ALICE))).toMatchObject({ kind: 'flow', flow: { flowId } });
    expect(tokens.open(tokens.issue(flowId, undefined))).toMatchObject({ kind: 'flow', flow: { flowId } });
  });

  it('knows its user from all others, and nobody when it was issued for none', () => {
    const users = [ALICE, 'sip:bob@example.com', ''];
    const owners = [ALICE, undefined].map((aor) => {
      const opened = tokens.open(tokens.issue(flowId, aor));
      if (opened.kind !== 'flow') throw new Error(opened.kind);
      return users.map((user) => tokens.isOwnedBy(opened.flow, user));
    });
    expect(owners).toEqual([
      [true, false, false],
      [false, false, false],
    ]);
  });

  it('tells nothing of its user that two flows would have in common', () => {
    const other = randomBytes(9).toString('base64url');
    const owners = [flowId, other].map((id) => {
      const opened = tokens.open(tokens.issue(id, ALICE));
      return opened.kind === 'flow' ? opened.flow.owner : undefined;
    });
    expect(new Set(owners).size).toBe(2);
  });

  it('is forged after any change, and when another process made it', () => {
    const token = tokens.issue(flowId, ALICE);
    for (let i = 0; i < token.length; i++) {
      const changed = `${token.slice(0, i)}${token[i] === 'A' ? 'B' : 'A'}${token.slice(i + 1)}`;
      expect(tokens.open(changed).kind).toBe('forged');
    }
    expect(new FlowTokens().open(token).kind).toBe('forged');
  });

  it.each([undefined, '', 'bob', 'A'.repeat(43), 'A'.repeat(45), '%'.repeat(44)])(
    'is not what %j looks like',
    (text) => {
      expect(tokens.open(text).kind).toBe('none');
    },
  );
});
