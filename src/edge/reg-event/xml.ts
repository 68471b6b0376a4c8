import { fail, ok, type Result } from '../../base/result.ts';

/** One element of an XML document. */
export interface XmlElement {
  /** The namespace that its prefix, or the lack of one, stands for; empty for none. */
  readonly namespace: string;
  readonly name: string;
  /** Attributes without a prefix; all others belong to other namespaces. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** Its own characters, without those of its children. */
  readonly text: string;
}

/** Why a document is not read. */
export type XmlDefect = 'too-large' | 'not-utf-8' | 'document-type' | 'too-deep' | 'too-many-elements' | 'malformed';

interface OpenElement extends XmlElement {
  readonly qualifiedName: string;
  readonly children: XmlElement[];
  /** Namespaces by prefix; the default one has the empty prefix. */
  readonly scope: ReadonlyMap<string, string>;
  text: string;
}

const MAX_BYTES = 65_536;
const MAX_DEPTH = 8;
const MAX_ELEMENTS = 2000;
const MAX_ATTRIBUTES = 32;

const NAME = String.raw`[\p{L}_][\p{L}\p{N}\p{M}._-]*`;
const BLANKS = String.raw`[ \t\r\n]`;
const QUALIFIED = `((?:${NAME}:)?${NAME})`;
const OPENING = new RegExp(`<${QUALIFIED}`, 'uy');
const ATTRIBUTE = new RegExp(`${BLANKS}+${QUALIFIED}${BLANKS}*=${BLANKS}*(?:"([^<"]*)"|'([^<']*)')`, 'uy');
const END_OF_OPENING = new RegExp(`${BLANKS}*(/?)>`, 'uy');
const CLOSING = new RegExp(`</${QUALIFIED}${BLANKS}*>`, 'uy');
const REFERENCE = /&(?:(lt|gt|amp|quot|apos)|#(\d{1,7})|#x([\da-f]{1,6}));|&/gi;
const CONTROL = /[^\P{Cc}\t\r\n]/u;

/** Stands where a reference leads nowhere; a document that holds it itself is not read. */
const NO_CHARACTER = '\0';

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
]);

/**
 * Reads an XML 1.0 document (UTF-8) of at most 64 KiB, 8 levels and 2000 elements. A document type is refused, and with it every entity but the five of
 * XML itself: nothing in a document grows when it is read. Comments and processing instructions are left out. Never throws.
 */
export function parseXml(bytes: Uint8Array): Result<XmlElement, XmlDefect> {
  if (bytes.length > MAX_BYTES) return fail('too-large');
  const text = decodeUtf8(bytes);
  if (text === undefined) return fail('not-utf-8');
  return CONTROL.test(text) ? fail('malformed') : new XmlReader(text).read();
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Goes over the text once; what is open stands on a stack of its own. */
class XmlReader {
  readonly #text: string;
  readonly #open: OpenElement[] = [];
  #at = 0;
  #elements = 0;
  #root: XmlElement | undefined;
  #defect: XmlDefect | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  read(): Result<XmlElement, XmlDefect> {
    while (this.#defect === undefined && this.#at < this.#text.length) this.#step();
    if (this.#defect !== undefined) return fail(this.#defect);
    return this.#root && this.#open.length === 0 ? ok(this.#root) : fail('malformed');
  }

  #step(): void {
    const text = this.#text;
    if (text.charAt(this.#at) !== '<') this.#readCharacters();
    else if (text.startsWith('<!--', this.#at)) this.#skipTo('-->', 4);
    else if (text.startsWith('<?', this.#at)) this.#skipTo('?>', 2);
    else if (text.startsWith('<![CDATA[', this.#at)) this.#readCharacterData();
    else if (text.startsWith('<!', this.#at)) this.#defect = 'document-type';
    else if (text.startsWith('</', this.#at)) this.#close();
    else this.#openElement();
  }

  #skipTo(end: string, from: number): number {
    const found = this.#text.indexOf(end, this.#at + from);
    if (found < 0) this.#defect = 'malformed';
    else this.#at = found + end.length;
    return found;
  }

  #readCharacters(): void {
    const end = this.#text.indexOf('<', this.#at);
    const characters = this.#text.slice(this.#at, end < 0 ? undefined : end);
    this.#at += characters.length;
    const element = this.#open.at(-1);
    const resolved = resolveReferences(characters);
    if (resolved === undefined || (!element && /[^ \t\r\n]/.test(characters))) this.#defect = 'malformed';
    else if (element) element.text += resolved;
  }

  #readCharacterData(): void {
    const start = this.#at + 9;
    const end = this.#skipTo(']]>', 9);
    const element = this.#open.at(-1);
    if (!element) this.#defect = 'malformed';
    else if (end >= 0) element.text += this.#text.slice(start, end);
  }

  #openElement(): void {
    const qualifiedName = this.#match(OPENING)?.[1];
    const attributes = this.#readAttributes();
    const end = attributes && this.#match(END_OF_OPENING);
    if (qualifiedName === undefined || !end) {
      this.#defect = 'malformed';
      return;
    }
    const parent = this.#open.at(-1);
    const scope = scopeWithin(parent?.scope ?? new Map(), attributes);
    const [prefix, name] = splitName(qualifiedName);
    const namespace = scope.get(prefix);
    this.#elements += 1;
    if (this.#open.length >= MAX_DEPTH) this.#defect = 'too-deep';
    else if (this.#elements > MAX_ELEMENTS) this.#defect = 'too-many-elements';
    else if ((!parent && this.#root) || (namespace === undefined && prefix !== '')) this.#defect = 'malformed';
    if (this.#defect !== undefined) return;
    const own = new Map([...attributes].filter(([of]) => !of.includes(':') && of !== 'xmlns'));
    const element = { qualifiedName, namespace: namespace ?? '', name, attributes: own, children: [], scope, text: '' };
    if (parent) parent.children.push(element);
    else this.#root = element;
    if (end[1] === '') this.#open.push(element);
  }

  /** `undefined` when one comes twice, or there are too many. */
  #readAttributes(): Map<string, string> | undefined {
    const attributes = new Map<string, string>();
    for (let found = this.#match(ATTRIBUTE); found; found = this.#match(ATTRIBUTE)) {
      const [, name = '', quoted, apostrophed] = found;
      const value = resolveReferences(quoted ?? apostrophed ?? '');
      if (value === undefined || attributes.has(name) || attributes.size >= MAX_ATTRIBUTES) return undefined;
      attributes.set(name, value);
    }
    return attributes;
  }

  #close(): void {
    const name = this.#match(CLOSING)?.[1];
    if (name === undefined || this.#open.pop()?.qualifiedName !== name) this.#defect = 'malformed';
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found) this.#at = pattern.lastIndex;
    return found;
  }
}

/** `undefined` for a reference to anything but the five entities of XML and the characters that it may hold. */
function resolveReferences(text: string): string | undefined {
  if (!text.includes('&')) return text;
  const resolved = text.replace(REFERENCE, (_whole, entity?: string, decimal?: string, hex?: string) => {
    const character =
      entity === undefined
        ? characterOf(decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal))
        : ENTITIES.get(entity);
    return character ?? NO_CHARACTER;
  });
  return resolved.includes(NO_CHARACTER) ? undefined : resolved;
}

function characterOf(code: number): string | undefined {
  // A lone ampersand has no code: NaN.
  const isOne = code <= 0x10_ffff && !(code >= 0xd800 && code <= 0xdfff);
  const character = isOne ? String.fromCodePoint(code) : '';
  return character === '' || CONTROL.test(character) ? undefined : character;
}

function scopeWithin(
  outer: ReadonlyMap<string, string>,
  attributes: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const declared = [...attributes].flatMap(([name, value]): [string, string][] => {
    const [prefix, local] = splitName(name);
    if (name === 'xmlns') return [['', value]];
    return prefix === 'xmlns' ? [[local, value]] : [];
  });
  return declared.length === 0 ? outer : new Map([...outer, ...declared]);
}

function splitName(qualified: string): readonly [prefix: string, local: string] {
  const colon = qualified.indexOf(':');
  return colon < 0 ? ['', qualified] : [qualified.slice(0, colon), qualified.slice(colon + 1)];
}
