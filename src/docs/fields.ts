import * as z from 'zod';
import { code } from './markdown.ts';

/** The part of JSON Schema that faults and events use. */
interface Node {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: string | number | boolean;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Node[];
  readonly items?: Node;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
}

interface Field {
  readonly name: string;
  readonly value: string;
  /** What it is when it is left out, or whether it may be. */
  readonly absent: 'required' | 'optional' | { readonly default: string };
  readonly description: string;
}

/** The fields of an object schema, in its order. */
export function fieldsOfSchema(schema: z.ZodType): Field[] {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Node;
  return Object.entries(properties).map(([name, node]) => ({
    name,
    value: valueText(node),
    absent:
      node.default !== undefined
        ? { default: code(JSON.stringify(node.default)) }
        : required.includes(name)
          ? 'required'
          : 'optional',
    description: descriptionOf(name, node),
  }));
}

/** Every field has one, but those that say by their value all there is to say. */
function descriptionOf(name: string, { description, const: only }: Node): string {
  if (description !== undefined) return description;
  if (only !== undefined || name === 'cause') return '';
  throw new Error(`${name}: the field has no description`);
}

function valueText(node: Node): string {
  if (node.const !== undefined) return code(JSON.stringify(node.const));
  if (node.enum) return node.enum.map(code).join(', ');
  if (node.anyOf) return node.anyOf.map(valueText).join(', ');
  switch (node.type) {
    case 'integer':
      return `an integer${rangeText(node)}`;
    case 'number':
      return `a number${rangeText(node)}`;
    case 'boolean':
      return 'true or false';
    case 'array':
      return `a list${node.items ? `: ${valueText(node.items)}` : ''}`;
    case 'object':
      return node.properties ? `{ ${Object.keys(node.properties).join(', ')} }` : 'an object';
    default:
      return node.pattern === undefined ? 'text' : `text that matches ${code(node.pattern)}`;
  }
}

/** JSON Schema gives every integer the bounds of a double, which say nothing. */
function rangeText({ minimum, maximum, exclusiveMinimum }: Node): string {
  const from = minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER ? ` from ${minimum}` : '';
  const above = exclusiveMinimum === undefined ? '' : ` above ${exclusiveMinimum}`;
  const to = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? ` to ${maximum}` : '';
  return `${from}${above}${above && to ? ',' : ''}${to}`;
}
