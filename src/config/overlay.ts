import { nodeAt, type SchemaNode } from './json-schema.ts';
import { isMapping } from './problems.ts';
import { parseYaml } from './yaml-text.ts';

/** Text from the environment or a flag, as the kind of value its key holds; what does not fit stays text, for the schema to refuse. */
export function readValue(node: SchemaNode, text: string): unknown {
  switch (node.type) {
    case 'string':
      return text;
    case 'integer':
      return /^-?\d+(?:\.\d+)?$/.test(text.trim()) ? Number(text) : text;
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text;
    case 'array':
      return readList(node, text);
    case 'object':
      return readYaml(text);
    default:
      return readAlternative(node.anyOf ?? [], text);
  }
}

function readList(node: SchemaNode, text: string): unknown {
  const items = node.items ?? {};
  if (items.type === 'object' || text.trimStart().startsWith('[')) return readYaml(text);
  if (text.trim() === '') return [];
  return text.split(',').map((entry) => readValue(items, entry.trim()));
}

/** `auto` or a list, `auto` or a boolean: the word wins, and a list needs no brackets. */
function readAlternative(options: readonly SchemaNode[], text: string): unknown {
  if (options.some((option) => option.const === text)) return text;
  const other = options.find((option) => option.const === undefined);
  return other ? readValue(other, text) : text;
}

function readYaml(text: string): unknown {
  const { value, problems } = parseYaml(text);
  return problems.length > 0 ? text : value;
}

/** Where a path goes past the end of a list: the list, how many entries it has, and the place that was named. */
export interface ListGap {
  readonly list: string;
  readonly length: number;
  readonly place: number;
}

/** `undefined` when every list on the path has the entry, or is just one short of it. */
export function gapAt(tree: unknown, path: readonly string[]): ListGap | undefined {
  let value: unknown = tree;
  for (const [i, step] of path.entries()) {
    if (nodeAt(path.slice(0, i))?.type === 'array') {
      const length = Array.isArray(value) ? value.length : 0;
      if (Number(step) > length) return { list: path.slice(0, i).join('.'), length, place: Number(step) };
    }
    value = isMapping(value) || Array.isArray(value) ? Reflect.get(value, step) : undefined;
  }
  return undefined;
}

/** Puts a value into a tree of plain mappings and lists; the path must be one of the schema's, without a gap. */
export function setAt(tree: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [last = ''] = path.slice(-1);
  let parent: Record<string, unknown> = tree;
  path.slice(0, -1).forEach((step, i) => {
    const child = parent[step];
    const isList = nodeAt(path.slice(0, i + 1))?.type === 'array';
    const next: unknown = isList
      ? Array.isArray(child)
        ? [...(child as unknown[])]
        : []
      : isMapping(child)
        ? { ...child }
        : {};
    parent[step] = next;
    parent = next as Record<string, unknown>;
  });
  parent[last] = value;
}
