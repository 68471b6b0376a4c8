import { WebSocketInterface } from 'jssip';

/** A WebSocket of JsSIP that tells each SIP message as it passes. Keep-alives are not told. */
export function tracedSocket(
  url: string,
  tell: (direction: 'in' | 'out', message: string) => void,
): WebSocketInterface {
  const socket = new WebSocketInterface(url);
  const send = socket.send.bind(socket);
  let deliver = (_data: unknown): void => undefined;
  const trace = (direction: 'in' | 'out', data: unknown): void => {
    if (typeof data === 'string' && data.trim() !== '') tell(direction, data);
  };
  socket.send = (message) => {
    const sent = send(message);
    if (sent) trace('out', message);
    return sent;
  };
  Object.defineProperty(socket, 'ondata', {
    get: () => (data: unknown) => {
      trace('in', data);
      deliver(data);
    },
    set(handler: typeof deliver) {
      deliver = handler;
    },
  });
  return socket;
}
