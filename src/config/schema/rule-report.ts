/** Tells what was expected of a key. `path` is dotted, or a list where a key itself holds dots; `got` is what came. */
export type Report = (path: string | string[], expected: string, got: unknown) => void;
