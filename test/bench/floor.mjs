// What a REGISTER cycle costs on Node with TLS and ws and nothing else: the same bytes in and about the same out, without digest or state.
// node floor.mjs PORT CERTIFICATE KEY
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { WebSocketServer } from 'ws';

const [port, certFile, keyFile] = process.argv.slice(2);
const CHALLENGE =
  'WWW-Authenticate: Digest realm="bench.example",nonce="0123456789abcdefghijkl",qop="auth",algorithm=MD5';
const CREDENTIAL = [
  `TURN-Cred-Rsp: username="1789000000:${'u'.repeat(40)}";password="${'p'.repeat(44)}";expires=1789000000`,
  `TURN-Username: 1789000000:${'u'.repeat(40)}`,
  `TURN-Password: ${'p'.repeat(44)}`,
  'TURN-Lifetime: 3600',
  'TURN-URI: turn:bench.example:3478?transport=udp',
].join('\r\n');
const ECHOED = ['Via', 'From', 'To', 'Call-ID', 'CSeq'];

const https = createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) });
const sockets = new WebSocketServer({ server: https, handleProtocols: () => 'sip', perMessageDeflate: false });
sockets.on('connection', (socket) => {
  socket.on('message', (bytes) => {
    socket.send(answer(bytes.toString('utf8')));
  });
});
https.listen(Number(port), '127.0.0.1');
process.on('SIGINT', () => process.exit(0));

function answer(request) {
  const isProved = request.includes('\r\nAuthorization:');
  const head = ECHOED.map((name) => lineOf(request, name)).join('\r\n');
  const own = isProved ? `${lineOf(request, 'Contact')};expires=600\r\n${CREDENTIAL}` : CHALLENGE;
  return `SIP/2.0 ${isProved ? '200 OK' : '401 Unauthorized'}\r\n${head};tag=floor\r\n${own}\r\nContent-Length: 0\r\n\r\n`;
}

function lineOf(message, name) {
  const start = message.indexOf(`\r\n${name}:`) + 2;
  return message.slice(start, message.indexOf('\r\n', start));
}
