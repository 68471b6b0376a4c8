import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** From the bundled command and the library in dist, then from the sources. */
const PLACES = ['../pages/demo/', '../../dist/pages/demo/'];

/** Where the built demo page lies; `undefined` when it has not been built. */
export function demoPageFolder(): string | undefined {
  return PLACES.map((place) => fileURLToPath(new URL(place, import.meta.url))).find((folder) => existsSync(folder));
}
