import { expectedOf, schemaRoot, type SchemaNode } from './json-schema.ts';
import { knownKeys, type KnownKey } from './known-keys.ts';

const START = '<!-- config:start -->';
const END = '<!-- config:end -->';

/** The table of every key, for README.md: one table for each section, in the order of the schema. */
function configTables(): string {
  const sections = new Map<string, KnownKey[]>();
  for (const key of knownKeys()) {
    const [name = ''] = key.path.includes('.') ? key.path.split('.') : [''];
    sections.set(name, [...(sections.get(name) ?? []), key]);
  }
  const tables = [...sections].map(([name, keys]) => {
    const title =
      name === '' ? '**General**' : `**\`${name}\`**: ${schemaRoot().properties?.[name]?.description ?? ''}`;
    return `${title}\n\n| Key | Default | Allowed | What it does |\n| --- | --- | --- | --- |\n${keys.map(row).join('\n')}`;
  });
  return tables.join('\n\n');
}

function row({ path, node }: KnownKey): string {
  const allowed = node.type === 'array' && node.items?.type === 'object' ? 'a list, keys below' : expectedText(node);
  return `| \`${path}\` | ${defaultText(node)} | ${cell(allowed)} | ${cell(node.description ?? '')} |`;
}

function expectedText(node: SchemaNode): string {
  if (node.type !== 'array' || !node.items || node.expected !== undefined) return expectedOf(node);
  return `a list: ${expectedOf(node.items)}`;
}

function defaultText(node: SchemaNode): string {
  if (node.defaultText !== undefined) return cell(node.defaultText);
  if (node.default === undefined) return '';
  if (Array.isArray(node.default)) return node.default.length === 0 ? 'none' : `\`${node.default.join(', ')}\``;
  return typeof node.default === 'object' ? 'none' : `\`${JSON.stringify(node.default).replaceAll('"', '')}\``;
}

/** A bar would end the cell. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

/** The README with its tables made anew; `undefined` when it has no place for them. */
export function withConfigTables(readme: string): string | undefined {
  const start = readme.indexOf(START);
  const end = readme.indexOf(END);
  if (start < 0 || end < start) return undefined;
  const tables = `\n\n<!-- prettier-ignore-start -->\n${configTables()}\n<!-- prettier-ignore-end -->\n\n`;
  return readme.slice(0, start + START.length) + tables + readme.slice(end);
}

/** JSON Schema for editors (config/epcscf-turn.schema.json): without our own notes, which are no JSON Schema. */
export function publishedJsonSchema(): unknown {
  const schema: unknown = JSON.parse(
    JSON.stringify(schemaRoot(), (name, value: unknown) =>
      ['expected', 'secret', 'defaultText', 'file'].includes(name) && typeof value !== 'object' ? undefined : value,
    ),
  );
  return { ...(schema as object), title: 'epcscf-turn configuration' };
}
