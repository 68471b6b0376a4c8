/** Longest line. */
export const WIDTH = 120;
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
/** Names that the written file has already, and words that are no names. */
const TAKEN: readonly string[] =
  'lab expect it once wrtc JsSIP startLab onTestFinished createAgent media pause attachTurnCredentials MediaStream nonstandard RTCPeerConnection RTCSessionDescription await break case catch class const continue debugger default delete do else enum export extends false finally for function if import in instanceof let new null package private protected public return static super switch this throw true try typeof var void while with yield globalThis Object process'.split(
    ' ',
  );

/** Names of variables: each is given once. */
export class Names {
  readonly #taken = new Set(TAKEN);

  /** `alice`, then `alice2`; what cannot be in a name is left out. */
  give(wish: string): string {
    const clean = wish.replace(/[^\w$]+(\w?)/g, (_, next: string) => next.toUpperCase()).replace(/^\d+/, '');
    const base = IDENTIFIER.test(clean) ? clean : 'user';
    let name = base;
    for (let count = 2; this.#taken.has(name); count += 1) name = `${base}${count}`;
    this.#taken.add(name);
    return name;
  }
}

/** A string literal as prettier writes it with single quotes. */
export function quote(text: string): string {
  const escaped = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"');
  return escaped.includes("'") && !escaped.includes('"') ? `"${escaped}"` : `'${escaped.replaceAll("'", "\\'")}'`;
}

/** `.alice` or `['alice-2']` */
export function property(name: string): string {
  return IDENTIFIER.test(name) ? `.${name}` : `[${quote(name)}]`;
}

/** `before({ a: 1, b: 'x' })after`, over several lines where one is too short. `indent` is that of the statement. */
export function callWith(
  before: string,
  fields: readonly (readonly [name: string, code: string])[],
  after: string,
  indent: number,
): string {
  const pad = ' '.repeat(indent);
  const written = fields.map(([name, code]) => `${IDENTIFIER.test(name) ? name : quote(name)}: ${code}`);
  const line = `${pad}${before}{ ${written.join(', ')} }${after}`;
  return line.length <= WIDTH
    ? line
    : [`${pad}${before}{`, ...written.map((one) => `${pad}  ${one},`), `${pad}}${after}`].join('\n');
}

/** Literals of what a fault is made of. */
export function literal(value: unknown): string {
  return typeof value === 'string' ? quote(value) : JSON.stringify(value);
}
