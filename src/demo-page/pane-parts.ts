import { page } from './elements.ts';

export type PaneParts = ReturnType<typeof buildPane>;

const ID_REFERENCES = ['id', 'for', 'aria-labelledby', 'aria-describedby'];

/** A pane from the template, with ids of its own, at the end of the others. */
export function buildPane(number: number) {
  const fragment = page.paneTemplate.content.cloneNode(true) as DocumentFragment;
  const root = fragment.firstElementChild;
  if (!(root instanceof HTMLElement)) throw new Error('page has no pane in its template');
  for (const name of ID_REFERENCES) {
    for (const owner of [root, ...root.querySelectorAll(`[${name}]`)]) {
      const value = owner.getAttribute(name);
      if (value !== null) owner.setAttribute(name, `pane-${number}-${value}`);
    }
  }
  root.id = `pane-${number}`;
  page.panes.append(root);

  function part<T extends HTMLElement>(name: string, kind: abstract new () => T): T {
    const found = root?.querySelector(`[data-part="${name}"]`);
    if (found instanceof kind) return found;
    throw new Error(`pane has no ${kind.name} ${name}`);
  }

  return {
    root,
    title: part('title', HTMLElement),
    status: part('status', HTMLElement),
    signOut: part('sign-out', HTMLButtonElement),
    remove: part('remove', HTMLButtonElement),
    problem: part('problem', HTMLElement),
    problemList: part('problem-list', HTMLElement),
    dismiss: part('dismiss', HTMLButtonElement),
    accountForm: part('account-form', HTMLFormElement),
    signInField: part('sign-in-field', HTMLElement),
    signInBy: part('sign-in', HTMLSelectElement),
    signInNote: part('sign-in-note', HTMLElement),
    labUserField: part('lab-user-field', HTMLElement),
    labUser: part('lab-user', HTMLSelectElement),
    userNameField: part('user-name-field', HTMLElement),
    userName: part('user-name', HTMLInputElement),
    userPasswordField: part('user-password-field', HTMLElement),
    userPassword: part('user-password', HTMLInputElement),
    register: part('register', HTMLButtonElement),
    credential: part('credential', HTMLElement),
    credentialUsername: part('credential-username', HTMLElement),
    credentialPassword: part('credential-password', HTMLElement),
    showPassword: part('show-password', HTMLButtonElement),
    credentialExpiry: part('credential-expiry', HTMLElement),
    credentialBar: part('credential-bar', HTMLProgressElement),
    credentialLeft: part('credential-left', HTMLElement),
    credentialUris: part('credential-uris', HTMLElement),
    refresh: part('refresh', HTMLButtonElement),
    refreshAndMove: part('refresh-and-move', HTMLButtonElement),
    token: part('token', HTMLElement),
    tokenOfEdge: part('token-of-edge', HTMLButtonElement),
    tokenOfWebServer: part('token-of-web-server', HTMLButtonElement),
    tokenByLogin: part('token-by-login', HTMLButtonElement),
    tokenStatus: part('token-status', HTMLElement),
    call: part('call', HTMLElement),
    callForm: part('call-form', HTMLFormElement),
    callOptions: part('call-options', HTMLFieldSetElement),
    calleeChoice: part('callee-choice', HTMLSelectElement),
    calleeField: part('callee-field', HTMLElement),
    callee: part('callee', HTMLInputElement),
    media: part('media', HTMLSelectElement),
    transport: part('transport', HTMLSelectElement),
    policy: part('policy', HTMLSelectElement),
    echo: part('echo', HTMLInputElement),
    dial: part('dial', HTMLButtonElement),
    hangUp: part('hang-up', HTMLButtonElement),
    incoming: part('incoming', HTMLElement),
    incomingText: part('incoming-text', HTMLElement),
    answer: part('answer', HTMLButtonElement),
    decline: part('decline', HTMLButtonElement),
    remoteVideo: part('remote-video', HTMLVideoElement),
    localVideo: part('local-video', HTMLVideoElement),
    noPicture: part('no-picture', HTMLElement),
    icePair: part('ice-pair', HTMLElement),
    relayTransport: part('relay-transport', HTMLElement),
    received: part('received', HTMLElement),
    candidateCount: part('candidate-count', HTMLElement),
    candidateList: part('candidate-list', HTMLElement),
  };
}
