/** The element of that id, checked to be of that kind: a page and its script that do not fit should say so at once. */
function element<T extends HTMLElement>(id: string, kind: abstract new () => T): T {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`page has no ${kind.name} #${id}`);
}

export const page = {
  status: element('status', HTMLElement),
  problem: element('problem', HTMLElement),
  edgeUrl: element('edge-url', HTMLElement),
  accountForm: element('account-form', HTMLFormElement),
  labUserField: element('lab-user-field', HTMLElement),
  labUser: element('lab-user', HTMLSelectElement),
  ownUserFields: element('own-user-fields', HTMLElement),
  userName: element('user-name', HTMLInputElement),
  userPassword: element('user-password', HTMLInputElement),
  register: element('register', HTMLButtonElement),
  signOut: element('sign-out', HTMLButtonElement),
  credential: element('credential', HTMLElement),
  credentialUsername: element('credential-username', HTMLElement),
  credentialPassword: element('credential-password', HTMLElement),
  credentialLeft: element('credential-left', HTMLElement),
  credentialUris: element('credential-uris', HTMLElement),
  showPassword: element('show-password', HTMLButtonElement),
  refresh: element('refresh', HTMLButtonElement),
  call: element('call', HTMLElement),
  callForm: element('call-form', HTMLFormElement),
  callOptions: element('call-options', HTMLFieldSetElement),
  callee: element('callee', HTMLInputElement),
  media: element('media', HTMLSelectElement),
  transport: element('transport', HTMLSelectElement),
  relayOnly: element('relay-only', HTMLInputElement),
  dial: element('dial', HTMLButtonElement),
  hangUp: element('hang-up', HTMLButtonElement),
  incoming: element('incoming', HTMLElement),
  incomingText: element('incoming-text', HTMLElement),
  answer: element('answer', HTMLButtonElement),
  decline: element('decline', HTMLButtonElement),
  remoteVideo: element('remote-video', HTMLVideoElement),
  localVideo: element('local-video', HTMLVideoElement),
  path: element('path', HTMLElement),
  icePair: element('ice-pair', HTMLElement),
  relayTransport: element('relay-transport', HTMLElement),
  received: element('received', HTMLElement),
};
