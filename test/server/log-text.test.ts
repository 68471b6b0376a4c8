import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeControls, showControls } from '../../src/server/log-text.ts';

/** What a terminal acts on, but for the end of a line. */
const ACTED_ON = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('\\', 'u', '0', '1', 'b', 'n', '\u009b', '\u001b', '\u202e') }),
);

describe('a line of the log', () => {
  it('as JSON has no control characters and the values it had', () => {
    fc.assert(
      fc.property(text, (origin) => {
        const line = escapeControls(`${JSON.stringify({ origin })}\n`);
        expect(line.slice(0, -1)).not.toMatch(ACTED_ON);
        expect(JSON.parse(line)).toEqual({ origin });
      }),
    );
  });

  it('for people has values without control characters, and all others as they are', () => {
    fc.assert(
      fc.property(text, (origin) => {
        const { origin: shown } = JSON.parse(showControls(`${JSON.stringify({ origin })}\n`)) as { origin: string };
        expect(shown).not.toMatch(ACTED_ON);
        if (!ACTED_ON.test(origin)) expect(shown).toBe(origin);
      }),
    );
  });
});
