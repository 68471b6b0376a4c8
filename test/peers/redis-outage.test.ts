import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type RegisteredWic } from '../server/support/registered-wic.ts';
import { RedisFleet, refusalOf } from './redis-fleet.ts';
import { redisServer, until } from './redis.ts';

const CLIENTS = 30;
const PHASE_MS = 2000;

interface Figures {
  registers: number;
  credentials: number;
  unavailable: number;
  allocations: number;
  refused: string[];
  slowestRegisterMs: number;
  slowestAllocateMs: number;
}

function zeros(): Figures {
  return {
    registers: 0,
    credentials: 0,
    unavailable: 0,
    allocations: 0,
    refused: [],
    slowestRegisterMs: 0,
    slowestAllocateMs: 0,
  };
}

describe.skipIf(!redisServer)('a Redis that is killed and started again under load', { timeout: 60_000 }, () => {
  it('costs no registration and no allocation of a user who is known', async () => {
    await using fleet = await RedisFleet.start();
    const { store } = fleet;
    const [edge, relay] = [await fleet.edge(), await fleet.relay()];
    const wics: RegisteredWic[] = [];
    const credentials: RegisteredWic['credential'][] = [];
    for (let i = 0; i < CLIENTS; i++) {
      // Contacts of a user are limited, so three share them.
      const wic = await fleet.registered(edge, ['alice', 'bob', 'carol'][i % 3]);
      wics.push(wic);
      credentials.push(wic.credential);
      await fleet.allocate(relay, wic.credential);
    }

    const allocateOnce = async (credential: RegisteredWic['credential']): Promise<void> => {
      const client = await fleet.allocate(relay, credential);
      await client.refresh(0);
    };
    let figures = zeros();
    let isOver = false;
    const registering = async (wic: RegisteredWic): Promise<void> => {
      while (!isOver) {
        const startMs = performance.now();
        const answer = await wic.refresh();
        figures.slowestRegisterMs = Math.max(figures.slowestRegisterMs, performance.now() - startMs);
        figures.registers += 1;
        if (answer?.kind === 'credential') figures.credentials += 1;
        else if (answer?.kind === 'error' && answer.error === 'unavailable') figures.unavailable += 1;
        await sleep(400);
      }
    };
    const allocating = async (): Promise<void> => {
      for (let i = 0; !isOver; i++) {
        const startMs = performance.now();
        const refusal = await refusalOf(allocateOnce(credentials[i % CLIENTS]!));
        figures.slowestAllocateMs = Math.max(figures.slowestAllocateMs, performance.now() - startMs);
        figures.allocations += 1;
        if (refusal !== '') figures.refused.push(refusal);
        await sleep(20);
      }
    };
    const phase = async (name: string): Promise<Figures> => {
      figures = zeros();
      await sleep(PHASE_MS);
      const { refused, slowestRegisterMs, slowestAllocateMs, ...counts } = figures;
      const slowest = `slowest REGISTER ${Math.round(slowestRegisterMs)} ms, Allocate ${Math.round(slowestAllocateMs)} ms`;
      console.log(`Redis ${name}: ${JSON.stringify(counts)}, refused ${refused.length}, ${slowest}`);
      return figures;
    };

    const load = [...wics.map(registering), allocating()];
    const before = await phase('there');
    await store.kill();
    const away = await phase('away');
    await store.start();
    const startedMs = performance.now();
    figures = zeros();
    await until(() => figures.credentials > 0);
    const backMs = performance.now() - startedMs;
    const after = await phase('back');
    console.log(`the first credential ${Math.round(backMs)} ms after Redis`);
    isOver = true;
    await Promise.all(load);

    for (const { registers, allocations, refused } of [before, away, after]) {
      expect(registers).toBeGreaterThan(CLIENTS);
      expect(allocations).toBeGreaterThan(10);
      expect(refused).toEqual([]);
    }
    expect(before.unavailable).toBe(0);
    expect(away.credentials).toBe(0);
    expect(after.unavailable).toBe(0);
  });
});
