import { ERROR_CODES, type ErrorCode } from '../base/errors.ts';
import { FORBIDDEN_CAUSES, forbiddenPhrase, type ForbiddenCause } from '../edge/forbidden.ts';
import { code, page, table } from './markdown.ts';

const ERRORS: Readonly<Record<ErrorCode, { readonly meaning: string; readonly remedy: string }>> = {
  ERR_CONFIG_INVALID: {
    meaning:
      'A key of the configuration is unknown, or its value is not what was expected. `message` has a line for each such key.',
    remedy: 'Correct the keys that `message` names. [Configuration](configuration.md) lists what each key allows.',
  },
  ERR_CONFIG_UNREADABLE: {
    meaning:
      'The configuration file, or a file that a `…_FILE` variable or a `…File` key names, cannot be read or is not YAML.',
    remedy: 'Check the path and the permissions of the file.',
  },
  ERR_CERTIFICATE_UNREADABLE: {
    meaning: 'The certificate or its private key is missing, cannot be read, or the two are not a pair.',
    remedy: 'Check `tls.certFile` and `tls.keyFile`.',
  },
  ERR_STATE_DIR_UNUSABLE: {
    meaning:
      'The state folder cannot be created or written, other users of the machine can read it, or it lacks a key that a command only reads.',
    remedy: 'Set `stateDir` to another folder, or correct the permissions: only its owner may read it.',
  },
  ERR_ADDRESS_IN_USE: {
    meaning: 'Another process has the port.',
    remedy: 'Stop that process, or choose another port.',
  },
  ERR_ADDRESS_UNAVAILABLE: {
    meaning: 'The address is not an address of this machine.',
    remedy: 'Check the address. `ip address` lists those of the machine.',
  },
  ERR_PERMISSION_DENIED: {
    meaning: 'The port needs a permission that the process lacks.',
    remedy: 'Choose a port of 1024 or above, or grant the permission (`CAP_NET_BIND_SERVICE` on Linux).',
  },
  ERR_LISTEN_FAILED: {
    meaning: 'A listener failed for another reason.',
    remedy: 'See `cause` of the error: it is the error of the operating system.',
  },
  ERR_INVALID_ARGUMENT: {
    meaning: 'A function of the library was called with a value that it cannot take.',
    remedy: 'See `message`: it names the argument.',
  },
  ERR_INVALID_STATE: {
    meaning: 'A function of the library was called at the wrong time, such as `start()` twice.',
    remedy: 'See `message`.',
  },
};

const FORBIDDEN: Readonly<Record<ForbiddenCause, string>> = {
  'rejected-by-core':
    'The external core has ended the registration by reg-event with `rejected`. The edge refuses the user for five minutes; then the core is asked again.',
  'from-not-registered':
    'A request outside of a dialog speaks for another user, or the client has not registered on this WebSocket yet.',
  'not-registered': 'A credential is asked for by OPTIONS before REGISTER.',
  'dialog-elsewhere': 'The client has a new WebSocket. After a REGISTER its dialogs go on over it.',
  'dialog-from':
    'A request in a dialog speaks for somebody who is not a party of it, or to somebody else than the other one.',
  'dialog-ended': 'The call was hung up or refused, and the client is not registered as who it was in it.',
  'dialog-target':
    'A client whom nothing but its dialog lets speak names another user than the other party, not the Contact of that.',
  'other-dialog': 'The Route set is the Route set of another call, or a part of one.',
  'route-tampered': 'A Route entry names this edge with a user part that the edge has not written.',
  'route-without-token': 'A Route entry names this edge with a user part of the client’s own choice.',
  'reaches-clients': 'With an external core, a request to another client must go through the core.',
  'out-of-core': 'With an external core, a Route entry after those of this edge is not an address of the core.',
  'not-of-domain': 'The embedded core serves only its own domain, and routes to no other.',
  'other-login': 'A REGISTER proves the password of another user than To names.',
  'third-party': 'From and To of a REGISTER name two users.',
  'token-client': 'The web token was issued to a web server that `edge.webIdentity.issuers` does not list.',
  'token-origin': 'The page comes from an origin for which the web token, or its web server, is not meant.',
  'token-identity':
    'The web token is not for the user in To and From, or not for the user that has signed in on this WebSocket.',
  'token-pool': 'The web token names an identity that is not in the pool of its web server, or is in that of another.',
  'token-in-use': 'Another device is registered under that identity of a pool, or the REGISTER has several Contacts.',
  'token-insecure': 'A web token came over a WebSocket without TLS.',
  'other-sign-in':
    'A client that has registered by digest shows a web token. Close the WebSocket, or end the registration, first.',
  'asked-for-password': 'Another client has challenged this one. Passwords do not pass between clients.',
};

/** Codes of `EpcscfTurnError`, and the reasons of a 403. */
export function errorsPage(): string {
  const errors = ERROR_CODES.map((name) => `### \`${name}\`\n\n${ERRORS[name].meaning}\n\n${ERRORS[name].remedy}`);
  const reasons = FORBIDDEN_CAUSES.map((cause) => [code(words(cause)), FORBIDDEN[cause]]);
  return page('Errors', [
    '## Codes',
    'Every error that this package throws is an `EpcscfTurnError`. Its `code` is one of the following; its `problems` has one entry for each thing that is wrong, such as each key of a configuration. The command ends with 2 for the first two codes, and with 1 for all others.',
    ...errors,
    '## 403 of the edge',
    'The reason phrase of a 403 says why the edge refused the request: `403 Forbidden (not registered)`. No phrase says anything about other users.',
    table(['`Forbidden (…)`', 'Meaning'], reasons),
  ]);
}

function words(cause: ForbiddenCause): string {
  return /\((.+)\)$/.exec(forbiddenPhrase(cause))?.[1] ?? '';
}
