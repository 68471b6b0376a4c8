import { afterEach, describe, expect, it } from 'vitest';
import {
  createWorld,
  request,
  requestText,
  responseTo,
  type TransportWorld,
  type UdpCore,
  udpCore,
  until,
  type WorldOptions,
} from './support.ts';

const worlds: TransportWorld[] = [];
const cores: UdpCore[] = [];

afterEach(async () => {
  for (const { socket } of cores.splice(0)) socket.close();
  await Promise.all(worlds.splice(0).map(({ transports }) => transports.stop()));
});

async function start(options?: WorldOptions): Promise<TransportWorld> {
  const world = createWorld(options);
  worlds.push(world);
  await world.transports.start();
  return world;
}

async function core(address?: string): Promise<UdpCore> {
  const made = await udpCore(address);
  cores.push(made);
  return made;
}

describe('the UDP socket towards the core', () => {
  it('tells the core its own address and port, and that retransmissions are ours', async () => {
    const { transports, place } = await start();
    const hop = transports.hopTo({ transport: 'udp', address: '127.0.0.1', port: 5060 });
    const { port } = place('udp');
    expect(hop).toMatchObject({
      kind: 'core',
      viaTransport: 'UDP',
      reliable: false,
      secure: false,
      authority: `127.0.0.1:${port}`,
      self: { sentBy: { host: '127.0.0.1', port }, transport: 'udp', tokens: false },
      remoteAddress: '127.0.0.1',
      remotePort: 5060,
      localPort: port,
    });
    expect(transports.hopTo({ transport: 'udp', address: '127.0.0.1', port: 5060 })).toBe(hop);
    expect(transports.hopTo({ transport: 'udp', address: '127.0.0.1', port: 5061 }).id).not.toBe(hop.id);
  });

  it.each(['127.0.0.1', '::1'])('carries requests and answers between %s and a core', async (address) => {
    const { transports, messages, place } = await start({ listen: { addresses: [address] } });
    const peer = await core(address);
    const hop = transports.hopTo({ transport: 'udp', address, port: peer.port });
    expect(hop.send(request('x'))).toBe(true);
    await until(() => peer.heard.length === 1);
    expect(peer.heard[0]).toMatch(/^OPTIONS sip:edge\.example SIP\/2\.0\r\n[^]*\r\n\r\nx$/);
    const answer = 'SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n';
    peer.send(answer, place('udp'));
    await until(() => messages.length === 1);
    expect(messages).toEqual([{ text: answer, hop }]);
  });

  it('names an IPv6 address in brackets, and a public host where there is one', async () => {
    const six = await start({ listen: { addresses: ['::1'] } });
    const destination = { transport: 'udp', address: '::1', port: 5060 } as const;
    expect(six.transports.hopTo(destination).self.sentBy.host).toBe('[::1]');
    const named = await start({ listen: { publicHost: 'Edge.example.org' } });
    const { self, authority } = named.transports.hopTo({ ...destination, address: '127.0.0.1' });
    expect(self.sentBy).toEqual({ host: 'edge.example.org', port: named.place('udp').port });
    expect(authority).toBe(`edge.example.org:${named.place('udp').port}`);
  });

  it('answers at the source port when rport asks for it, else at the port of the Via (RFC 3581, RFC 3261 §18.2.2)', async () => {
    const { messages, place } = await start();
    const [asker, other] = [await core(), await core()];
    asker.send(requestText('SIP/2.0/UDP core.example;rport'), place('udp'));
    await until(() => messages.length === 1);
    messages[0]!.hop.send(responseTo(messages[0]!.text));
    await until(() => asker.heard.length === 1);
    asker.send(requestText(`SIP/2.0/UDP core.example:${other.port}`), place('udp'));
    await until(() => messages.length === 2);
    expect(messages[1]!.hop).toBe(messages[0]!.hop);
    messages[1]!.hop.send(responseTo(messages[1]!.text));
    await until(() => other.heard.length === 1);
    expect(asker.heard).toHaveLength(1);
  });

  it('sends an answer to the address it was asked from, whatever maddr and the host of the Via say', async () => {
    const { messages, place } = await start();
    const [asker, victim] = [await core('127.0.0.2'), await core('127.0.0.3')];
    asker.send(requestText(`SIP/2.0/UDP 127.0.0.3:${asker.port};maddr=127.0.0.3`), place('udp'));
    await until(() => messages.length === 1);
    messages[0]!.hop.send(responseTo(messages[0]!.text));
    await until(() => asker.heard.length === 1);
    expect(victim.heard).toEqual([]);
  });

  it('hears nobody but the core', async () => {
    const { transports, messages, refused, place } = await start({ trusted: [] });
    const [known, stranger] = [await core('127.0.0.2'), await core('127.0.0.3')];
    transports.trust(new Set(['::ffff:127.0.0.2']));
    expect(transports.isTrusted('127.0.0.2')).toBe(true);
    expect(transports.isTrusted('::ffff:127.0.0.2')).toBe(true);
    expect(transports.isTrusted('127.0.0.3')).toBe(false);
    expect(transports.isTrusted('nonsense')).toBe(false);
    stranger.send(requestText('SIP/2.0/UDP x'), place('udp'));
    await until(() => refused.length === 1);
    known.send(requestText('SIP/2.0/UDP x'), place('udp'));
    await until(() => messages.length === 1);
    expect(refused).toEqual([['127.0.0.3', 'udp', 'unknown-address']]);
    transports.trust(new Set());
    known.send(requestText('SIP/2.0/UDP x'), place('udp'));
    await until(() => refused.length === 2);
  });

  it('drops what is too large with a cause, and what keeps a NAT open without', async () => {
    const { messages, refused, place } = await start({ limits: { messageBytes: 1000 } });
    const peer = await core();
    for (const bytes of ['\r\n\r\n', '\r\n', Buffer.alloc(4), 'x'.repeat(1001), 'BYE x']) {
      peer.send(bytes, place('udp'));
    }
    await until(() => messages.length === 1);
    expect(messages[0]!.text).toBe('BYE x');
    expect(refused).toEqual([['127.0.0.1', 'udp', 'message-size']]);
  });

  it('sends no datagram over 65,000 bytes', async () => {
    const { transports } = await start();
    const peer = await core();
    const hop = transports.hopTo({ transport: 'udp', address: '127.0.0.1', port: peer.port });
    expect(hop.send(request('x'.repeat(65_000)))).toBe(false);
    expect(hop.send(request('x'.repeat(60_000)))).toBe(true);
    await until(() => peer.heard.length === 1);
  });

  it('knows a core again by its id after thousands of others, and closes its hops with the socket', async () => {
    const { transports, closed } = await start();
    const hopAt = (port: number) => transports.hopTo({ transport: 'udp', address: '127.0.0.1', port });
    const first = hopAt(1);
    for (let port = 2; port <= 5000; port++) hopAt(port);
    expect(hopAt(1)).not.toBe(first);
    expect(hopAt(1).id).toBe(first.id);
    await transports.stop();
    expect(closed).toHaveLength(4096);
    expect(first.send(request())).toBe(false);
  });
});
