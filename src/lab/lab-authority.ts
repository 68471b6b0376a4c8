// Loaded with the module, so that the first lab need not wait for it: a lab always makes certificates.
import 'selfsigned';
import { createHash, type X509Certificate } from 'node:crypto';
import { labCertificate } from '../config/state/lab-certificate.ts';
import { MemoryState } from '../config/state/memory-state.ts';

/** One CA for all labs of this process, in memory: a client that trusts one lab trusts all. */
const shared = new MemoryState();
let turn: Promise<unknown> = Promise.resolve();

/** State of its own for one lab, with the process's CA and a certificate for `names` in it. */
export async function createLabState(names: readonly string[], nowUnixMs: number): Promise<MemoryState> {
  // One after the other: two at once would each make a CA, and one of them would be lost.
  const mine = turn.then(async () => {
    await labCertificate(shared, names, nowUnixMs);
    return new MemoryState(shared.entries);
  });
  turn = mine.catch(() => undefined);
  return mine;
}

/** base64(SHA-256(SubjectPublicKeyInfo)), as Chromium's --ignore-certificate-errors-spki-list takes it. */
export function spkiHashOf({ publicKey }: X509Certificate): string {
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('base64');
}
