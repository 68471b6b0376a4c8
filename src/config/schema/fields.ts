import { isIP } from 'node:net';
import * as z from 'zod';
import { parseIpRange } from '../../base/ip-range.ts';
import { Secret } from '../../base/secret.ts';

/**
 * The kinds of values a key may hold. What a wrong value should have been is told from the JSON Schema of the key (see problems.ts), so a
 * kind that JSON Schema cannot express says `expected` in its metadata; a description says what the key does, never its type.
 */
export function wholeNumber(min: number, max: number, defaultValue: number, description: string) {
  return z.int().min(min).max(max).default(defaultValue).meta({ description });
}

export function seconds(min: number, max: number, defaultValue: number, description: string) {
  return wholeNumber(min, max, defaultValue, description);
}

export function flag(defaultValue: boolean, description: string) {
  return z.boolean().default(defaultValue).meta({ description });
}

/** 0 lets the system choose: for tests and for embedding. */
export const portNumber = z.int().min(0).max(65_535);

export const ipAddress = z
  .string()
  .refine((text) => isIP(text) !== 0 && !text.includes('%'))
  .meta({ expected: 'an IP address' });

export const ipRange = z
  .string()
  .refine((text) => parseIpRange(text) !== undefined)
  .meta({ expected: 'an address, a range "first-last" or a network such as 10.0.0.0/8 without host bits' });

/** Addresses of proxies that send a PROXY header to a listener. Default: none. */
export const proxyRanges = z.array(ipRange).optional().meta({
  description:
    'Addresses of proxies that begin each connection with a PROXY header (version 1 or 2), which names the client. Only these proxies may then connect.',
  defaultText: 'none: clients connect directly',
});

/** A host name as RFC 1123 has it. */
export const hostName = z
  .string()
  .regex(/^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i)
  .meta({ expected: 'a host name' });

/** Text that goes into a quoted string of SIP and into a STUN attribute (RFC 8489 §14.9: fewer than 128 characters). */
export const realmText = z
  .string()
  .regex(/^[\x20\x21\x23-\x5b\x5d-\x7e]{1,127}$/)
  .meta({ expected: 'up to 127 printable ASCII characters without quotes and backslashes' });

export const filePath = z.string().min(1).meta({ expected: 'a file name', file: 'public' });
/** Name of a file that only its owner should be able to read. */
export const secretPath = z.string().min(1).meta({ expected: 'a file name', file: 'secret' });
export const folderPath = z.string().min(1).meta({ expected: 'a folder name', file: 'folder' });

/** Accepts a `Secret` too, so that an effective configuration can be handed in again. */
export const secretText = z
  .union([z.string().min(1), z.instanceof(Secret)])
  .transform((value) => (typeof value === 'string' ? new Secret(value) : value))
  .meta({ secret: true, expected: 'text that is not empty' });

/** One key of the user or of the key ring: `name` or `nameFile`, never both and never neither. */
export function exactlyOne<Name extends string>(name: Name) {
  const fileName = `${name}File` as const;
  return {
    check: (value: Partial<Record<Name | `${Name}File`, unknown>>) =>
      (value[name] === undefined) !== (value[fileName] === undefined),
    params: { error: `exactly one of "${name}" and "${fileName}"` },
  };
}

/** Nested sections: an absent section is an empty one, whose keys have their defaults. */
export function section<Shape extends z.ZodRawShape>(shape: Shape, description: string) {
  return z
    .strictObject(shape)
    .prefault({} as z.input<z.ZodObject<Shape>>)
    .meta({ description });
}
