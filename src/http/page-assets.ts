import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface PageAsset {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly type: string;
}

const FILES = [
  ['index.html', 'text/html; charset=utf-8'],
  ['page.js', 'text/javascript; charset=utf-8'],
  ['page.css', 'text/css; charset=utf-8'],
  ['icon.svg', 'image/svg+xml'],
] as const;

/** What is written at a time: of an answer that its client does not take, no more than this waits. */
const PIECE_BYTES = 32_768;

/** The body of an answer, in pieces of which each is asked for when the one before it is taken. */
export function inPieces(body: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  return new ReadableStream(
    {
      pull: (controller) => {
        controller.enqueue(body.subarray(at, (at += PIECE_BYTES)));
        if (at >= body.length) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}

/** The files of the page by URL path; only these are ever served. `undefined` when the page has not been built. */
export async function readPageAssets(folder: string): Promise<ReadonlyMap<string, PageAsset> | undefined> {
  try {
    const assets = await Promise.all(
      FILES.map(async ([name, type]) => {
        const body = Uint8Array.from(await readFile(join(folder, name)));
        return [name === 'index.html' ? '/' : `/${name}`, { body, type }] as const;
      }),
    );
    return new Map(assets);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
