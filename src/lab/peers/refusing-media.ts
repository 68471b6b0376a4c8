import { EpcscfTurnError } from '../../base/errors.ts';
import { type PeerMedia } from './peer-media.ts';

/** Takes the call and none of its streams: each is answered with port 0 (RFC 3264 §6). */
export class RefusingMedia implements PeerMedia {
  #version = 0;

  answer(offer: string): Promise<string> {
    const lines = offer.split(/\r?\n/);
    if (lines[0] !== 'v=0') {
      return Promise.reject(new EpcscfTurnError('ERR_INVALID_ARGUMENT', 'offer: expected SDP that begins with v=0'));
    }
    const timing = lines.find((line) => line.startsWith('t=')) ?? 't=0 0';
    const head = ['v=0', `o=- 1 ${++this.#version} IN IP4 127.0.0.1`, 's=-', 'c=IN IP4 0.0.0.0', timing];
    return Promise.resolve([...head, ...lines.flatMap(refuse), ''].join('\r\n'));
  }

  close(): void {
    // There is nothing to end.
  }
}

/** A stream keeps its place, its formats and its name. */
function refuse(line: string): string[] {
  const stream = /^m=(\S+) \S+ (.+)$/.exec(line);
  if (stream) return [`m=${stream[1] ?? ''} 0 ${stream[2] ?? ''}`];
  return line.startsWith('a=mid:') ? [line] : [];
}
