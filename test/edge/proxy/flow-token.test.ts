import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { FlowTokens } from '../../../src/edge/proxy/flow-token.ts';

describe('a flow token', () => {
  const tokens = new FlowTokens();
  const flowId = randomBytes(9).toString('base64url');

  it('opens to the flow it was issued for', () => {
    expect(tokens.open(tokens.issue(flowId))).toEqual({ kind: 'flow', flowId });
  });

  it('is forged after any change, and when another process made it', () => {
    const token = tokens.issue(flowId);
    for (let i = 0; i < token.length; i++) {
      const changed = `${token.slice(0, i)}${token[i] === 'A' ? 'B' : 'A'}${token.slice(i + 1)}`;
      expect(tokens.open(changed).kind).toBe('forged');
    }
    expect(new FlowTokens().open(token).kind).toBe('forged');
  });

  it.each([undefined, '', 'bob', 'A'.repeat(31), 'A'.repeat(33), '%'.repeat(32)])(
    'is not what %j looks like',
    (text) => {
      expect(tokens.open(text).kind).toBe('none');
    },
  );
});
