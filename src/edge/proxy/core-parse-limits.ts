import { type ParseLimits } from '../../sip/parse-message.ts';

const AT_LEAST: ParseLimits = { maxHeaders: 1024, maxLineBytes: 65_536 };

/**
 * What is read of a core, where clients have these limits: as much at least as a core says of all devices and names of a user. An answer that is too long to be
 * read leaves its client without one.
 */
export function coreParseLimits({ maxHeaders, maxLineBytes }: ParseLimits): ParseLimits {
  return {
    maxHeaders: Math.max(maxHeaders, AT_LEAST.maxHeaders),
    maxLineBytes: Math.max(maxLineBytes, AT_LEAST.maxLineBytes),
  };
}
