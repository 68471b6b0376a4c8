import { AIM_FIELDS, FAULT_FORMS, type FaultField } from './fault-forms.ts';

/** A fault as the server takes it. */
export interface AskedFault {
  readonly kind: string;
  readonly [field: string]: unknown;
}

/** `field` is what to mend. */
export type FilledIn =
  | { readonly ok: true; readonly request: AskedFault }
  | { readonly ok: false; readonly field: string; readonly problem: string };

/** The request of a form that was filled in: texts by name of the field; an empty one asks for nothing. */
export function requestOf(kind: string, values: ReadonlyMap<string, string>): FilledIn {
  const form = FAULT_FORMS.get(kind);
  if (!form) return { ok: false, field: 'kind', problem: 'Choose a fault.' };
  const request = new Map<string, unknown>([['kind', kind]]);
  for (const field of [...form.fields, ...AIM_FIELDS]) {
    const text = (values.get(field.name) ?? '').trim();
    if (text === '') {
      if (isOptional(field)) continue;
      return { ok: false, field: field.name, problem: `${field.label}: a value is needed.` };
    }
    if (field.type !== 'number') {
      request.set(field.name, text);
      continue;
    }
    const number = Number(text);
    if (!Number.isInteger(number) || number < field.min || number > field.max) {
      const problem = `${field.label}: expected a whole number from ${field.min} to ${field.max}, got ${text}.`;
      return { ok: false, field: field.name, problem };
    }
    request.set(field.name, field.scale < 1 ? number / Math.round(1 / field.scale) : number * field.scale);
  }
  const user = values.get('user') ?? '';
  const method = values.get('method') ?? '';
  if (user !== '') request.set('user', user);
  if (form.methods.includes(method)) request.set('method', method);
  return { ok: true, request: Object.fromEntries(request) as AskedFault };
}

/** `Packets lost, 20 %, to-peer · alice · 5 times` */
export function describeFault({ kind, user, method, times, forMs, ...rest }: AskedFault): string {
  const form = FAULT_FORMS.get(kind);
  const values = (form?.fields ?? []).flatMap((field) => {
    const value = rest[field.name];
    return value === undefined || goesWithoutSaying(field, value) ? [] : [describeValue(field, value)];
  });
  const aim = [
    user ?? 'everybody',
    method,
    times === 1 ? 'once' : times === undefined ? undefined : `${textOf(times)} times`,
    typeof forMs === 'number' ? `for ${forMs / 1000} s` : undefined,
  ];
  return [[form?.label ?? kind, ...values].join(', '), ...aim.filter((one) => one !== undefined).map(textOf)].join(
    ' · ',
  );
}

/** A jitter of nothing, or both directions. */
function goesWithoutSaying({ start }: FaultField, value: unknown): boolean {
  return start === value && (value === 0 || value === 'both');
}

function describeValue(field: FaultField, value: unknown): string {
  if (field.type !== 'number' || typeof value !== 'number') return textOf(value);
  const unit = /\((.+)\)$/.exec(field.label)?.[1];
  const shown = textOf(Math.round(value / field.scale));
  if (unit !== undefined) return `${shown} ${unit}`;
  return field.scale === 1 ? `${field.label.toLowerCase()} ${shown}` : `${shown} ${field.label}`;
}

function isOptional(field: FaultField): boolean {
  return field.type === 'number' && field.start === undefined;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
