import { schemaRoot } from '../config/json-schema.ts';

/** JSON Schema for editors (config/epcscf-turn.schema.json): without our own notes, which are no JSON Schema. */
export function publishedJsonSchema(): unknown {
  const schema: unknown = JSON.parse(
    JSON.stringify(schemaRoot(), (name, value: unknown) =>
      ['expected', 'secret', 'defaultText', 'file'].includes(name) && typeof value !== 'object' ? undefined : value,
    ),
  );
  return { ...(schema as object), title: 'epcscf-turn configuration' };
}
