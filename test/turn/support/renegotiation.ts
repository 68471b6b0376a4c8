import { type TLSSocket } from 'node:tls';

/** What a client gets that asks for another handshake on its connection: an error, or nothing when it had it. */
export function renegotiation(socket: TLSSocket): Promise<Error | undefined> {
  return new Promise((resolve) => {
    socket.on('error', resolve);
    socket.renegotiate({ rejectUnauthorized: false }, (error) => {
      resolve(error ?? undefined);
    });
  });
}
