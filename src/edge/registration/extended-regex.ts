/**
 * Matches a whole text, in a time that is the length of the text by the size of the expression, whatever the two are, and never in more than `MAX_STEPS`: what
 * would need more does not match.
 */
export type Matcher = (text: string) => boolean;

/** What `{m,n}` comes to when it is written out, too; no identity of a core needs more. */
const MAX_INSTRUCTIONS = 512;
/** Places in the expression gone through for one text: 16 for each character of the longest identity, where a plain expression has two or three. */
const MAX_STEPS = 4096;
/** Largest number in `{m,n}`: RE_DUP_MAX of POSIX. */
const MAX_REPEAT = 255;

type Accepts = (character: string) => boolean;

type Node =
  | { readonly kind: 'one'; readonly accepts: Accepts }
  | { readonly kind: 'sequence' | 'choice'; readonly of: readonly Node[] }
  | { readonly kind: 'repeat'; readonly of: Node; readonly min: number; readonly max: number };

/** One step of the machine that matches a text: take a character, or go on at several places at once. */
type Instruction = { readonly op: 'take'; readonly accepts: Accepts } | { op: 'fork'; to: readonly number[] };

const CLASSES: ReadonlyMap<string, RegExp> = new Map([
  ['alnum', /[a-z\d]/i],
  ['alpha', /[a-z]/i],
  ['digit', /\d/],
  ['lower', /[a-z]/],
  ['upper', /[A-Z]/],
  ['xdigit', /[\da-f]/i],
]);

/**
 * An extended regular expression of POSIX (IEEE 1003.1 §9.4) without anchors, collating elements and equivalence classes; `undefined` for those, for what is
 * malformed or undefined there, and for one that is too large. Not by `RegExp`, which can take for ever with an expression of somebody else's.
 */
export function compileExtendedRegex(source: string): Matcher | undefined {
  const node = new Parser(source).parse();
  const program: Instruction[] = [];
  if (!node || !emit(node, program)) return undefined;
  return (text) => run(program, text);
}

class Parser {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  parse(): Node | undefined {
    const node = this.#choice();
    return this.#at === this.#source.length ? node : undefined;
  }

  #choice(): Node | undefined {
    const of: Node[] = [];
    do {
      const sequence = this.#sequence();
      if (!sequence) return undefined;
      of.push(sequence);
    } while (this.#skip('|'));
    return { kind: 'choice', of };
  }

  /** Parses a sequence. An empty sequence is undefined in POSIX and refused. */
  #sequence(): Node | undefined {
    const of: Node[] = [];
    while (this.#at < this.#source.length && !this.#is('|') && !this.#is(')')) {
      const piece = this.#piece();
      if (!piece) return undefined;
      of.push(piece);
    }
    return of.length > 0 ? { kind: 'sequence', of } : undefined;
  }

  #piece(): Node | undefined {
    const atom = this.#atom();
    if (!atom) return undefined;
    if (this.#skip('*')) return this.#repeated(atom, 0, Infinity);
    if (this.#skip('+')) return this.#repeated(atom, 1, Infinity);
    if (this.#skip('?')) return this.#repeated(atom, 0, 1);
    if (!this.#is('{')) return atom;
    const [text = '', low = '', comma, high] =
      /^\{(\d{1,3})(?:(,)(\d{1,3})?)?\}/.exec(this.#source.slice(this.#at)) ?? [];
    this.#at += text.length;
    const min = Number(low);
    const max = comma === undefined ? min : high === undefined ? Infinity : Number(high);
    const isValid = text !== '' && min <= max && min <= MAX_REPEAT && (max <= MAX_REPEAT || max === Infinity);
    return isValid ? this.#repeated(atom, min, max) : undefined;
  }

  /** Parses an item with its repetition. Two repetitions in a row are undefined in POSIX and refused. */
  #repeated(of: Node, min: number, max: number): Node | undefined {
    return /^[*+?{]/.test(this.#source.slice(this.#at)) ? undefined : { kind: 'repeat', of, min, max };
  }

  #atom(): Node | undefined {
    const character = this.#next();
    switch (character) {
      case '.':
        return { kind: 'one', accepts: () => true };
      case '[':
        return this.#bracket();
      case '(': {
        const inner = this.#choice();
        return this.#skip(')') ? inner : undefined;
      }
      case '\\': {
        const escaped = this.#next();
        return /^[.[\]\\()*+?{}|^$]$/.test(escaped) ? literal(escaped) : undefined;
      }
      default:
        return /^[^*+?{^$)|]$/.test(character) ? literal(character) : undefined;
    }
  }

  #bracket(): Node | undefined {
    const isNegated = this.#skip('^');
    const tests: Accepts[] = [];
    do {
      const test = this.#bracketItem();
      if (!test) return undefined;
      tests.push(test);
    } while (!this.#skip(']'));
    return { kind: 'one', accepts: (character) => tests.some((test) => test(character)) !== isNegated };
  }

  #bracketItem(): Accepts | undefined {
    const rest = this.#source.slice(this.#at, this.#at + MAX_REPEAT);
    const [named, name = ''] = /^\[:([a-z]+):\]/.exec(rest) ?? [];
    if (named !== undefined) {
      this.#at += named.length;
      const pattern = CLASSES.get(name);
      return pattern && ((character) => pattern.test(character));
    }
    if (/^\[[.=]/.test(rest)) return undefined;
    const first = this.#next();
    if (first === '') return undefined;
    if (!this.#is('-') || this.#source.charAt(this.#at + 1) === ']') return (character) => character === first;
    this.#at += 1;
    const last = this.#next();
    return last !== '' && last !== '[' && first <= last
      ? (character) => first <= character && character <= last
      : undefined;
  }

  #is(character: string): boolean {
    return this.#source.charAt(this.#at) === character;
  }

  #skip(character: string): boolean {
    const isThere = this.#is(character);
    if (isThere) this.#at += 1;
    return isThere;
  }

  /** The next character; empty at the end. */
  #next(): string {
    const character = this.#source.charAt(this.#at);
    this.#at += character.length;
    return character;
  }
}

function literal(expected: string): Node {
  return { kind: 'one', accepts: (character) => character === expected };
}

/** Adds an instruction. Returns false when the program is full. */
function emit(node: Node, program: Instruction[]): boolean {
  if (program.length > MAX_INSTRUCTIONS) return false;
  switch (node.kind) {
    case 'one':
      program.push({ op: 'take', accepts: node.accepts });
      return true;
    case 'sequence':
      return node.of.every((part) => emit(part, program));
    case 'choice': {
      const fork: Instruction = { op: 'fork', to: [] };
      program.push(fork);
      const starts: number[] = [];
      const jumps: { to: readonly number[] }[] = [];
      for (const part of node.of) {
        starts.push(program.length);
        if (!emit(part, program)) return false;
        const jump: Instruction = { op: 'fork', to: [] };
        program.push(jump);
        jumps.push(jump);
      }
      fork.to = starts;
      for (const jump of jumps) jump.to = [program.length];
      return true;
    }
    case 'repeat':
      return emitRepeat(node, program);
  }
}

function emitRepeat({ of, min, max }: Extract<Node, { kind: 'repeat' }>, program: Instruction[]): boolean {
  for (let i = 0; i < min; i++) {
    if (!emit(of, program)) return false;
  }
  const forks: { to: readonly number[] }[] = [];
  const times = max === Infinity ? 1 : max - min;
  for (let i = 0; i < times; i++) {
    const fork: Instruction = { op: 'fork', to: [] };
    const start = program.push(fork) - 1;
    forks.push(fork);
    if (!emit(of, program)) return false;
    if (max === Infinity) program.push({ op: 'fork', to: [start] });
    fork.to = [start + 1];
  }
  for (const fork of forks) fork.to = [...fork.to, program.length];
  return true;
}

/** The places in the program that a text can have led to, all at once: none is gone through twice for one character. */
function run(program: readonly Instruction[], text: string): boolean {
  const roundOf = new Uint32Array(program.length + 1);
  let round = 1;
  let places = reach(program, [0], roundOf, round);
  let left = MAX_STEPS - places.length;
  for (const character of text) {
    const next: number[] = [];
    for (const place of places) {
      const instruction = program[place];
      if (instruction?.op === 'take' && instruction.accepts(character)) next.push(place + 1);
    }
    if (next.length === 0 || left <= 0) return false;
    round += 1;
    places = reach(program, next, roundOf, round);
    left -= places.length;
  }
  return roundOf[program.length] === round;
}

/** `roundOf`: when each place was reached last. */
function reach(
  program: readonly Instruction[],
  starts: number[],
  roundOf: Uint32Array,
  round: number,
): readonly number[] {
  const reached: number[] = [];
  for (let place = starts.pop(); place !== undefined; place = starts.pop()) {
    if (roundOf[place] === round) continue;
    roundOf[place] = round;
    reached.push(place);
    const instruction = program[place];
    if (instruction?.op === 'fork') for (const to of instruction.to) starts.push(to);
  }
  return reached;
}
