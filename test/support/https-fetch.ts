import { request } from 'node:https';

/** `fetch` that trusts a CA, as clients of a lab do. Follows no redirection. */
export function httpsFetch(ca: string): (url: string, init?: RequestInit) => Promise<Response> {
  return async (url, init = {}) => {
    const asked = new Request(url, init);
    const body = Buffer.from(await asked.arrayBuffer());
    return new Promise((resolve, reject) => {
      const options = { method: asked.method, headers: Object.fromEntries(asked.headers), ca, agent: false };
      const sent = request(url, options, (answer) => {
        const pieces: Buffer[] = [];
        answer.on('data', (piece: Buffer) => pieces.push(piece));
        answer.on('end', () => {
          const headers = new Headers();
          for (let i = 0; i < answer.rawHeaders.length; i += 2) {
            headers.append(answer.rawHeaders[i] ?? '', answer.rawHeaders[i + 1] ?? '');
          }
          const { statusCode: status = 500 } = answer;
          const hasBody = status !== 204 && status !== 304;
          resolve(new Response(hasBody ? Buffer.concat(pieces) : null, { status, headers }));
        });
      });
      sent.on('error', reject).end(body);
    });
  };
}
