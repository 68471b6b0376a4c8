import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mailboxMemory, MailboxReader, MailboxWriter } from '../../../../src/turn/dataplane/batch/mailbox.ts';

const RING_BYTES = 1024;
const message = fc.record({
  kind: fc.nat(20),
  numbers: fc.tuple(fc.nat(), fc.nat(), fc.nat()),
  timeMs: fc.double({ noNaN: true }),
  data: fc.uint8Array({ maxLength: 300 }),
});

describe('a mailbox', () => {
  it('gives what was posted, in order and whole, and refuses what has no room', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(message, fc.constant('take' as const)), { maxLength: 200 }), (steps) => {
        const memory = mailboxMemory(RING_BYTES);
        const [writer, reader] = [new MailboxWriter(memory), new MailboxReader(memory)];
        const address = Uint32Array.from([1, 2, 3, 4, 5, 6, 7, 8]);
        const posted: (typeof message extends fc.Arbitrary<infer T> ? T : never)[] = [];
        const takeOne = (): void => {
          const expected = posted.shift();
          expect(reader.take()).toBe(expected !== undefined);
          if (!expected) return;
          const { kind, first, second, third, timeMs, words, addressAt } = reader;
          expect({ kind, numbers: [first, second, third], timeMs }).toEqual({
            kind: expected.kind,
            numbers: expected.numbers,
            timeMs: expected.timeMs,
          });
          expect(words.slice(addressAt, addressAt + 8)).toEqual(address);
          expect(Uint8Array.from(reader.copyData())).toEqual(Uint8Array.from(expected.data));
        };
        for (const step of steps) {
          if (step === 'take') takeOne();
          else {
            const [first, second, third] = step.numbers;
            const { kind, timeMs, data } = step;
            if (writer.post(kind, first, second, third, timeMs, address, 0, data, 0, data.length)) posted.push(step);
          }
        }
        while (posted.length > 0) takeOne();
        expect(reader.take()).toBe(false);
        expect(reader.hasMore).toBe(false);
      }),
    );
  });

  it('says when all up to a position has had its effect, and not before', () => {
    const memory = mailboxMemory(RING_BYTES);
    const [writer, reader] = [new MailboxWriter(memory), new MailboxReader(memory)];
    writer.post(1, 0, 0, 0, 0, undefined, 0, undefined, 0, 0);
    const { position } = writer;
    expect(writer.isDone(position)).toBe(false);
    reader.take();
    reader.take();
    expect(writer.isDone(position)).toBe(false);
    reader.setDone();
    expect(writer.isDone(position)).toBe(true);
  });
});
