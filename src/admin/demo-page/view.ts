import { type ConnectionReport } from './connection-report.ts';
import { type TurnCredential } from './credential.ts';
import { page } from './elements.ts';
import { timeLeft } from './explain/plain-words.ts';

type RegistrationState = 'signed-out' | 'connecting' | 'registered';
type CallState = 'idle' | 'calling' | 'ringing' | 'incoming' | 'in-call';

const MASK = '••••••••••••';

export function showStatus(text: string): void {
  page.status.textContent = text;
}

export function showProblem(text: string): void {
  page.problem.textContent = text;
  page.problem.hidden = text === '';
  if (text !== '') page.problem.scrollIntoView({ block: 'nearest' });
}

export function showRegistration(state: RegistrationState): void {
  document.body.dataset.registration = state;
  const signedOut = state === 'signed-out';
  for (const field of [page.labUser, page.userName, page.userPassword]) field.disabled = !signedOut;
  page.register.hidden = !signedOut;
  page.signOut.hidden = signedOut;
  page.call.hidden = state !== 'registered';
  if (signedOut) page.credential.hidden = true;
}

export function showCall(state: CallState): void {
  document.body.dataset.call = state;
  const idle = state === 'idle';
  page.callOptions.disabled = !idle && state !== 'incoming';
  page.callee.disabled = !idle;
  page.dial.hidden = !idle;
  page.hangUp.hidden = idle || state === 'incoming';
  page.hangUp.textContent = state === 'in-call' ? 'Hang up' : 'Cancel';
  page.incoming.hidden = state !== 'incoming';
  page.path.hidden = true;
  // On a phone the picture, with what ends the call, is further down.
  if (!idle) (state === 'incoming' ? page.incoming : page.hangUp).scrollIntoView({ block: 'nearest' });
}

/** The password stays masked until somebody asks for it. */
export function showCredential(credential: TurnCredential, revealed: boolean): void {
  page.credential.hidden = false;
  page.credentialUsername.textContent = credential.username;
  page.credentialPassword.textContent = revealed ? credential.password : MASK;
  page.credentialPassword.dataset.masked = String(!revealed);
  page.showPassword.setAttribute('aria-pressed', String(revealed));
  page.showPassword.textContent = revealed ? 'Hide' : 'Show';
  page.credentialUris.replaceChildren(
    ...credential.uris.map((uri) => {
      const item = document.createElement('li');
      item.textContent = uri;
      return item;
    }),
  );
  showTimeLeft(credential);
}

export function showTimeLeft({ expiresAtSec }: TurnCredential): void {
  const leftSec = expiresAtSec - Date.now() / 1000;
  const text = timeLeft(leftSec);
  // Written only on change, so that a screen reader is not made to read every second.
  if (page.credentialLeft.textContent !== text) page.credentialLeft.textContent = text;
  page.credentialLeft.dataset.expiresAt = String(expiresAtSec);
}

export function showConnection(report: ConnectionReport): void {
  page.path.hidden = false;
  page.icePair.textContent = `${report.localType} ${report.localAddress} → ${report.remoteType} ${report.remoteAddress}`;
  page.icePair.dataset.local = report.localType;
  page.icePair.dataset.remote = report.remoteType;
  page.relayTransport.textContent = report.relayProtocol?.toUpperCase() ?? 'no relay on this side';
  page.relayTransport.dataset.protocol = report.relayProtocol ?? 'none';
  page.received.textContent = `${report.packetsReceived.toLocaleString('en')} packets, ${Math.round(report.bytesReceived / 1024).toLocaleString('en')} KiB`;
  page.received.dataset.packets = String(report.packetsReceived);
}
