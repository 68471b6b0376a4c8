import { type SipRequest, type SipResponse } from '../../../sip/message.ts';
import { newBranch } from '../../../sip/token.ts';
import { type ClientTransactionEvents } from '../../../sip/transaction/client-transaction.ts';
import { formatVia } from '../../../sip/via.ts';
import { type Hop } from '../../hop.ts';

/** Runs the client transactions of requests that the edge itself makes (RFC 3261 §17.1). */
export interface OwnTransactions {
  /** Opens a client transaction; `undefined` when there is no room for one more. */
  openClient(request: SipRequest, hop: Hop, on: ClientTransactionEvents): { terminate(): void } | undefined;
}

export interface OwnRequestPorts {
  readonly transactions: OwnTransactions;
  /** Runs something once what is going on now has ended, and survives its mistakes. */
  readonly defer: (run: () => void) => void;
}

export type OwnFailure = 'timeout' | 'unreachable' | 'overload';

/** How a request of the edge itself ends: by a final response, or without one. */
export type OwnOutcome =
  | { readonly kind: 'response'; readonly response: SipResponse }
  | { readonly kind: 'failure'; readonly cause: OwnFailure };

/** Sends a request of the edge itself, not an INVITE, over a hop: adds Via, runs its transaction. `onEnd` is called once, never before this returns. */
export function sendOwnRequest(
  request: SipRequest,
  hop: Hop,
  { transactions, defer }: OwnRequestPorts,
  onEnd: (outcome: OwnOutcome) => void,
): { giveUp(): void } {
  const headers = request.headers.clone();
  const params = new Map([
    ['branch', newBranch()],
    ['rport', undefined],
  ]);
  headers.prepend('Via', formatVia({ transport: hop.viaTransport, sentBy: hop.self.sentBy, params }));
  let hasEnded = false;
  const end = (outcome: OwnOutcome): void => {
    if (hasEnded) return;
    hasEnded = true;
    defer(() => {
      onEnd(outcome);
    });
  };
  const transaction = transactions.openClient({ ...request, headers }, hop, {
    response: (response) => {
      if (response.status >= 200) end({ kind: 'response', response });
    },
    timeout: () => {
      end({ kind: 'failure', cause: 'timeout' });
    },
    transportError: () => {
      end({ kind: 'failure', cause: 'unreachable' });
    },
    terminated: () => undefined,
  });
  if (!transaction) end({ kind: 'failure', cause: 'overload' });
  return {
    giveUp: () => {
      if (hasEnded) return;
      end({ kind: 'failure', cause: 'timeout' });
      transaction?.terminate();
    },
  };
}
