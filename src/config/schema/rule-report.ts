import { type Config } from './tree.ts';

/** Tells what was expected of a key. `path` is dotted, or a list where a key itself holds dots; `got` is what came. */
export type Report = (path: string | string[], expected: string, got: unknown) => void;

/** Between keys. It ends where it reads what was written wrong (see `knownPart`), so each is about few keys. */
export type Rule = (config: Config, report: Report) => void;
