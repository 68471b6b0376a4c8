import { WebSocketInterface } from 'jssip';

/** What JsSIP sets on its socket; its type declarations leave it out. */
interface DataSocket {
  send(message: string): boolean;
  ondata(data: unknown): void;
}

/** A WebSocket of JsSIP that tells each SIP message as it passes; keep-alives are none. */
export function tracedSocket(
  url: string,
  tell: (direction: 'in' | 'out', message: string) => void,
): WebSocketInterface {
  const socket = new WebSocketInterface(url);
  const inner = socket as unknown as DataSocket;
  const send = inner.send.bind(inner);
  let deliver: DataSocket['ondata'] = () => undefined;
  const trace = (direction: 'in' | 'out', data: unknown): void => {
    if (typeof data === 'string' && data.trim() !== '') tell(direction, data);
  };
  inner.send = (message) => {
    const sent = send(message);
    if (sent) trace('out', message);
    return sent;
  };
  Object.defineProperty(socket, 'ondata', {
    get: () => (data: unknown) => {
      trace('in', data);
      deliver(data);
    },
    set(handler: DataSocket['ondata']) {
      deliver = handler;
    },
  });
  return socket;
}
