import { createResponse } from '../../../src/sip/create-response.ts';
import { type SipRequest } from '../../../src/sip/message.ts';
import { parseNameAddr } from '../../../src/sip/name-addr.ts';
import { type CoreBorderContext } from '../../../src/edge/border/core-border.ts';
import { type EdgeOptions } from '../../../src/edge/edge-options.ts';
import { edgeOptions } from './edge-options.ts';
import { type FakeHop } from './fake-hop.ts';
import { CORE_SIDE, ProxyBench } from './proxy-bench.ts';
import { WicMessages } from './wic.ts';

export interface Device {
  readonly wic: WicMessages;
  hop: FakeHop;
}

type Headers = Readonly<Record<string, string>>;

/** A proxy before a core outside, which is a hop that the test answers for. */
export class CoreBench extends ProxyBench {
  readonly core: FakeHop;

  constructor(options: Partial<CoreBorderContext['options']> = {}, edge: EdgeOptions = edgeOptions()) {
    const listen = { addresses: ['192.0.2.7'], port: 5060, tlsPort: undefined, publicHost: undefined };
    super(edge, undefined, { visitedNetworkId: undefined, accessNetworkInfo: undefined, listen, ...options });
    const core = this.addHop({ kind: 'core', self: CORE_SIDE });
    this.core = core;
    this.handle = (request, _essentials, { hop }, outcome) => {
      if (hop.kind === 'core') outcome.respond(createResponse(request, 404));
      else outcome.forward([{ hop: core, uri: request.uri }]);
    };
  }

  /** The core's 200 to a REGISTER has these fields too. Returns what the core was asked. */
  registerAt(device: Device, answer: Headers = {}, headers: Headers = {}): SipRequest {
    this.receive(device.wic.buildRegister({ headers }), device.hop);
    const request = this.core.lastRequest('REGISTER');
    const response = createResponse(request, 200);
    for (const contact of request.headers.getAll('Contact')) response.headers.append('Contact', contact);
    for (const [name, value] of Object.entries(answer)) response.headers.append(name, value);
    this.receive(response, this.core);
    return request;
  }

  /** The core asks this device for a proof, by a nonce of its own in the realm `example.com`. */
  challenged(device: Device, nonce: string): void {
    this.receive(device.wic.buildRegister(), device.hop);
    const response = createResponse(this.core.lastRequest('REGISTER'), 401);
    response.headers.append('WWW-Authenticate', `Digest realm="example.com", nonce="${nonce}"`);
    this.receive(response, this.core);
  }

  registered(user: string, answer: Headers = {}): Device {
    const device = { wic: new WicMessages(user), hop: this.addHop() };
    this.registerAt(device, answer);
    device.hop.take();
    this.core.take();
    return device;
  }

  /** What the core gets of a request of this device. */
  sent(device: Device, method: string, headers: Headers = {}, to = 'sip:bob@example.com'): SipRequest {
    this.receive(device.wic.build(method, to, to, headers), device.hop);
    return this.core.lastRequest(method);
  }

  /** A request of the core for this contact, by this Route. */
  fromCore(method: string, uri: string, headers: Headers = {}): SipRequest {
    const request = new WicMessages('bob').build(method, uri, 'sip:alice@example.com', headers);
    this.receive(request, this.core);
    return request;
  }
}

export function uriOf(nameAddr: string): string {
  const parsed = parseNameAddr(nameAddr);
  return parsed.ok ? parsed.value.uri : '';
}
