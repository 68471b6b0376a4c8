import { type Context } from 'hono';
import { fail, ok, type Result } from '../base/result.ts';

/** Parameters of a request by their names. None is repeated, and one without a value is none (RFC 6749 §3.1, §3.2). */
export type Form = ReadonlyMap<string, string>;

export type FormFault = 'not-a-form' | 'too-long' | 'too-many' | 'repeated' | 'cut-off';

/** Longest body of a form in bytes. An assertion signed by RSA has about 1000 characters. */
const MAX_BODY_BYTES = 16_384;
const MAX_PARAMETERS = 32;
const FORM_TYPE = /^application\/x-www-form-urlencoded *(?:;|$)/i;

/** The parameters of a query or of a body that is a form. */
export function parseForm(text: string): Result<Form, 'too-long' | 'too-many' | 'repeated'> {
  if (text.length > MAX_BODY_BYTES) return fail('too-long');
  const form = new Map<string, string>();
  let count = 0;
  for (const [name, value] of new URLSearchParams(text)) {
    count += 1;
    if (count > MAX_PARAMETERS) return fail('too-many');
    if (form.has(name)) return fail('repeated');
    form.set(name, value);
  }
  for (const [name, value] of form) if (value === '') form.delete(name);
  return ok(form);
}

/** Reads the body of a request, but not more of it than a form may have. */
export async function readForm({ req }: Context): Promise<Result<Form, FormFault>> {
  if (!FORM_TYPE.test(req.header('content-type') ?? '')) return fail('not-a-form');
  if (Number(req.header('content-length') ?? 0) > MAX_BODY_BYTES) return fail('too-long');
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  const body: AsyncIterable<Uint8Array> | null = req.raw.body;
  try {
    for await (const piece of body ?? []) {
      bytes += piece.length;
      if (bytes > MAX_BODY_BYTES) return fail('too-long');
      pieces.push(piece);
    }
  } catch {
    // The client has gone, or was too slow: that is no fault of this server, and nobody hears the answer.
    return fail('cut-off');
  }
  return parseForm(Buffer.concat(pieces).toString());
}
