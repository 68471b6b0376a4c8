import { schemaRoot, type SchemaNode } from './json-schema.ts';

export interface KnownKey {
  /** The dotted path, such as `turn.relay.ports.max` or, in the entries of a list, `credentials.keys[].id`. */
  readonly path: string;
  /** The environment variable, such as `EPCSCF_TURN_RELAY_PORTS_MAX`; `<n>` is a position in a list. */
  readonly environment: string;
  readonly node: SchemaNode;
}

/** Every key in the order of the schema. Sections themselves are not listed. */
export function knownKeys(): KnownKey[] {
  return collect(schemaRoot(), '');
}

function collect(node: SchemaNode, path: string): KnownKey[] {
  if (node.properties) {
    return Object.entries(node.properties).flatMap(([name, child]) =>
      collect(child, path === '' ? name : `${path}.${name}`),
    );
  }
  const own = { path, environment: environmentName(path), node };
  return node.items?.properties ? [own, ...collect(node.items, `${path}[]`)] : [own];
}

/** The environment variable of a path: `EPCSCF_` and the path in upper snake case. */
function environmentName(path: string): string {
  const snake = path
    .replaceAll('[]', '.<n>')
    .replaceAll('.', '_')
    .replace(/[A-Z]/g, (letter) => `_${letter}`);
  return `EPCSCF_${snake.replace(/[a-z]/g, (letter) => letter.toUpperCase())}`.replaceAll('<N>', '<n>');
}
