import { type Browser } from 'playwright-core';
import { peer } from '../peers/peers.ts';
import { type DemoPage, launchBrowser, openDemoPage, type PhonePane, phonePane } from './browser.ts';
import { type ServerProcess, startServerProcess } from './server-process.ts';

/** The demo page of a server of its own, in a browser of its own. Both end with it. */
export interface ServedPage extends DemoPage, AsyncDisposable {
  readonly server: ServerProcess;
  readonly browser: Browser;
  /** The phone that `#add-pane` opens beside `pane`. */
  readonly second: PhonePane;
}

interface ServedPageOptions {
  /** Assignments of configuration keys. */
  readonly settings?: readonly string[];
  /** Further flags of the command. */
  readonly flags?: readonly string[];
  /** Runs before the page's own script. */
  readonly script?: string;
}

export async function servePage({ settings, flags, script }: ServedPageOptions = {}): Promise<ServedPage> {
  const server = await startServerProcess(settings, flags);
  const browser = await launchBrowser(peer('chromium') ?? '');
  const opened = await openDemoPage(browser, server.ready.page, script);
  return {
    ...opened,
    server,
    browser,
    second: phonePane(opened.page, 2),
    [Symbol.asyncDispose]: async () => {
      await browser.close();
      await server.stop();
    },
  };
}
