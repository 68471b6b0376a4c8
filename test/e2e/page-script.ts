import { build } from 'esbuild';
import { type Browser, type Page } from 'playwright-core';

const ROOT = new URL('../../', import.meta.url).pathname;

/** Source of `tone()`, a MediaStream with a tone, for a script of a page. Text, since the types of the DOM are not those of this program. */
export const TONE = `
  const tone = () => {
    const context = new AudioContext();
    const oscillator = context.createOscillator();
    const destination = context.createMediaStreamDestination();
    oscillator.connect(destination);
    oscillator.start();
    return destination.stream;
  };
`;

/** A module as one script of a browser. It imports packages by name, and files by their path from the root of the project. */
export async function bundleScript(module: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: module, resolveDir: ROOT },
    bundle: true,
    format: 'iife',
    platform: 'browser',
    define: { global: 'globalThis' },
    write: false,
    logLevel: 'error',
  });
  return outputFiles[0]!.text;
}

/** A page in a context of its own that runs `script`. `url`: where it seems to come from, such as the edge's own origin, which the edge lets in. */
export async function openScripted(browser: Browser, url: string, script: string): Promise<Page> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  await page.goto(url);
  await page.evaluate(script);
  return page;
}
