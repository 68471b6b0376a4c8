import { createSocket } from 'node:dgram';
import { afterEach } from 'vitest';
import { type TransportAddress } from '../../../src/base/transport-address.ts';
import { startLab, type Lab } from '../../../src/lab/start-lab.ts';
import { TurnClient } from '../../turn/support/turn-client.ts';

export type TwoUsers = Lab<'alice' | 'bob'>;

const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A lab that the end of the test stops. */
export async function openLab(): Promise<TwoUsers> {
  const lab = await startLab();
  closers.push(() => lab.stop());
  return lab;
}

/** A TURN client over UDP with a fresh credential of the user. */
export async function turnClient(lab: TwoUsers, user: 'alice' | 'bob', waitMs?: number): Promise<TurnClient> {
  const { username, password } = lab.mint(user);
  const server = lab.addresses.turn.find(({ transport, family }) => transport === 'udp' && family === 4)!;
  const options = { transport: 'udp', server, username, password } as const;
  const client = await TurnClient.connect(waitMs === undefined ? options : { ...options, waitMs });
  closers.push(() => {
    client.close();
  });
  return client;
}

export interface HearingPeer {
  readonly address: TransportAddress;
  readonly heard: { readonly text: string; readonly bytes: number; readonly atMs: number }[];
  send(text: string, to: TransportAddress): void;
}

/** A UDP peer that keeps what it hears, and when. */
export async function hearingPeer(): Promise<HearingPeer> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
  await new Promise<void>((resolve) => {
    socket.bind(0, '127.0.0.1', resolve);
  });
  const heard: HearingPeer['heard'] = [];
  socket.on('message', (data) => {
    heard.push({ text: data.toString(), bytes: data.length, atMs: performance.now() });
  });
  closers.push(
    () =>
      new Promise<void>((resolve) => {
        socket.close(resolve);
      }),
  );
  return {
    address: { family: 4, address: '127.0.0.1', port: socket.address().port },
    heard,
    send: (text, to) => {
      socket.send(text, to.port, to.address);
    },
  };
}
