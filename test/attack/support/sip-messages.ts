import { type Random } from './random.ts';
import { type SipClient } from './sip-client.ts';
import { DOMAIN } from './victim.ts';

const SDP = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n';

/** A valid message of a kind a WIC sends. */
export function sampleMessage(client: SipClient, random: Random): string {
  const target = `sip:${random.pick(['alice', 'bob', 'mallory', 'nobody'])}@${DOMAIN}`;
  const contact = `Contact: <${client.contact}>`;
  const dialog = { callId: random.pick(['a', 'b', 'c']), branch: `z9hG4bK${random.pick(['1', '2', '3'])}`, cseq: 7 };
  switch (random.below(9)) {
    case 0:
      return client.write({
        method: 'REGISTER',
        uri: `sip:${DOMAIN}`,
        headers: [
          `${contact};expires=${random.pick([0, 60, 600, 4_294_967_295])};reg-id=1;+sip.instance="<urn:uuid:1>"`,
          'Supported: path, outbound',
          `TURN-Cred-Req: ${random.pick(['', 'turn', 'oauth', 'turn;ttl=60', 'turn;ttl=-1'])}`,
          `Authorization: Digest username="mallory", realm="${DOMAIN}", nonce="${random.text(40)}", uri="sip:${DOMAIN}", response="${random.text(32, '0123456789abcdef')}", algorithm=MD5, qop=auth, nc=00000001, cnonce="x"`,
        ],
      });
    case 1:
      return client.write({
        method: 'INVITE',
        uri: target,
        headers: [contact, 'Content-Type: application/sdp'],
        body: SDP,
      });
    case 2:
      return client.write({ method: 'INVITE', uri: target, headers: [contact], ...dialog });
    case 3:
      return client.write({ method: 'CANCEL', uri: target, ...dialog });
    case 4:
      return client.write({ method: 'ACK', uri: target, ...dialog });
    case 5:
      return client.write({ method: 'OPTIONS', uri: `sip:${DOMAIN}`, headers: ['TURN-Cred-Req: turn'] });
    case 6:
      return client.write({
        method: random.pick(['BYE', 'INFO', 'MESSAGE', 'UPDATE', 'REFER', 'NOTIFY', 'SUBSCRIBE', 'PUBLISH', 'X']),
        uri: target,
        headers: [`Route: <sip:${random.text(32)}@${DOMAIN};lr>`],
        body: 'hello',
      });
    case 7:
      return client.write({
        method: 'MESSAGE',
        uri: target,
        from: `<sip:${random.pick(['alice', 'bob', 'mallory'])}@${DOMAIN}>;tag=x`,
        headers: [`P-Asserted-Identity: <sip:alice@${DOMAIN}>`],
        body: 'hello',
      });
    default:
      return [
        `SIP/2.0 ${random.between(100, 699)} Whatever`,
        `Via: SIP/2.0/WSS ${DOMAIN};branch=z9hG4bK${random.text(20)}.${random.text(16)}`,
        `From: <sip:alice@${DOMAIN}>;tag=1`,
        `To: <sip:mallory@${DOMAIN}>;tag=2`,
        'Call-ID: a',
        'CSeq: 7 INVITE',
        'Content-Length: 0',
        '',
        '',
      ].join('\r\n');
  }
}

type Mutation = (text: string, random: Random) => string;

const MUTATIONS: readonly Mutation[] = [
  // Cut
  (text, random) => text.slice(0, random.below(text.length + 1)),
  // Characters exchanged
  (text, random) => {
    const characters = Array.from(text);
    for (let i = random.between(1, 10); i > 0; i--) {
      characters[random.below(characters.length)] = random.pick([
        '"',
        '<',
        '>',
        ';',
        ',',
        ':',
        '\\',
        '\r',
        '\n',
        '\0',
        '%',
        '@',
        'ü',
        ' ',
      ]);
    }
    return characters.join('');
  },
  // A line gone, doubled, or moved
  (text, random) => {
    const lines = text.split('\r\n');
    const at = random.below(lines.length);
    const kind = random.below(3);
    if (kind === 0) lines.splice(at, 1);
    else if (kind === 1) lines.splice(at, 0, ...new Array<string>(random.between(1, 300)).fill(lines[at]!));
    else lines.splice(random.below(lines.length), 0, ...lines.splice(at, 1));
    return lines.join('\r\n');
  },
  // Many Vias, in one field and in many
  (text, random) => {
    const via = `SIP/2.0/WSS ${DOMAIN};branch=z9hG4bK${random.text(8)}`;
    const field = `Via: ${new Array<string>(random.between(1, 120)).fill(via).join(', ')}`;
    return afterStartLine(text, new Array<string>(random.between(1, 6)).fill(field));
  },
  // Many Routes to ourselves
  (text, random) => {
    const route = `<sip:${DOMAIN}>`;
    return afterStartLine(text, [`Route: ${new Array<string>(random.between(1, 400)).fill(route).join(',')}`]);
  },
  // Many Contacts
  (text, random) => {
    const contact = `<sip:${random.text(4)}@x.invalid>;expires=600`;
    return afterStartLine(text, [`Contact: ${new Array<string>(random.between(1, 150)).fill(contact).join(',')}`]);
  },
  // Long lines and many headers
  (text, random) => afterStartLine(text, [`Subject: ${'x'.repeat(random.pick([100, 8000, 60_000]))}`]),
  (text, random) => afterStartLine(text, new Array<string>(random.between(1, 400)).fill('X-Y: z')),
  // Quotes and brackets that never close, commas without end, folds without end
  (text, random) =>
    afterStartLine(text, [
      `Route: ${random.pick(['"', '<', ',', '\\', '"\\'])}${random.pick([',', '"', '<', ';']).repeat(8000)}`,
    ]),
  (text, random) => afterStartLine(text, ['X: y', ...new Array<string>(random.between(1, 4000)).fill(' ')]),
  // Numbers
  (text, random) =>
    text.replace(/CSeq: \d+/, `CSeq: ${random.pick(['99999999999999999999', '-1', '4294967296', '0x1', '1e9', ''])}`),
  (text, random) =>
    text.replace(/Content-Length: \d+/, `Content-Length: ${random.pick(['99999999999', '-5', '3', 'x', ''])}`),
  (text, random) =>
    text.replace(/Max-Forwards: \d+/, `Max-Forwards: ${random.pick(['0', '256', '-1', '99999999999', ''])}`),
  // Lines smuggled into values
  (text, random) =>
    text.replace(/tag=\w+/, `tag=${random.pick(['a\rX: y', 'a\nX: y', 'a\r\nX: y', 'a%0d%0aX: y', 'a\u2028X: y'])}`),
  // Bare line feeds
  (text) => text.replaceAll('\r\n', '\n'),
];

function afterStartLine(text: string, fields: readonly string[]): string {
  const end = text.indexOf('\r\n');
  return end < 0 ? text : `${text.slice(0, end + 2)}${fields.join('\r\n')}\r\n${text.slice(end + 2)}`;
}

/** Between one and three mutations. */
export function mutatedText(text: string, random: Random): string {
  let result = text;
  for (let i = random.between(1, 3); i > 0; i--) result = random.pick(MUTATIONS)(result, random);
  return result.slice(0, 70_000);
}
