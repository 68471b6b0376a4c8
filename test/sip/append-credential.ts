import { type SipHeaders } from '../../src/sip/message.ts';
import {
  CredentialForm,
  type CredentialFields,
  type CredentialFormOptions,
  type CredentialSpelling,
} from '../../src/sip/turn-credential.ts';

/** A credential with what a deployment adds to it. */
export interface WholeCredential extends CredentialFields {
  readonly uris?: readonly string[];
  readonly ttlSec?: number;
}

/** Writes one credential as a deployment does that has these URIs. */
export function appendCredential(
  headers: SipHeaders,
  credential: WholeCredential,
  { form, spelling }: Pick<CredentialFormOptions, 'form'> & { readonly spelling: CredentialSpelling },
): void {
  new CredentialForm({ form, uris: credential.uris ?? [] }).append(headers, credential, spelling, credential.ttlSec);
}
