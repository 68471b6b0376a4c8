/** The element of that id, checked to be of that kind: a page and its script that do not fit should say so at once. */
function element<T extends HTMLElement>(id: string, kind: abstract new () => T): T {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`page has no ${kind.name} #${id}`);
}

/** What the page has once; what each pane has is in pane-parts.ts. */
export const page = {
  problem: element('problem', HTMLElement),
  labState: element('lab-state', HTMLElement),
  howToOpenLab: element('how-to-open-lab', HTMLElement),
  panes: element('panes', HTMLElement),
  addPane: element('add-pane', HTMLButtonElement),
  paneTemplate: element('pane', HTMLTemplateElement),
  ladder: element('ladder', HTMLElement),
  charts: element('charts', HTMLElement),
  faults: element('faults', HTMLElement),
  copyAsTest: element('copy-as-test', HTMLElement),
};
