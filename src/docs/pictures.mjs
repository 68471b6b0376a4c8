// Takes the pictures of README.md from the real page: a lab, two users, a call through the relay. `npm run pictures`, after a build.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const FOLDER = 'docs/pictures';
const MAX_BYTES = 150_000;
/** Long enough for every message that sets a call up. */
const TO_THE_RELAY_MS = 2000;
/** Long enough for pictures and sound to have come through the relay. */
const WITH_MEDIA_MS = 6000;
/** High enough for a telephone, from its user to its packet counts. */
const WINDOW = { width: 1280, height: 940 };
/** A README shows pictures of about this width. */
const SCALE = 0.75;

process.chdir(fileURLToPath(new URL('../..', import.meta.url)));
mkdirSync(FOLDER, { recursive: true });

const home = mkdtempSync(join(tmpdir(), 'epcscf-turn-pictures-'));
const settings = ['edge.listen.port=0', 'turn.listeners=[{transport: udp, address: 127.0.0.1, port: 0}]'];
const server = spawn(
  process.execPath,
  ['dist/cli/main.js', 'serve', '--lab-control', '--json', ...settings.flatMap((setting) => ['--set', setting])],
  { env: { PATH: process.env.PATH, XDG_STATE_HOME: home }, stdio: ['ignore', 'pipe', 'ignore'] },
);
const [line] = await once(createInterface(server.stdout), 'line');
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--ignore-certificate-errors', '--allow-loopback-in-peer-connection'],
});
try {
  for (const colorScheme of ['light', 'dark']) await takePictures(JSON.parse(line).page, colorScheme);
} finally {
  await browser.close();
  server.kill('SIGINT');
  await once(server, 'close');
  rmSync(home, { recursive: true });
}

async function takePictures(address, colorScheme) {
  const context = await browser.newContext({
    ignoreHTTPSErrors: true,
    colorScheme,
    viewport: WINDOW,
    deviceScaleFactor: SCALE,
  });
  const page = await context.newPage();
  await page.goto(address);
  await register(page, 1, 'alice');
  await part(page, 1, 'callee-choice').selectOption('echo');
  await callFor(page, TO_THE_RELAY_MS);
  await scrollLadder(page, 'top');
  await take(`ladder-${colorScheme}`, page.locator('#ladder'));
  await part(page, 1, 'hang-up').click();
  await page.locator('#pane-1[data-call=idle]').waitFor();
  await page.locator('#ladder').getByRole('button', { name: 'Clear' }).click();
  await page.click('#add-pane');
  await register(page, 2, 'bob');
  await part(page, 1, 'callee-choice').selectOption('bob');
  await callFor(page, WITH_MEDIA_MS, () => part(page, 2, 'answer').click());
  await scrollLadder(page, 'end');
  await page.evaluate(() => scrollTo(0, 0));
  await take(`call-${colorScheme}`, page);
  await context.close();
}

async function scrollLadder(page, to) {
  const move = (ladder, end) => ladder.scrollTo(0, end ? ladder.scrollHeight : 0);
  await page.locator('.ladder-scroll').evaluate(move, to === 'end');
}

async function callFor(page, milliseconds, answer = () => undefined) {
  await part(page, 1, 'dial').click();
  await answer();
  await page.locator('#pane-1[data-call=in-call]').waitFor();
  await page.waitForTimeout(milliseconds);
}

function part(page, pane, name) {
  return page.locator(`#pane-${pane} [data-part="${name}"]`);
}

async function register(page, pane, user) {
  await part(page, pane, 'lab-user').selectOption(user);
  await part(page, pane, 'register').click();
  await page.locator(`#pane-${pane}[data-registration=registered]`).waitFor();
}

async function take(name, of) {
  const path = join(FOLDER, `${name}.png`);
  await of.screenshot({ path });
  const { size } = statSync(path);
  if (size > MAX_BYTES) throw new Error(`${path}: ${size} bytes, expected at most ${MAX_BYTES}`);
  console.log(path, size);
}
