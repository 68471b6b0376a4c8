import { chromium, type Browser, type Page } from 'playwright-core';

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
  readonly errors: string[];
}

export async function openDemoPage(browser: Browser, url: string): Promise<DemoPage> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.text().includes('Content Security Policy')) errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(error.message));
  await page.goto(url);
  await page.locator('#lab-user').waitFor();
  return { page, errors };
}

export async function register(page: Page, user: string): Promise<void> {
  await page.selectOption('#lab-user', user);
  await page.click('#register');
  await page.locator('body[data-registration=registered]').waitFor();
}

export async function credentialOf(page: Page): Promise<{ username: string; password: string }> {
  const username = await page.locator('#credential-username').innerText();
  const mask = page.locator('#credential-password[data-masked=true]');
  if (await mask.isVisible()) await page.click('#show-password');
  const password = await page.locator('#credential-password[data-masked=false]').innerText();
  return { username, password };
}

/** One calls, the other answers; resolves when both are in the call. */
export async function call(caller: Page, callee: Page): Promise<void> {
  await caller.click('#dial');
  await callee.locator('body[data-call=incoming]').waitFor();
  await callee.click('#answer');
  for (const page of [caller, callee]) await page.locator('body[data-call=in-call]').waitFor();
}

export interface PathReport {
  readonly local: string | null;
  readonly remote: string | null;
  readonly protocol: string | null;
  readonly packets: number;
}

/** What the page reads from getStats. */
export async function pathOf(page: Page): Promise<PathReport> {
  const pair = page.locator('#ice-pair[data-local]');
  await pair.waitFor();
  return {
    local: await pair.getAttribute('data-local'),
    remote: await pair.getAttribute('data-remote'),
    protocol: await page.locator('#relay-transport').getAttribute('data-protocol'),
    packets: Number(await page.locator('#received').getAttribute('data-packets')),
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
