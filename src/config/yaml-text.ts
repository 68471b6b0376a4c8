import { parseDocument, type YAMLError } from 'yaml';

interface ParsedYaml {
  readonly value?: unknown;
  /** Problems as `line:column: what is wrong`. When there are any, there is no value. */
  readonly problems: readonly string[];
}

/** Longest accepted number of aliases. A few lines with more aliases could make a tree of gigabytes. */
const MAX_ALIASES = 100;

/** One YAML document as plain data, `null` when empty. Tags are refused: what stands for a value should be it. */
export function parseYaml(text: string): ParsedYaml {
  const document = parseDocument(text, { prettyErrors: true });
  const slips = [...document.errors, ...document.warnings];
  if (slips.length > 0) return { problems: slips.map(describe) };
  try {
    return { value: document.toJS({ maxAliasCount: MAX_ALIASES }), problems: [] };
  } catch {
    return { problems: [`1:1: expected aliases that stand for at most ${MAX_ALIASES} values, got more`] };
  }
}

function describe({ code, message, linePos }: YAMLError): string {
  const [at] = linePos ?? [];
  return `${at?.line ?? 1}:${at?.col ?? 1}: ${ownWords(code) ?? summary(message)}`;
}

function ownWords(code: YAMLError['code']): string | undefined {
  switch (code) {
    case 'MULTIPLE_DOCS':
      return 'expected one YAML document, got another after "---"';
    case 'TAG_RESOLVE_FAILED':
      return 'expected a plain value, got one with a tag ("!…")';
    default:
      return undefined;
  }
}

function summary(message: string): string {
  return message.split('\n', 1)[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? '';
}
