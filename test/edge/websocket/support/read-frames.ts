import { type FrameDefect } from '../../../../src/edge/websocket/frame-defects.ts';
import { type FrameLimits, FrameReader } from '../../../../src/edge/websocket/frame-reader.ts';

/** One thing that a reader told, as text: `message 6869`, `ping`, `pong`, `close 1000`. */
export type Told = string;

export const LIMITS: FrameLimits = { messageBytes: 65_536, fragments: 16, bufferedChunks: 64 };

export interface Reading {
  readonly told: readonly Told[];
  readonly defect: FrameDefect | undefined;
}

/** What a reader makes of these chunks. Each is copied, as it is unmasked in place. */
export function readFrames(chunks: readonly Uint8Array[], limits: FrameLimits = LIMITS): Reading {
  const told: Told[] = [];
  const reader = new FrameReader(limits, {
    message: (bytes) => told.push(`message ${bytes.toString('hex')}`),
    ping: (payload) => told.push(`ping ${payload.toString('hex')}`),
    pong: () => told.push('pong'),
    peerClosed: (code) => told.push(`close ${code}`),
  });
  for (const chunk of chunks) {
    const defect = reader.read(Buffer.from(chunk));
    if (defect) return { told, defect };
  }
  return { told, defect: undefined };
}
