import { type StunWriter } from '../../../stun/writer.ts';
import { type RefusalCause } from '../observe/turn-words.ts';

/** What a handler decides: the method's attributes of a success, or an error code and, for the log alone, its cause. */
export type Answer = Granted | Refused;

export interface Granted {
  readonly granted: true;
  readonly write: (answer: StunWriter) => void;
  /** Runs once the answer is sent. */
  readonly then?: () => void;
}

/** An answer that is not known yet: the handler keeps `settle` and calls it once. */
export interface Deferred {
  readonly later: (settle: (answer: Answer) => void) => void;
}

export interface Refused {
  readonly granted: false;
  readonly code: number;
  readonly cause: RefusalCause;
  /** Types for the UNKNOWN-ATTRIBUTES of a 420. */
  readonly unknown: readonly number[];
  /** Adds the attributes that go with the error code. */
  readonly write?: (answer: StunWriter) => void;
}

export function grant(write: (answer: StunWriter) => void): Granted {
  return { granted: true, write };
}

/** A success without attributes, and what is done once it is on its way. */
export function grantThen(then: () => void): Granted {
  return { granted: true, write: () => undefined, then };
}

export function refuse(code: number, cause: RefusalCause, unknown: readonly number[] = []): Refused {
  return { granted: false, code, cause, unknown };
}

export function refuseWith(code: number, cause: RefusalCause, write: (answer: StunWriter) => void): Refused {
  return { ...refuse(code, cause), write };
}
