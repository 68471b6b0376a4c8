import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

/** RFC 6733 §4.5 and §6, TS 29.229 §6.3: attributes by their codes. */
const Avp = {
  USER_NAME: 1,
  HOST_IP_ADDRESS: 257,
  AUTH_APPLICATION_ID: 258,
  VENDOR_SPECIFIC_APPLICATION_ID: 260,
  SESSION_ID: 263,
  ORIGIN_HOST: 264,
  SUPPORTED_VENDOR_ID: 265,
  VENDOR_ID: 266,
  RESULT_CODE: 268,
  PRODUCT_NAME: 269,
  AUTH_SESSION_STATE: 277,
  DESTINATION_REALM: 283,
  DESTINATION_HOST: 293,
  ORIGIN_REALM: 296,
  PUBLIC_IDENTITY: 601,
  USER_DATA: 606,
  DEREGISTRATION_REASON: 615,
  REASON_CODE: 616,
} as const;

const Command = {
  CAPABILITIES_EXCHANGE: 257,
  DEVICE_WATCHDOG: 280,
  SERVER_ASSIGNMENT: 301,
  REGISTRATION_TERMINATION: 304,
} as const;

/** TS 29.229 §6.3.17 */
const PERMANENT_TERMINATION = 0;
const THREE_GPP = 10415;
const CX = 16_777_216;
const REQUEST = 0x80;
const PROXIABLE = 0x40;
const HEADER_BYTES = 20;
const SUCCESS = 2001;
const NO_STATE_MAINTAINED = 1;
/** The name by which the S-CSCF looks for it, too. */
export const HSS_HOST = 'localhost';
export const SCSCF_HOST = 'scscf.localhost';

/** Code, value, and the vendor if it is not the IETF. */
type Attribute = readonly [code: number, value: Buffer, vendor?: number];

const text = (value: string): Buffer => Buffer.from(value);

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** RFC 6733 §4.1: mandatory attributes, each to a multiple of four bytes. */
function encodeAttributes(attributes: readonly Attribute[]): Buffer {
  return Buffer.concat(
    attributes.flatMap(([code, value, vendor]) => {
      const length = value.length + (vendor === undefined ? 8 : 12);
      const flags = vendor === undefined ? 0x40 : 0xc0;
      const head = [number(code), number(flags * 2 ** 24 + length), ...(vendor === undefined ? [] : [number(vendor)])];
      return [...head, value, Buffer.alloc(-length & 3)];
    }),
  );
}

function decodeAttributes(bytes: Buffer): Map<number, Buffer> {
  const found = new Map<number, Buffer>();
  for (let at = 0; at + 8 <= bytes.length;) {
    const length = bytes.readUIntBE(at + 5, 3);
    const head = (bytes[at + 4]! & 0x80) === 0 ? 8 : 12;
    found.set(bytes.readUInt32BE(at), bytes.subarray(at + head, at + length));
    at += (length + 3) & ~3;
  }
  return found;
}

/** A subscription as TS 29.228 annex E writes it: one private identity with its public ones, and no services. */
function profileOf(impi: string, impus: readonly string[]): string {
  const identities = impus.map((impu) => `<PublicIdentity><Identity>${impu}</Identity></PublicIdentity>`).join('');
  return `<?xml version="1.0" encoding="UTF-8"?><IMSSubscription><PrivateID>${impi}</PrivateID><ServiceProfile>${identities}</ServiceProfile></IMSSubscription>`;
}

/** An HSS that knows every user by the one public identity that is asked for, on a port of loopback: Cx (TS 29.228) over TCP. */
export class Hss implements AsyncDisposable {
  readonly #server: Server;
  readonly #realm: string;
  #peer: Socket | undefined;
  #hopByHop = 1;
  #known: () => void = () => undefined;
  /** Resolves once an S-CSCF is there. */
  readonly isKnown = new Promise<void>((resolve) => (this.#known = resolve));

  static async start(realm: string): Promise<Hss> {
    const hss = new Hss(realm);
    hss.#server.listen(0, '127.0.0.1');
    await once(hss.#server, 'listening');
    return hss;
  }

  private constructor(realm: string) {
    this.#realm = realm;
    this.#server = createServer((socket) => {
      this.#peer = socket;
      let held = Buffer.alloc(0);
      socket.on('error', () => socket.destroy());
      socket.on('data', (chunk: Buffer) => {
        held = Buffer.concat([held, chunk]);
        while (held.length >= HEADER_BYTES && held.length >= held.readUIntBE(1, 3)) {
          const length = held.readUIntBE(1, 3);
          this.#receive(held.subarray(0, length), socket);
          held = held.subarray(length);
        }
      });
    });
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  /** Ends a user's registration (Registration-Termination-Request, TS 29.228 §6.1.3). */
  terminate(impi: string, impu: string): void {
    const body = encodeAttributes([
      [Avp.SESSION_ID, text(`${HSS_HOST};1;${this.#hopByHop}`)],
      ...this.#cx(),
      ...this.#origin(),
      [Avp.DESTINATION_HOST, text(SCSCF_HOST)],
      [Avp.DESTINATION_REALM, text(this.#realm)],
      [Avp.USER_NAME, text(impi)],
      [Avp.PUBLIC_IDENTITY, text(impu), THREE_GPP],
      [
        Avp.DEREGISTRATION_REASON,
        encodeAttributes([[Avp.REASON_CODE, number(PERMANENT_TERMINATION), THREE_GPP]]),
        THREE_GPP,
      ],
    ]);
    const header = Buffer.alloc(HEADER_BYTES);
    this.#hopByHop += 1;
    writeHeader(header, REQUEST | PROXIABLE, Command.REGISTRATION_TERMINATION, CX, body.length);
    header.writeUInt32BE(this.#hopByHop, 12);
    header.writeUInt32BE(this.#hopByHop, 16);
    this.#peer?.write(Buffer.concat([header, body]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#peer?.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #receive(message: Buffer, socket: Socket): void {
    if ((message[4]! & REQUEST) === 0) return;
    const command = message.readUIntBE(5, 3);
    if (command !== Command.CAPABILITIES_EXCHANGE) this.#known();
    const attributes = this.#answer(command, decodeAttributes(message.subarray(HEADER_BYTES)), socket);
    const body = encodeAttributes(attributes);
    const header = Buffer.from(message.subarray(0, HEADER_BYTES));
    writeHeader(header, message[4]! & ~REQUEST, command, message.readUInt32BE(8), body.length);
    socket.write(Buffer.concat([header, body]));
  }

  #answer(command: number, asked: ReadonlyMap<number, Buffer>, socket: Socket): Attribute[] {
    const result: Attribute = [Avp.RESULT_CODE, number(SUCCESS)];
    if (command === Command.CAPABILITIES_EXCHANGE) {
      const address = Buffer.from([0, 1, ...socket.localAddress!.replace('::ffff:', '').split('.').map(Number)]);
      return [
        ...[result, ...this.#origin()],
        [Avp.HOST_IP_ADDRESS, address],
        [Avp.VENDOR_ID, number(THREE_GPP)],
        [Avp.PRODUCT_NAME, text('hss')],
        [Avp.SUPPORTED_VENDOR_ID, number(THREE_GPP)],
        this.#cx()[0],
      ];
    }
    if (command === Command.DEVICE_WATCHDOG) return [result, ...this.#origin()];
    const impi = asked.get(Avp.USER_NAME) ?? Buffer.alloc(0);
    const impu = asked.get(Avp.PUBLIC_IDENTITY) ?? Buffer.alloc(0);
    return [
      [Avp.SESSION_ID, asked.get(Avp.SESSION_ID) ?? Buffer.alloc(0)],
      ...this.#cx(),
      ...[result, ...this.#origin()],
      [Avp.USER_NAME, impi],
      [Avp.USER_DATA, text(profileOf(impi.toString(), [impu.toString()])), THREE_GPP],
    ];
  }

  #origin(): Attribute[] {
    return [
      [Avp.ORIGIN_HOST, text(HSS_HOST)],
      [Avp.ORIGIN_REALM, text(this.#realm)],
    ];
  }

  #cx(): [Attribute, Attribute] {
    const application = encodeAttributes([
      [Avp.VENDOR_ID, number(THREE_GPP)],
      [Avp.AUTH_APPLICATION_ID, number(CX)],
    ]);
    return [
      [Avp.VENDOR_SPECIFIC_APPLICATION_ID, application],
      [Avp.AUTH_SESSION_STATE, number(NO_STATE_MAINTAINED)],
    ];
  }
}

/** RFC 6733 §3; what ties an answer to its request is left as it is. */
function writeHeader(header: Buffer, flags: number, command: number, application: number, bodyBytes: number): void {
  header[0] = 1;
  header.writeUIntBE(HEADER_BYTES + bodyBytes, 1, 3);
  header[4] = flags;
  header.writeUIntBE(command, 5, 3);
  header.writeUInt32BE(application, 8);
}
