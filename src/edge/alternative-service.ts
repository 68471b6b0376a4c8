import { type SipResponse } from '../sip/message.ts';

/** The body by which a P-CSCF tells a client what else to do (TS 24.229 §7.6). */
export interface AlternativeService {
  readonly type: 'emergency' | 'restoration';
  /** Read by people. */
  readonly reason: string;
  /** What the client is to do here; absent when there is nothing. */
  readonly action: 'emergency-registration' | 'initial-registration' | undefined;
  /** `Registration.edgeUri`: what a client that has one compares, to tell its own P-CSCF from others that answer so. */
  readonly edgeUri: string | undefined;
}

/** Gives a response that has no body yet the one of an alternative service. */
export function addAlternativeService(
  response: SipResponse,
  { type, reason, action, edgeUri }: AlternativeService,
): void {
  response.headers.append('Content-Type', 'application/3gpp-ims+xml');
  response.headers.append('Content-Disposition', '3gpp-alternative-service');
  if (edgeUri !== undefined) response.headers.append('P-Asserted-Identity', `<${edgeUri}>`);
  const wish = action === undefined ? '' : `<action>${action}</action>`;
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<ims-3gpp version="1">',
    `<alternative-service><type>${type}</type><reason>${reason}</reason>${wish}</alternative-service>`,
    '</ims-3gpp>',
    '',
  ];
  response.body = Buffer.from(lines.join('\r\n'));
}
