import { schemaRoot, type SchemaNode } from './json-schema.ts';

export interface KnownKey {
  /** `turn.relay.ports.max`; keys of list entries as `credentials.keys[].id`. */
  readonly path: string;
  /** `EPCSCF_TURN_RELAY_PORTS_MAX`; the place in a list as `<n>`. */
  readonly environment: string;
  readonly node: SchemaNode;
}

/** Every section with its keys in the order of the schema; sections themselves have no line. */
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

/** EPCSCF_ and the path in upper snake case. */
function environmentName(path: string): string {
  const snake = path
    .replaceAll('[]', '.<n>')
    .replaceAll('.', '_')
    .replace(/[A-Z]/g, (letter) => `_${letter}`);
  return `EPCSCF_${snake.replace(/[a-z]/g, (letter) => letter.toUpperCase())}`.replaceAll('<N>', '<n>');
}
