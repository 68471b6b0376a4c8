import { chromium, type Browser, type Locator, type Page } from 'playwright-core';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-background-timer-throttling',
  '--disable-component-update',
  '--disable-sync',
  // Also for turns: WebRTC checks the relay's certificate as a page's.
  '--ignore-certificate-errors',
  // A machine without another network still has candidates then.
  '--allow-loopback-in-peer-connection',
];

export function launchBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, headless: true, args: FLAGS });
}

/** The demo page in a window of its own, and every error its console showed. */
export interface DemoPage {
  readonly page: Page;
  readonly pane: PhonePane;
  readonly errors: string[];
}

/**
 * @param script runs before the page's own
 * @param ready the part that is seen when the page is ready: without lab users it is `user-name`
 */
export async function openDemoPage(
  browser: Browser,
  url: string,
  script?: string,
  ready = 'lab-user',
): Promise<DemoPage> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.text().includes('Content Security Policy')) errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(error.message));
  if (script !== undefined) await page.addInitScript(script);
  await page.goto(url);
  const pane = phonePane(page);
  await pane.part(ready).waitFor();
  return { page, pane, errors };
}

/** One phone of the page; `part` finds what the page calls by that name in it. */
export interface PhonePane {
  readonly page: Page;
  readonly root: Locator;
  part(name: string): Locator;
  /** Resolves when its registration is in that state. */
  registration(state: 'signed-out' | 'connecting' | 'registered'): Promise<void>;
  /** Resolves when its call is in that state. */
  call(state: 'idle' | 'calling' | 'ringing' | 'incoming' | 'in-call'): Promise<void>;
}

export function phonePane(page: Page, number = 1): PhonePane {
  const id = `#pane-${number}`;
  return {
    page,
    root: page.locator(id),
    part: (name) => page.locator(`${id} [data-part="${name}"]`),
    registration: (state) => page.locator(`${id}[data-registration=${state}]`).waitFor(),
    call: (state) => page.locator(`${id}[data-call=${state}]`).waitFor(),
  };
}

export async function register(pane: PhonePane, user: string): Promise<void> {
  await pane.part('lab-user').selectOption(user);
  await pane.part('register').click();
  await pane.registration('registered');
}

/** By an IMS password, where the page knows no lab users. */
export async function signInByPassword(pane: PhonePane, user: string, password: string): Promise<void> {
  await pane.part('user-name').fill(user);
  await pane.part('user-password').fill(password);
  await pane.part('register').click();
}

/** By a login at the web server, for which the page opens a window. */
export async function signInByWeb({ page, pane }: DemoPage, user: string, password: string): Promise<void> {
  const popup = page.waitForEvent('popup');
  await pane.part('sign-in').selectOption('web');
  await pane.part('register').click();
  await logIn(await popup, user, password);
}

/** Fills in the login page of the web server. */
export async function logIn(login: Page, user: string, password: string): Promise<void> {
  await login.getByLabel('User name').fill(user);
  await login.getByLabel('Password').fill(password);
  await login.getByRole('button', { name: 'Log in' }).click();
}

/** By an identity that the web server lends. */
export async function signInAsGuest(pane: PhonePane): Promise<void> {
  await pane.part('sign-in').selectOption('guest');
  await pane.part('register').click();
}

export async function credentialOf(pane: PhonePane): Promise<{ username: string; password: string }> {
  const username = await pane.part('credential-username').innerText();
  const password = pane.part('credential-password');
  if ((await password.getAttribute('data-masked')) === 'true') await pane.part('show-password').click();
  return { username, password: await password.innerText() };
}

/** One calls, the other answers; resolves when both are in the call. */
export async function call(caller: PhonePane, callee: PhonePane): Promise<void> {
  await caller.part('dial').click();
  await callee.call('incoming');
  await callee.part('answer').click();
  for (const pane of [caller, callee]) await pane.call('in-call');
}

/** What failed, as the pane tells it. */
export async function problemsOf(pane: PhonePane): Promise<readonly string[]> {
  return pane.part('problem-list').locator('li').allTextContents();
}

export interface PathReport {
  readonly local: string | null;
  readonly remote: string | null;
  readonly protocol: string | null;
  readonly packets: number;
}

/** What the page reads from getStats. */
export async function pathOf(pane: PhonePane): Promise<PathReport> {
  await pane.root.locator('[data-part="ice-pair"]:not([data-local=none])').waitFor();
  return {
    local: await pane.part('ice-pair').getAttribute('data-local'),
    remote: await pane.part('ice-pair').getAttribute('data-remote'),
    protocol: await pane.part('relay-transport').getAttribute('data-protocol'),
    packets: Number(await pane.part('received').getAttribute('data-packets')),
  };
}

export interface Gathering {
  /** Relay candidates, as the browser writes them. */
  readonly relays: readonly string[];
  readonly errorCodes: readonly number[];
}

/** Gathers relay candidates from one server, without the page's own code. */
export async function gatherRelays(
  page: Page,
  server: { readonly urls: string; readonly username: string; readonly credential: string },
): Promise<Gathering> {
  const found: unknown = await page.evaluate(`(${GATHER})(${JSON.stringify(server)})`);
  return found as Gathering;
}

/** Runs in the browser; text, since the types of the DOM are not those of this program. */
const GATHER = `async (server) => {
  const connection = new RTCPeerConnection({ iceServers: [server], iceTransportPolicy: 'relay' });
  const relays = [];
  const errorCodes = [];
  connection.onicecandidateerror = (event) => errorCodes.push(event.errorCode);
  connection.onicecandidate = ({ candidate }) => {
    if (candidate && candidate.type === 'relay') relays.push(candidate.candidate);
  };
  connection.createDataChannel('probe');
  const complete = new Promise((resolve) => {
    connection.onicegatheringstatechange = () => {
      if (connection.iceGatheringState === 'complete') resolve();
    };
  });
  await connection.setLocalDescription();
  await complete;
  connection.close();
  return { relays, errorCodes };
}`;
