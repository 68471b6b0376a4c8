import { type EpcscfTurnError } from '../../base/errors.ts';

/** Keeps what was generated, by file name: a folder, or memory for a server that leaves no trace. */
export interface StateStore {
  /** `undefined` when there is nothing under that name. */
  read(name: string): string | undefined;
  /** Keeps what is not there yet. When another was faster, its content is the answer. */
  create(name: string, content: string): string;
  /** Keeps a content in the place of an older one. */
  replace(name: string, content: string): void;
  /** Where others can read it; `undefined` when nowhere. */
  locate(name: string): string | undefined;
  /** What was kept is not what it should be. */
  broken(name: string, expected: string, cause?: unknown): EpcscfTurnError;
}
