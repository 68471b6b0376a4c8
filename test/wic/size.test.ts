import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

const ROOM = fileURLToPath(new URL('../../src/wic/', import.meta.url));

async function minifiedBytes(names: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: `export ${names} from './index.ts'`, resolveDir: ROOM },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: ['chrome109', 'firefox115', 'safari16.4'],
    write: false,
  });
  return outputFiles[0]!.contents.byteLength;
}

/** An app has one SIP library, and its bundler drops the part for the other. */
it.each([
  ['JsSIP', '{ attachTurnCredentials, parseTurnCredential }', 5 * 1024],
  ['SIP.js', '{ attachTurnCredentialsSipJs, parseTurnCredential }', 5 * 1024],
  ['JsSIP with web tokens', '{ attachTurnCredentials, attachWebToken }', 6 * 1024],
  ['SIP.js with web tokens', '{ attachTurnCredentialsSipJs, attachWebTokenSipJs }', 6 * 1024],
  ['everything', '*', 8 * 1024],
])('the helper for %s stays small', async (what, names, mostBytes) => {
  const bytes = await minifiedBytes(names);
  console.log(`epcscf-turn/wic for ${what}: ${bytes} bytes minified`);
  expect(bytes).toBeLessThanOrEqual(mostBytes);
});
