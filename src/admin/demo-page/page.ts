import { mountCharts } from './charts/charts.ts';
import { reportConnection } from './connection-report.ts';
import { mountCopyAsTest } from './copy-as-test/copy-as-test.ts';
import { type TransportChoice, type TurnCredential } from './credential.ts';
import { page } from './elements.ts';
import { mountFaults } from './faults-panel/faults-panel.ts';
import { LabClient } from './lab-client.ts';
import { mountLadder } from './ladder/ladder.ts';
import { PageBus } from './page-bus.ts';
import { cameraAndMicrophone, testPictureAndTone, type LocalMedia } from './media.ts';
import { loadSetup, type Setup } from './setup.ts';
import { Phone, type CallOptions, type PhoneEvents } from './phone.ts';
import { inPlainWords, relayProblem } from './explain/plain-words.ts';
import {
  showCall,
  showConnection,
  showCredential,
  showProblem,
  showRegistration,
  showStatus,
  showTimeLeft,
} from './view.ts';

const TICK_MS = 1000;
const OTHER_USER = '';
const bus = new PageBus();

let setup: Setup;
let phone: Phone | undefined;
let credential: TurnCredential | undefined;
let revealed = false;
let media: LocalMedia | undefined;
let connection: RTCPeerConnection | undefined;
let user = '';

const events: PhoneEvents = {
  registered() {
    showRegistration('registered');
    showStatus(`Registered as ${user}`);
    showProblem('');
  },
  registrationFailed(cause) {
    showProblem(inPlainWords(cause));
    signOut();
  },
  disconnected() {
    if (!phone) return;
    showRegistration('connecting');
    showStatus('Connection lost, trying again…');
  },
  credential(fresh) {
    credential = fresh;
    showCredential(fresh, revealed);
  },
  credentialRefused(reason) {
    showProblem(`The edge gave no TURN credential (${reason}).`);
  },
  incoming(from) {
    showCall('incoming');
    page.incomingText.textContent = `${from} is calling`;
    showStatus(`${from} is calling`);
    page.answer.focus();
  },
  ringing() {
    showCall('ringing');
    showStatus('Ringing…');
  },
  established(established) {
    connection = established;
    showCall('in-call');
    showStatus('In a call');
  },
  remoteStream(stream) {
    page.remoteVideo.srcObject = stream;
  },
  relayError(code, text, url) {
    showProblem(relayProblem(code, text, url));
  },
  pathFailed() {
    showProblem(inPlainWords('RTP Timeout'));
  },
  ended(failure) {
    endCall();
    if (failure !== undefined) showProblem(inPlainWords(failure));
    if (phone) showStatus(`Registered as ${user}`);
  },
};

function signIn(): void {
  const labUser = setup.users.find(({ name }) => name === page.labUser.value);
  user = labUser?.name ?? page.userName.value.trim();
  const password = labUser?.password ?? page.userPassword.value;
  if (user === '' || password === '') {
    showProblem('Fill in user name and password.');
    return;
  }
  showProblem('');
  showRegistration('connecting');
  showStatus('Registering…');
  page.callee.value = setup.users.find(({ name }) => name !== user)?.name ?? '';
  phone = new Phone({ user, password, domain: setup.domain, edgeUrl: setup.edgeUrl }, events);
  phone.start();
}

function signOut(): void {
  const leaving = phone;
  phone = undefined;
  credential = undefined;
  revealed = false;
  leaving?.stop();
  endCall();
  showRegistration('signed-out');
  showStatus('Not registered');
}

async function placeCall(): Promise<void> {
  showProblem('');
  showCall('calling');
  showStatus('Calling…');
  const options = await prepareCall();
  if (options) phone?.call(page.callee.value.trim(), options);
}

async function acceptCall(): Promise<void> {
  showProblem('');
  const options = await prepareCall();
  if (options) phone?.answer(options);
  else phone?.decline();
}

/** `undefined` when camera or microphone are not to be had; the page says so. */
async function prepareCall(): Promise<CallOptions | undefined> {
  try {
    media = page.media.value === 'devices' ? await cameraAndMicrophone() : testPictureAndTone(user);
  } catch {
    endCall();
    showProblem(inPlainWords('User Denied Media Access'));
    return undefined;
  }
  page.localVideo.srcObject = media.stream;
  return {
    stream: media.stream,
    transport: page.transport.value as TransportChoice,
    relayOnly: page.relayOnly.checked,
  };
}

function endCall(): void {
  media?.stop();
  media = undefined;
  connection = undefined;
  page.remoteVideo.srcObject = null;
  page.localVideo.srcObject = null;
  showCall('idle');
}

async function tick(): Promise<void> {
  if (credential) showTimeLeft(credential);
  const report = connection && (await reportConnection(connection));
  if (report && connection) showConnection(report);
}

function chooseUser(): void {
  page.ownUserFields.hidden = page.labUser.value !== OTHER_USER;
}

function offerUsers(): void {
  const options = setup.users.map(({ name }) => new Option(name, name));
  page.labUser.replaceChildren(...options, new Option('another user…', OTHER_USER));
  page.labUserField.hidden = setup.users.length === 0;
  chooseUser();
}

function mountParts(): void {
  const lab = LabClient.open(setup.labPath, bus);
  const users = setup.users.map(({ name }) => name);
  mountLadder(page.ladder, bus, { hasLab: lab !== undefined });
  mountCharts(page.charts, bus);
  if (lab) mountFaults(page.faults, bus, lab, users);
  page.faults.hidden = lab === undefined;
  mountCopyAsTest(page.copyAsTest, bus, { domain: setup.domain, users });
}

function onSubmit(form: HTMLFormElement, run: () => unknown): void {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    run();
  });
}

function onClick(button: HTMLButtonElement, run: () => unknown): void {
  button.addEventListener('click', () => {
    run();
  });
}

onSubmit(page.accountForm, signIn);
onClick(page.signOut, signOut);
onSubmit(page.callForm, placeCall);
onClick(page.hangUp, () => phone?.endCall());
onClick(page.answer, acceptCall);
onClick(page.decline, () => phone?.decline());
onClick(page.refresh, () => phone?.refreshCredential());
onClick(page.showPassword, () => {
  revealed = !revealed;
  if (credential) showCredential(credential, revealed);
});
page.labUser.addEventListener('change', chooseUser);
addEventListener('pagehide', () => phone?.stop());

showRegistration('signed-out');
showCall('idle');
try {
  setup = await loadSetup();
  page.edgeUrl.textContent = setup.edgeUrl;
  offerUsers();
  mountParts();
  showStatus('Not registered');
  setInterval(() => void tick(), TICK_MS);
} catch {
  showProblem('The server does not answer. Is it still running?');
}
