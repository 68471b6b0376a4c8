import { parse } from 'yaml';
import { nodeAt, type SchemaNode } from './json-schema.ts';
import { isMapping } from './problems.ts';

/** Text from the environment or a flag, as the kind of value its key holds; what does not fit stays text, for the schema to refuse. */
export function readText(node: SchemaNode, text: string): unknown {
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
  return text.split(',').map((entry) => readText(items, entry.trim()));
}

/** `auto` or a list, `auto` or a boolean: the word wins, and a list needs no brackets. */
function readAlternative(options: readonly SchemaNode[], text: string): unknown {
  if (options.some((option) => option.const === text)) return text;
  const other = options.find((option) => option.const === undefined);
  return other ? readText(other, text) : text;
}

function readYaml(text: string): unknown {
  try {
    return parse(text) as unknown;
  } catch {
    return text;
  }
}

/** Puts a value into a tree of plain mappings and lists; the path must be one of the schema's. */
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
