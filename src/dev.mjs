// Runs the lab from the source, and again after every change of it; open pages reload. `npm run dev`, with the arguments of `serve`. Types are the
// editor's part.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { context } from 'esbuild';
import { commandBundle, pageBundle } from './bundles.mjs';

/** One change may touch both bundles. */
const SETTLE_MS = 100;

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

let server;
let timer;
let restarting = Promise.resolve();

async function stop() {
  if (!server || server.exitCode !== null) return;
  server.kill('SIGINT');
  await once(server, 'close');
}

async function restart() {
  await stop();
  const args = ['dist/cli/main.js', 'serve', '--lab-control', ...process.argv.slice(2)];
  server = spawn(process.execPath, args, { stdio: 'inherit' });
}

const restartServer = {
  name: 'restart-server',
  setup({ onEnd }) {
    onEnd(({ errors }) => {
      if (errors.length > 0) return;
      clearTimeout(timer);
      timer = setTimeout(() => (restarting = restarting.then(restart)), SETTLE_MS);
    });
  },
};

/** A page reloads when the server that it came from has gone and one is ready again. */
const RELOAD = `
new EventSource('/lab/events/stream').onerror = async function () {
  this.close();
  const isReady = () => fetch('/healthz').then(({ ok }) => ok, () => false);
  while (!(await isReady())) await new Promise((resolve) => setTimeout(resolve, 200));
  location.reload();
};`;
const reloadingPage = { ...pageBundle, banner: { ...pageBundle.banner, js: pageBundle.banner.js + RELOAD } };

for (const bundle of [commandBundle, reloadingPage]) {
  const { watch } = await context({ ...bundle, plugins: [restartServer] });
  await watch();
}

process.once('SIGINT', () => void stop().then(() => process.exit(0)));
