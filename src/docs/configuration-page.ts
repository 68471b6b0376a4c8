import { expectedOf, nodeAt, type SchemaNode } from '../config/json-schema.ts';
import { knownKeys, type KnownKey } from '../config/known-keys.ts';
import { code, page, table } from './markdown.ts';

const INTRODUCTION = `Name the file by \`epcscf-turn serve --config file.yaml\`. [\`config/\`](../../config) has commented samples and a JSON Schema for editors.

- Every key can come from the environment as well: \`EPCSCF_\` and its path, as in \`EPCSCF_TURN_REALM\`. \`epcscf-turn print-config --env\` lists these names.
- \`--set turn.realm=example.com\` sets one key on the command line. A flag wins over the environment, the environment over the file. A list or a mapping is written as YAML, and a list replaces the whole of the default: \`--set 'turn.listeners=[{transport: udp, address: 127.0.0.1, port: 4478}]'\`.
- A secret can be read from a file: each key of a secret has a sibling \`…File\`, and each variable a sibling \`…_FILE\`.
- A relative name of a file or folder counts from the folder of the configuration file where it stands there, and from the working directory where a variable or \`--set\` says it.
- An unknown key is an error that names the nearest known one. \`epcscf-turn check-config\` prints every error at once: what was written wrong, and, as far as the rest names them, files and addresses that cannot be had.`;

/** Sections with at least so many keys get a heading of their own. */
const OWN_HEADING = 3;

/** Every key of the configuration: a table for each section, in the order of the schema. */
export function configurationPage(): string {
  const sections = [...sectionsOf(knownKeys())].map(([path, keys]) => section(path, keys));
  return page('Configuration', [INTRODUCTION, ...sections]);
}

function sectionsOf(keys: readonly KnownKey[]): Map<string, KnownKey[]> {
  const sections = new Map<string, KnownKey[]>();
  for (const key of keys) {
    const path = sectionOf(key, keys);
    // The heading of a section comes before those of its parts, whichever key is first.
    const [top = ''] = path.split('.');
    if (!sections.has(top)) sections.set(top, []);
    sections.set(path, [...(sections.get(path) ?? []), key]);
  }
  return sections;
}

/** `turn.relay` of `turn.relay.ports.min`, `turn` of `turn.realm`, and nothing of `domain`. */
function sectionOf({ path }: KnownKey, keys: readonly KnownKey[]): string {
  const [top = '', ...rest] = path.split('.');
  if (rest.length === 0) return '';
  const nested = `${top}.${(rest[0] ?? '').replace('[]', '')}`;
  const isNested = (other: string): boolean => new RegExp(`^${nested}(\\[\\])?(\\.|$)`).test(other);
  return keys.filter((key) => isNested(key.path)).length >= OWN_HEADING ? nested : top;
}

function section(path: string, keys: readonly KnownKey[]): string {
  const heading = path === '' ? '## General' : `${path.includes('.') ? '###' : '##'} ${code(path)}`;
  // A list describes itself in the row of its key.
  const node = path === '' ? undefined : nodeAt(path.split('.'));
  const description = node?.type === 'object' ? node.description : undefined;
  const keyTable = keys.length === 0 ? undefined : table(['Key', 'Default', 'Allowed', 'What it does'], keys.map(row));
  return [heading, description, keyTable].filter((part) => part !== undefined).join('\n\n');
}

function row({ path, node }: KnownKey): string[] {
  const allowed = node.type === 'array' && node.items?.type === 'object' ? 'a list, keys below' : expectedText(node);
  return [code(path), defaultText(node), allowed, node.description ?? ''];
}

function expectedText(node: SchemaNode): string {
  if (node.type !== 'array' || !node.items || node.expected !== undefined) return expectedOf(node);
  return `a list: ${expectedOf(node.items)}`;
}

function defaultText(node: SchemaNode): string {
  if (node.defaultText !== undefined) return node.defaultText;
  if (node.default === undefined) return '';
  if (Array.isArray(node.default)) return node.default.length === 0 ? 'none' : code(node.default.join(', '));
  return typeof node.default === 'object' ? 'none' : code(JSON.stringify(node.default).replaceAll('"', ''));
}
