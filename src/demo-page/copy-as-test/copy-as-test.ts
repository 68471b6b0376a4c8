import { type PageBus } from '../page-bus.ts';
import { Recording } from './recording.ts';
import { testFrom } from './test-from.ts';

/** Turns what was just done into a vitest file. */
export function mountCopyAsTest(
  root: HTMLElement,
  bus: PageBus,
  facts: { readonly domain: string; readonly users: readonly string[] },
): void {
  const recording = new Recording();
  const view = buildView(root);
  const showCount = (): void => {
    const count = recording.actions.length;
    view.count.textContent =
      count === 0
        ? 'Nothing has been done in this tab yet.'
        : `${count === 1 ? 'One action' : `${count} actions`} of this tab so far.`;
    view.copy.disabled = count === 0;
    view.forget.disabled = count === 0;
  };
  view.copy.addEventListener('click', () => {
    view.text.value = testFrom(recording.actions, recording.events, facts.users);
    view.text.rows = Math.min(28, view.text.value.split('\n').length);
    view.text.hidden = false;
    void copy(view.text).then((words) => {
      view.status.textContent = words;
    });
  });
  view.forget.addEventListener('click', () => {
    recording.clear();
    view.text.hidden = true;
    view.status.textContent = 'Forgotten: the next test begins here.';
    showCount();
  });
  record(bus, recording, showCount);
  showCount();
}

function record(bus: PageBus, recording: Recording, changed: () => void): void {
  bus.on('action', (action) => {
    recording.action(action);
    changed();
  });
  bus.on('lab-event', (event) => {
    recording.labEvent(event, Date.now());
  });
  bus.on('sip', ({ user, direction, text, atUnixMs }) => {
    if (direction === 'in') recording.sip(user, text, atUnixMs);
  });
  bus.on('ice-candidate', ({ user, type, atUnixMs }) => {
    if (type === 'relay') recording.relayCandidate(user, atUnixMs);
  });
  bus.on('ice-error', ({ user, code, atUnixMs }) => {
    recording.relayError(user, code, atUnixMs);
  });
}

/** Where the clipboard is closed, the text is left selected. */
async function copy(text: HTMLTextAreaElement): Promise<string> {
  try {
    await navigator.clipboard.writeText(text.value);
    return 'Copied. Save it as a .test.ts file and run it with vitest.';
  } catch {
    text.focus();
    text.select();
    return 'The test is selected: copy it with Ctrl+C or ⌘C.';
  }
}

interface View {
  readonly count: HTMLElement;
  readonly copy: HTMLButtonElement;
  readonly forget: HTMLButtonElement;
  readonly status: HTMLElement;
  readonly text: HTMLTextAreaElement;
}

function buildView(root: HTMLElement): View {
  const title = document.createElement('h2');
  title.id = 'copy-as-test-title';
  title.textContent = 'Copy as test';
  root.setAttribute('aria-labelledby', title.id);
  const intro = document.createElement('p');
  intro.className = 'copy-as-test-intro';
  intro.textContent = 'A vitest file that does what was done in this tab, and expects what was seen.';
  const count = document.createElement('p');
  count.className = 'copy-as-test-count';
  count.dataset.testid = 'copy-count';
  const buttons = document.createElement('div');
  buttons.className = 'buttons';
  const copyButton = button('Copy as test', 'primary');
  const forget = button('Forget what was done');
  buttons.append(copyButton, forget);
  const status = document.createElement('p');
  status.className = 'copy-as-test-status';
  status.setAttribute('role', 'status');
  const text = document.createElement('textarea');
  text.className = 'copy-as-test-text';
  text.dataset.testid = 'copied-test';
  text.readOnly = true;
  text.hidden = true;
  text.spellcheck = false;
  text.wrap = 'off';
  text.setAttribute('aria-label', 'The test');
  root.append(title, intro, count, buttons, status, text);
  return { count, copy: copyButton, forget, status, text };
}

function button(label: string, className = ''): HTMLButtonElement {
  const element = document.createElement('button');
  element.type = 'button';
  element.className = className;
  element.textContent = label;
  return element;
}
