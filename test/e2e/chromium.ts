import { existsSync } from 'node:fs';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Path of a Chromium, or `undefined` with a loud word; REQUIRE_PEERS=1 makes a missing one an error. */
export function findChromium(): string | undefined {
  const path = PLACES.find((place) => existsSync(place));
  if (path !== undefined) return path;
  if (process.env.REQUIRE_PEERS === '1') throw new Error(`no Chromium at ${PLACES.join(', ')}`);
  console.warn('SKIPPED: the browser tests need Chromium (apt install chromium)');
  return undefined;
}
