import { type ConnectionReport } from './connection-report.ts';
import { type PaneParts } from './pane-parts.ts';

export type RegistrationState = 'signed-out' | 'connecting' | 'registered';
export type CallState = 'idle' | 'calling' | 'ringing' | 'incoming' | 'in-call';

const PICTURE_WORDS: Readonly<Record<CallState, string>> = {
  idle: 'No call',
  calling: 'Calling…',
  ringing: 'Ringing…',
  incoming: 'Incoming call',
  'in-call': '',
};

export function showRegistration(parts: PaneParts, state: RegistrationState): void {
  parts.root.dataset.registration = state;
  const signedOut = state === 'signed-out';
  parts.accountForm.hidden = !signedOut;
  parts.signOut.hidden = signedOut;
  parts.call.hidden = state !== 'registered' && parts.root.dataset.call === 'idle';
}

export function showCall(parts: PaneParts, state: CallState): void {
  parts.root.dataset.call = state;
  const idle = state === 'idle';
  // What there is to see of a call stays until the next one.
  if (!idle) parts.root.dataset.called = 'true';
  // Whoever is called chooses the own media and way, too.
  parts.callOptions.disabled = !idle && state !== 'incoming';
  parts.calleeChoice.disabled = !idle;
  parts.dial.hidden = !idle;
  parts.hangUp.hidden = idle || state === 'incoming';
  parts.hangUp.textContent = state === 'in-call' ? 'Hang up' : 'Cancel';
  parts.incoming.hidden = state !== 'incoming';
  parts.refreshAndMove.disabled = state !== 'in-call';
  parts.noPicture.textContent = PICTURE_WORDS[state];
  if (idle) showConnection(parts, undefined);
}

/** Written only on change, so that a screen reader is not made to read what it has read. */
export function showStatus(parts: PaneParts, text: string): void {
  if (parts.status.textContent !== text) parts.status.textContent = text;
}

export function showConnection(parts: PaneParts, report: ConnectionReport | undefined): void {
  const { icePair, relayTransport, received } = parts;
  icePair.textContent = report
    ? `${report.localType} ${report.localAddress}\n→ ${report.remoteType} ${report.remoteAddress}`
    : '–';
  icePair.dataset.local = report?.localType ?? 'none';
  icePair.dataset.remote = report?.remoteType ?? 'none';
  relayTransport.textContent = report ? (report.relayProtocol?.toUpperCase() ?? 'no relay on this side') : '–';
  relayTransport.dataset.protocol = report?.relayProtocol ?? 'none';
  const kibibytes = report && Math.round(report.bytesReceived / 1024).toLocaleString('en');
  received.textContent = report ? `${report.packetsReceived.toLocaleString('en')} packets, ${kibibytes} KiB` : '–';
  received.dataset.packets = String(report?.packetsReceived ?? 0);
}
