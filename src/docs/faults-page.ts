import { faultSchema } from '../lab/faults/fault.ts';
import { fieldsOfSchema } from './fields.ts';
import { code, page, table } from './markdown.ts';

/** Fields of every fault, which say whom it hits and when it ends. */
const AIM: ReadonlySet<string> = new Set(['user', 'times', 'forMs']);

/** Every fault with its fields, from the schema that checks them. */
export function faultsPage(): string {
  const [first] = faultSchema.options;
  return page('Faults', [
    '`lab.faults.add({ kind, … })` and `POST /lab/faults` take one of these. [Faults on demand](../guide/faults.md) shows how to use them.',
    '## Fields of every fault',
    fieldTable(fieldsOfSchema(first).filter(({ name }) => AIM.has(name))),
    '## Kinds',
    ...faultSchema.options.map(kindPart),
  ]);
}

function kindPart(option: (typeof faultSchema.options)[number]): string {
  const fields = fieldsOfSchema(option).filter(({ name }) => name !== 'kind' && !AIM.has(name));
  const heading = `### ${code(option.shape.kind.value)}`;
  return [heading, option.description ?? '', ...(fields.length === 0 ? [] : [fieldTable(fields)])].join('\n\n');
}

function fieldTable(fields: ReturnType<typeof fieldsOfSchema>): string {
  const rows = fields.map(({ name, value, absent, description }) => [
    code(name),
    value,
    typeof absent === 'object' ? absent.default : absent,
    description,
  ]);
  return table(['Field', 'Value', 'Default', 'What it means'], rows);
}
