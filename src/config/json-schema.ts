import * as z from 'zod';
import { configTree } from './schema/tree.ts';

/** The part of JSON Schema that the configuration uses, with four notes of our own: `expected`, `secret`, `defaultText` and `file`. */
export interface SchemaNode {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly enum?: readonly (string | number | boolean)[];
  readonly const?: string | number | boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly minLength?: number;
  readonly additionalProperties?: SchemaNode | boolean;
  /** What a value must be, where type and bounds do not say it. */
  readonly expected?: string;
  readonly secret?: boolean;
  /** Set for a key that names a file or folder: whether the file is public or secret. */
  readonly file?: 'public' | 'secret' | 'folder';
  /** Text for a default that is made at start. */
  readonly defaultText?: string;
}

/** JSON Schema (2020-12) of what an operator may write: for editors, and for everything here that needs to know the keys. */
function configJsonSchema(): SchemaNode {
  return z.toJSONSchema(configTree, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      // A secret may also be a `Secret` object, which no file can hold.
      if (jsonSchema.secret === true) {
        delete jsonSchema.anyOf;
        jsonSchema.type = 'string';
      }
    },
  }) as SchemaNode;
}

let root: SchemaNode | undefined;

/** The schema of the whole tree, built once. */
export function schemaRoot(): SchemaNode {
  return (root ??= configJsonSchema());
}

/** The node at a path, where list positions are numbers or digits; `undefined` where no key can be. */
export function nodeAt(path: readonly PropertyKey[]): SchemaNode | undefined {
  let node: SchemaNode | undefined = schemaRoot();
  for (const step of path) node = node && childOf(node, String(step));
  return node;
}

function childOf(node: SchemaNode, step: string): SchemaNode | undefined {
  if (node.properties) return Object.hasOwn(node.properties, step) ? node.properties[step] : undefined;
  if (typeof node.additionalProperties === 'object') return node.additionalProperties;
  const items = node.items ?? node.anyOf?.find((option) => option.items)?.items;
  return items && /^\d{1,4}$/.test(step) ? items : undefined;
}

/** "an integer from 1 to 65535", "one of udp, tcp, tls", … */
export function expectedOf(node: SchemaNode): string {
  if (node.expected !== undefined) return node.expected;
  if (node.enum) return node.enum.length === 1 ? String(node.enum[0]) : `one of ${node.enum.join(', ')}`;
  if (node.const !== undefined) return String(node.const);
  switch (node.type) {
    case 'integer':
      return `an integer from ${node.minimum ?? 0} to ${node.maximum ?? Number.MAX_SAFE_INTEGER}`;
    case 'boolean':
      return 'true or false';
    case 'array':
      return (node.minItems ?? 0) > 0 ? 'a list that is not empty' : 'a list';
    case 'object':
      return 'a mapping';
    default:
      return (node.minLength ?? 0) > 0 ? 'text that is not empty' : 'text';
  }
}
