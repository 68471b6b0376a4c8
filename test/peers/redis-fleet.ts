import { silentLogger } from '../../src/base/logger.ts';
import { MemoryState } from '../../src/config/state/memory-state.ts';
import { type ConfigInput, createServer, type Server } from '../../src/index.ts';
import { registeredWic, WIC_HOME, type RegisteredWic } from '../server/support/registered-wic.ts';
import { TurnClient } from '../turn/support/turn-client.ts';
import { type RedisPeer, startRedis } from './redis.ts';

export const REALM = 'example.com';

type RedisConfig = NonNullable<ConfigInput['redis']>;
type Quota = NonNullable<NonNullable<ConfigInput['turn']>['quota']>;
interface Login {
  readonly username: string;
  readonly password: string;
}

/** Servers and clients that end with the fleet, the youngest first. */
export class Fleet implements AsyncDisposable {
  readonly #closers: (() => unknown)[] = [];

  /** Ends with the fleet. */
  own<T extends AsyncDisposable>(part: T): T {
    this.#closers.push(() => part[Symbol.asyncDispose]());
    return part;
  }

  async server(config: ConfigInput): Promise<Server> {
    const server = await createServer(config, { logger: silentLogger, state: new MemoryState() });
    await server.start();
    this.#closers.push(() => server.stop());
    return server;
  }

  /** An edge that delivers to whoever reads the Redis. */
  edge(redis: RedisConfig): Promise<Server> {
    return this.server({
      ...WIC_HOME,
      edge: { ...WIC_HOME.edge, credential: { uris: ['turn:turn.example.com:3478'], burst: 100_000 } },
      turn: { enabled: false },
      credentials: { approach: 'delivered', pseudonymKey: 'of all edges' },
      redis: { timeoutMs: 500, ...redis },
    });
  }

  /** A relay that knows nothing but the Redis. */
  relay(redis: RedisConfig, quota: Quota = {}): Promise<Server> {
    return this.server({
      domain: REALM,
      edge: { enabled: false },
      turn: {
        listeners: [{ transport: 'udp', address: '127.0.0.1', port: 0 }],
        relay: { addresses: ['127.0.0.1'] },
        quota,
      },
      redis: { timeoutMs: 500, ...redis },
    });
  }

  async registered(edge: Server, user = 'alice'): Promise<RegisteredWic> {
    const wic = await registeredWic(edge, user);
    this.#closers.push(() => wic.close());
    return wic;
  }

  async allocate(relay: Server, { username, password }: Login): Promise<TurnClient> {
    const client = await TurnClient.connect({ transport: 'udp', server: relay.addresses.turn[0]!, username, password });
    this.#closers.push(() => {
      client.close();
    });
    await client.allocate();
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close();
  }
}

/** A fleet around a Redis of its own, which its servers use unless told of another. */
export class RedisFleet extends Fleet {
  readonly store: RedisPeer;

  private constructor(store: RedisPeer) {
    super();
    this.store = this.own(store);
  }

  /** `settings`: further lines of the configuration of Redis. */
  static async start(settings?: readonly string[]): Promise<RedisFleet> {
    return new RedisFleet(await startRedis(settings));
  }

  override edge(redis: RedisConfig = {}): Promise<Server> {
    return super.edge({ servers: [this.store.url], ...redis });
  }

  override relay(redis: RedisConfig = {}, quota?: Quota): Promise<Server> {
    return super.relay({ servers: [this.store.url], ...redis }, quota);
  }
}

/** The code of an error response; nothing for a success. */
export function refusalOf(allocating: Promise<unknown>): Promise<string> {
  return allocating.then(
    () => '',
    (error: unknown) => (error as Error).message.slice(0, 3),
  );
}

export function keyOf(user: string): string {
  return `turn/realm/${REALM}/user/${user}/key`;
}
