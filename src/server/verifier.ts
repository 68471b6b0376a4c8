import { type LongTermUser } from '../config/long-term-users.ts';
import { type Material } from '../config/material.ts';
import { combineVerifiers } from '../credentials/combined.ts';
import { type LocalVerifier } from '../credentials/credential.ts';
import { createStaticVerifier, type StaticUser } from '../credentials/static/verifier.ts';
import { type SharedKey } from './shared-key.ts';

/** All who may use the TURN server. Long-term users first: a name that was written down is meant. */
export function createVerifier({ longTermUsers }: Material, { verifier }: SharedKey): LocalVerifier {
  if (longTermUsers.length === 0) return verifier;
  return combineVerifiers([createStaticVerifier(longTermUsers.flatMap(staticUser)), verifier]);
}

function staticUser({ name, realm, password, key }: LongTermUser): StaticUser[] {
  if (password) return [{ name, realm, proof: { password } }];
  return key ? [{ name, realm, proof: { md5Key: Buffer.from(key.revealText(), 'hex') } }] : [];
}
