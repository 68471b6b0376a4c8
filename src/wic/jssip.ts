import { intercept } from './intercept.ts';
import { keepCredential } from './keep-credential.ts';
import { type TurnCredentialOptions, type TurnCredentials } from './options.ts';
import { type HeaderSource } from './parse-turn-credential.ts';
import { type PeerConnection } from './peer-connection.ts';

/** A `UA` of JsSIP 3. */
export interface JsSipUserAgent {
  registrator(): { setExtraHeaders(extraHeaders: string[]): void };
  isRegistered(): boolean;
}

/** What `UA` has besides: public in its code, absent from its types. */
interface JsSipParts extends JsSipUserAgent {
  readonly configuration: { readonly uri: { clone(): { user: string } } };
  readonly transport: object;
  registrator(): { readonly _extraHeaders?: string[]; setExtraHeaders(extraHeaders: string[]): void };
  sendOptions(
    target: object,
    body: undefined,
    options: {
      extraHeaders: string[];
      eventHandlers: Record<'succeeded' | 'failed', (event: { response: HeaderSource | null }) => void>;
    },
  ): void;
  on(type: 'newRTCSession', listener: (event: { session: JsSipSession }) => void): void;
  removeListener(type: 'newRTCSession', listener: (event: { session: JsSipSession }) => void): void;
}

interface JsSipSession {
  readonly connection: PeerConnection;
  readonly direction: string;
  on(type: 'confirmed', listener: () => void): void;
  isEnded(): boolean;
  renegotiate(): boolean;
}

/**
 * Keeps a JsSIP user agent in TURN credentials: asks on every REGISTER, sees each answer, also of the silent re-REGISTER of which JsSIP
 * tells nobody, refreshes by OPTIONS before the end, and moves running calls over. Attach it before `ua.start()`.
 *
 * @example
 * const turn = attachTurnCredentials(ua);
 * ua.start();
 * ua.call('sip:bob@ims.example', { pcConfig: { iceServers: await turn.ready() } });
 */
export function attachTurnCredentials(ua: JsSipUserAgent, options: TurnCredentialOptions = {}): TurnCredentials {
  const parts = ua as JsSipParts;
  const registrator = parts.registrator();
  let headers = registrator._extraHeaders ?? [];

  const [credentials, header, answered, follow] = keepCredential(
    options,
    // A connection that closes takes JsSIP's registration with it.
    () => ua.isRegistered(),
    (extraHeader, done) => {
      const handler = (accepted: boolean) => (event: { response: HeaderSource | null }) => {
        done(accepted, event.response);
      };
      // From text, JsSIP would take the domain for a user of the domain.
      const home = parts.configuration.uri.clone();
      home.user = '';
      parts.sendOptions(home, undefined, {
        extraHeaders: [extraHeader],
        eventHandlers: { succeeded: handler(true), failed: handler(false) },
      });
    },
    () => {
      for (const undo of hooks) undo();
      registrator.setExtraHeaders(headers);
    },
  );

  function onSession({ session }: { session: JsSipSession }): void {
    session.on('confirmed', () => {
      follow(
        session.connection,
        session.direction === 'incoming',
        () => session.isEnded(),
        () => session.renegotiate(),
      );
    });
  }

  const hooks = [
    intercept<[string[]], unknown>(registrator, 'setExtraHeaders', (original, given) => {
      headers = given;
      original([...headers, header]);
    }),
    // The transport lives as long as the user agent; its sockets come and go.
    intercept<[{ readonly message: unknown }], unknown>(parts.transport, 'ondata', (original, event) => {
      original(event);
      const fields = registerAnswer(event.message);
      // The answer to an un-REGISTER finds JsSIP unregistered.
      if (fields && ua.isRegistered()) answered(true, fields);
    }),
    () => {
      parts.removeListener('newRTCSession', onSession);
    },
  ];
  registrator.setExtraHeaders(headers);
  parts.on('newRTCSession', onSession);
  if (ua.isRegistered()) credentials.refresh();
  return credentials;
}

/** Header fields of a 2xx to REGISTER, else `undefined`. */
function registerAnswer(message: unknown): HeaderSource | undefined {
  const [head = ''] = String(message).split('\r\n\r\n', 1);
  if (!/^SIP\/2\.0 2[^]*\ncseq\s*:.*\sregister\s*$/im.test(head)) return undefined;
  return (name) => [...head.matchAll(new RegExp(`^${name}\\s*:\\s*(.*?)\\s*$`, 'gim'))].map(([, value = '']) => value);
}
