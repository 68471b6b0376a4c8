import { mountCharts } from './charts/charts.ts';
import { mountCopyAsTest } from './copy-as-test/copy-as-test.ts';
import { page } from './elements.ts';
import { mountFaults } from './faults-panel/faults-panel.ts';
import { LabClient } from './lab-client.ts';
import { mountLadder } from './ladder/ladder.ts';
import { PageBus } from './page-bus.ts';
import { Pane, type PaneContext } from './pane.ts';
import { buildPane } from './pane-parts.ts';
import { loadSetup, type Setup } from './setup.ts';
import { type SignInBrowser, WebSignIn } from './web-sign-in.ts';

const SIGN_IN_BROWSER: SignInBrowser = {
  fetch: (path, options) => fetch(path, options),
  open: (path) => open(path, 'sign-in', 'popup,width=460,height=620'),
};
const TICK_MS = 1000;
const MOST_PANES = 2;
const bus = new PageBus();
const panes: Pane[] = [];

function addPane(context: PaneContext): void {
  const { setup } = context;
  const taken = new Set(panes.map(({ user }) => user));
  const free = setup.users.find(({ name }) => !taken.has(name));
  const parts = buildPane(panes.length + 1);
  const pane = new Pane(parts, context, free?.name);
  panes.push(pane);
  parts.remove.hidden = panes.length === 1;
  parts.remove.addEventListener('click', () => {
    pane.stop();
    panes.splice(panes.indexOf(pane), 1);
    parts.root.remove();
    showPaneCount();
    page.addPane.focus();
  });
  showPaneCount();
}

function showPaneCount(): void {
  document.body.dataset.panes = String(panes.length);
  page.addPane.hidden = panes.length >= MOST_PANES;
}

/** Returns the way to the lab, where there is one. */
function mountParts(setup: Setup): LabClient | undefined {
  const lab = LabClient.open(setup.labPath, bus);
  const users = setup.users.map(({ name }) => name);
  page.labState.textContent = lab ? 'Lab control open' : 'SIP of this tab only';
  page.labState.dataset.open = String(lab !== undefined);
  page.howToOpenLab.hidden = lab !== undefined;
  mountLadder(page.ladder, bus, { hasLab: lab !== undefined, approach: setup.approach });
  mountCharts(page.charts, bus);
  if (lab) mountFaults(page.faults, bus, lab, { users, byWeb: setup.webSignIn !== undefined });
  page.faults.hidden = lab === undefined;
  mountCopyAsTest(page.copyAsTest, bus, { domain: setup.domain, users });
  return lab;
}

function begin(setup: Setup): void {
  const lab = mountParts(setup);
  const web = setup.webSignIn && new WebSignIn(setup.webSignIn, SIGN_IN_BROWSER);
  const context = { setup, bus, lab, web };
  addPane(context);
  page.addPane.addEventListener('click', () => {
    addPane(context);
    panes.at(-1)?.focus();
  });
  addEventListener('pagehide', () => {
    for (const pane of panes) pane.stop();
  });
  setInterval(() => {
    for (const pane of panes) void pane.tick();
  }, TICK_MS);
}

const setup = await loadSetup().catch(() => undefined);
if (setup) {
  begin(setup);
} else {
  page.problem.hidden = false;
  page.problem.textContent = 'The server does not answer. Is it still running?';
}
