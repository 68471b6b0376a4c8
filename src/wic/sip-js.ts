import { intercept } from './intercept.ts';
import { keepCredential } from './keep-credential.ts';
import { type TurnCredentialOptions, type TurnCredentials } from './options.ts';
import { type HeaderSource } from './parse-turn-credential.ts';
import { type PeerConnection } from './peer-connection.ts';

/** A `UserAgent` of SIP.js 0.21. */
export interface SipJsUserAgent {
  isConnected(): boolean;
  readonly configuration: object;
  readonly userAgentCore: object;
}

interface SipJsParts extends SipJsUserAgent {
  readonly configuration: { readonly uri: { clone(): { user: string | undefined } } };
  readonly userAgentCore: {
    makeOutgoingRequestMessage(...args: [string, object, object, object, object, string[]]): object;
    request(message: object, delegate: SipJsDelegate): unknown;
  };
}

interface SipJsResponse {
  readonly message: HeaderSource;
}

type SipJsDelegate = Partial<Record<'onAccept' | 'onReject' | 'onRedirect', (response: SipJsResponse) => void>>;

interface SipJsSession {
  readonly state: string;
  readonly stateChange: { addListener(listener: (state: string) => void): void };
  invite(): Promise<unknown>;
}

/**
 * Keeps a SIP.js user agent in TURN credentials, as `attachTurnCredentials` does one of JsSIP: whichever `Registerer` registers, and in
 * whatever calls its session description handler factory serves. Attach it before the first `register()`.
 *
 * @example
 * const turn = attachTurnCredentialsSipJs(userAgent);
 * await registerer.register();
 * const iceServers = await turn.ready();
 */
export function attachTurnCredentialsSipJs(
  userAgent: SipJsUserAgent,
  options: TurnCredentialOptions = {},
): TurnCredentials {
  const { configuration, userAgentCore } = userAgent as SipJsParts;
  let registered = false;

  const [credentials, header, answered, follow] = keepCredential(
    options,
    () => registered && userAgent.isConnected(),
    (extraHeader, done) => {
      const home = configuration.uri.clone();
      home.user = undefined;
      const refused = ({ message }: SipJsResponse): void => {
        done(false, message);
      };
      userAgentCore.request(
        userAgentCore.makeOutgoingRequestMessage('OPTIONS', home, configuration.uri, home, {}, [extraHeader]),
        {
          onAccept: ({ message }) => {
            done(true, message);
          },
          onReject: refused,
          onRedirect: refused,
        },
      );
    },
    () => {
      for (const undo of hooks) undo();
    },
  );

  const hooks = [
    // Every REGISTER of every Registerer goes through here, the silent ones too.
    intercept<[{ extraHeaders: string[] }, SipJsDelegate], unknown>(
      userAgentCore,
      'register',
      (original, request, delegate) => {
        const leaves = request.extraHeaders.some((line) => /expires[=:]\s*0$/i.test(line));
        if (!leaves) request.extraHeaders.push(header);
        return original(request, {
          ...delegate,
          onAccept(response) {
            registered = !leaves;
            delegate.onAccept?.(response);
            if (registered) answered(true, response.message);
          },
        });
      },
    ),
    // A call is seen where its peer connection is made.
    intercept<[SipJsSession, unknown], { peerConnection?: PeerConnection }>(
      configuration,
      'sessionDescriptionHandlerFactory',
      (original, session, handlerOptions) => {
        const handler = original(session, handlerOptions);
        session.stateChange.addListener((state) => {
          if (state !== 'Established' || !handler.peerConnection) return;
          follow(
            handler.peerConnection,
            'accept' in session,
            () => session.state === 'Terminated',
            // Rejects while another re-INVITE is under way; there will be a next time.
            () => session.invite().catch(() => undefined),
          );
        });
        return handler;
      },
    ),
  ];
  return credentials;
}
