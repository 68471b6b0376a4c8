import { type Attribute } from './attribute.ts';
import * as stunOrigin from './attributes/draft-stun-origin.ts';
import * as rfc5780 from './attributes/rfc5780.ts';
import * as rfc6062 from './attributes/rfc6062.ts';
import * as rfc7635 from './attributes/rfc7635.ts';
import * as rfc7982 from './attributes/rfc7982.ts';
import * as rfc8016 from './attributes/rfc8016.ts';
import * as rfc8445 from './attributes/rfc8445.ts';
import * as rfc8489 from './attributes/rfc8489.ts';
import * as rfc8656 from './attributes/rfc8656.ts';

const TABLES: readonly Readonly<Record<string, Attribute<unknown>>>[] = [
  rfc8489,
  rfc8656,
  rfc8445,
  rfc5780,
  rfc6062,
  rfc7635,
  rfc7982,
  rfc8016,
  stunOrigin,
];

/** Every attribute this codec knows, in the order of their types. */
export const ATTRIBUTES: readonly Attribute<unknown>[] = TABLES.flatMap((table) => Object.values(table)).sort(
  (a, b) => a.type - b.type,
);

/** Types that a TURN server knows: those of the rows that say so. */
export const UNDERSTOOD_TYPES: readonly number[] = ATTRIBUTES.filter(({ understood }) => understood).map(
  ({ type }) => type,
);

const BY_TYPE: ReadonlyMap<number, Attribute<unknown>> = new Map(
  ATTRIBUTES.map((attribute): [number, Attribute<unknown>] => [attribute.type, attribute]),
);

export function registeredAttribute(type: number): Attribute<unknown> | undefined {
  return BY_TYPE.get(type);
}
