import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz, FUZZ_TIMEOUT_MS } from '../turn/hardening/fuzz-run.ts';
import { generatedMessage, type GeneratedMessage, type Meaning } from './message-grammar.ts';
import { readByJsSip, readBySipPackage, readByUs, sameForm, type Reader } from './message-readers.ts';

type Part = keyof Meaning;
const ORACLES = { 'the sip package': readBySipPackage, JsSIP: readByJsSip } as const satisfies Record<string, Reader>;
type Oracle = keyof typeof ORACLES;

/** Where an oracle reads something else than RFC 3261 says: nothing else is let pass, and each is shown to be still so. */
interface Deviation {
  readonly oracle: Oracle;
  /** What it misses; all of it when it refuses the message. */
  readonly part: Part | 'all';
  readonly what: string;
  readonly where: (message: GeneratedMessage) => boolean;
}

const beyondAscii = /[^\x00-\x7f]/;

const DEVIATIONS: readonly Deviation[] = [
  {
    oracle: 'the sip package',
    part: 'vias',
    what: 'knows no IPv6 reference in sent-by (§25.1)',
    where: ({ meaning }) => meaning.vias.some(({ host }) => host.startsWith('[')),
  },
  {
    oracle: 'the sip package',
    part: 'body',
    what: 'takes a Content-Length of 0 for none, and what follows for the body (§18.3)',
    where: ({ meaning, looks }) => looks.hasExcess && meaning.body === '',
  },
  ...(['the sip package', 'JsSIP'] as const).map((oracle): Deviation => {
    return {
      oracle,
      part: 'body',
      what: 'counts characters where Content-Length counts bytes (§20.14), and takes what follows the body for a part of it',
      where: ({ meaning, looks }) => looks.hasExcess && beyondAscii.test(meaning.body),
    };
  }),
  {
    oracle: 'JsSIP',
    part: 'vias',
    what: 'takes the last of several values in the first Via for the topmost (§7.3.1)',
    where: ({ looks, meaning: { vias } }) => {
      const [first, last] = [vias[0], vias[looks.firstVias - 1]];
      return first !== last && JSON.stringify(first) !== JSON.stringify(last);
    },
  },
  {
    oracle: 'JsSIP',
    part: 'all',
    what: 'does not skip empty lines before the start line (§7.5)',
    where: ({ looks }) => looks.startsEmpty,
  },
  {
    oracle: 'JsSIP',
    part: 'all',
    what: 'takes a display name that begins with an asterisk for the Contact of all (§25.1), and throws',
    where: ({ text }) => /^(?:contact|m)[ \t]*:\s*\*/im.test(text),
  },
];

/** What the oracle reads otherwise than it was meant. */
function missedBy(oracle: Oracle, { text, meaning }: GeneratedMessage): (Part | 'all')[] {
  const reading = ORACLES[oracle](text);
  if (!reading) return ['all'];
  const meant = oracle === 'JsSIP' ? sameForm(meaning) : meaning;
  return (Object.keys(meant) as Part[]).filter((part) => JSON.stringify(reading[part]) !== JSON.stringify(meant[part]));
}

describe('a message written by the grammar of RFC 3261, however it looks', () => {
  it('means to us what it means', { timeout: FUZZ_TIMEOUT_MS }, async () => {
    await fuzz(
      'whole messages',
      fc.property(generatedMessage, ({ text, meaning }) => {
        expect(readByUs(text)).toEqual(meaning);
      }),
    );
  });

  it.each(Object.keys(ORACLES) as Oracle[])(
    'means the same to %s, but for what is listed here',
    { timeout: FUZZ_TIMEOUT_MS },
    async (oracle) => {
      const known = DEVIATIONS.filter((deviation) => deviation.oracle === oracle);
      await fuzz(
        `whole messages, with ${oracle}`,
        fc.property(generatedMessage, (message) => {
          const excused = known.filter(({ where }) => where(message)).map(({ part }) => part);
          expect(
            excused.includes('all') ? [] : missedBy(oracle, message).filter((part) => !excused.includes(part)),
          ).toEqual([]);
        }),
      );
    },
  );

  it.each(DEVIATIONS)('$oracle $what', ({ oracle, part, where }) => {
    const others = DEVIATIONS.filter(
      (other) => other.oracle === oracle && other.part === 'all' && other.where !== where,
    );
    const cases = generatedMessage.filter((message) => where(message) && !others.some((other) => other.where(message)));
    for (const message of fc.sample(cases, 5)) {
      expect(missedBy(oracle, message)).toContain(part);
      expect(readByUs(message.text)).toEqual(message.meaning);
    }
  });
});
