import { AgeMap } from '../../base/age-map.ts';
import { isInDialog } from '../../sip/in-dialog.ts';
import { type SipRequest } from '../../sip/message.ts';
import { parseNameAddr } from '../../sip/name-addr.ts';
import { parseSipUri } from '../../sip/uri.ts';
import { type DialogRole } from '../flow/dialog-hashes.ts';
import { type FlowReference, tokenId } from '../flow/flow-token.ts';

/** Sides of dialogs, of all clients together: one that ends its own calls in great number must not have its own ends forgotten. */
const MAX_SIDES = 32_768;
/** Which entry of a Record-Route of two is whose: that of the side nearer to the receiver is on top. */
const ENTRY = { uas: 0, uac: 1 } as const satisfies Record<DialogRole, number>;

/**
 * Sides of dialogs that have ended, by their flow tokens, so that a token lets nobody speak for longer than its dialog lives. What is forgotten lives,
 * as nothing is kept of dialogs that do.
 */
export class EndedDialogs {
  readonly #ids = new AgeMap<true>();

  has({ id }: FlowReference): boolean {
    return this.#ids.has(id);
  }

  /** RFC 3261 §15.1.1: for whoever sends BYE the dialog has ended with it, whatever it is answered. */
  noteBye(sides: readonly FlowReference[]): void {
    for (const { id, dialog } of sides) if (dialog) this.#note(id);
  }

  /** `sent`: with the Record-Route of this edge; it has come to nothing (RFC 3261 §12.3). */
  noteFailure(sent: SipRequest, role: DialogRole): void {
    if (!sent.headers.has('Record-Route') || isInDialog(sent)) return;
    const entry = parseNameAddr(sent.headers.getList('Record-Route')[ENTRY[role]] ?? '');
    const uri = entry.ok ? parseSipUri(entry.value.uri) : undefined;
    if (uri?.ok && uri.value.user !== undefined) this.#note(tokenId(uri.value.user));
  }

  /** A request that is sent once more, with what it lacked, has the tokens that it had before (RFC 3261 §8.1.3.5). */
  noteBegin(token: string): void {
    this.#ids.delete(tokenId(token));
  }

  #note(id: string): void {
    this.#ids.set(id, true);
    const { oldest } = this.#ids;
    if (oldest && this.#ids.size > MAX_SIDES) this.#ids.delete(oldest.key);
  }
}
