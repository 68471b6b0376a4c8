/**
 * What stands in a REGISTER, by slot; the first of each is what clients send. `@@` and `"@"` stand for the user, `#` for the device, `%` for what each has
 * anew.
 */
export const CHOICES = {
  start: [
    'REGISTER sip:example.com SIP/2.0',
    'REGISTER sip:EXAMPLE.com;transport=ws SIP/2.0',
    'REGISTER sip:example.com:5060 SIP/2.0',
    'REGISTER sip:@@example.com SIP/2.0',
    'REGISTER sip:elsewhere.com SIP/2.0',
    'REGISTER tel:+1 SIP/2.0',
    'REGISTER sip:example.com SIP/3.0',
    'REGISTER  sip:example.com SIP/2.0',
    'register sip:example.com SIP/2.0',
    'OPTIONS sip:example.com SIP/2.0',
  ],
  via: [
    'Via: SIP/2.0/WSS #.invalid;branch=%\r\n',
    'v: SIP/2.0/WSS #.invalid;rport;branch=%\r\n',
    'Via: SIP/2.0/WSS #.invalid;branch=%;received=1.2.3.4;alias\r\n',
    'Via: SIP/2.0/WSS #.invalid;branch=%, SIP/2.0/TCP 10.0.0.1;branch=z9hG4bKb\r\n',
    'Via: SIP/2.0/WSS #.invalid;branch=%\r\nVia: SIP/2.0/TCP 10.0.0.1;branch=z9hG4bKb\r\n',
    'Via: SIP/2.0/WSS #.invalid;branch=%\r\n ;rport\r\n',
    'Via: SIP/2.0/WSS #.invalid;branch=old\r\n',
    '',
    'Via: x\r\n',
  ],
  to: [
    'To: <sip:@@example.com>\r\n',
    't:<sip:@@example.com>\r\n',
    'To: "A" <sip:@@EXAMPLE.COM:5060;cpc=police>\r\n',
    'To: <sip:@@example.com>;tag=1\r\n',
    'To: <sip:bob@example.com>\r\n',
    'To: <sip:@@example.com>\r\nTo: <sip:bob@example.com>\r\n',
    'To: <sip:@@elsewhere.com>\r\n',
    'To:\r\n <sip:@@example.com>\r\n',
    'To: <sip:%61lice@example.com>\r\n',
    'To: <\r\n',
    '',
  ],
  from: [
    'From: "@" <sip:@@example.com>;tag=#\r\n',
    'From: <sip:@@example.com>;tag=2\r\n',
    'f: <sip:@@example.com;cpc=x;isup-oli=1>;tag=#\r\n',
    'From: <sip:bob@example.com>;tag=#\r\n',
    'From: "@" <sip:@@example.com>;tag=#\r\n\t;x=1\r\n',
    'From: <sip:@@example.com>;tag=#\nUser-Agent: x\n',
    '',
  ],
  callId: [
    'Call-ID: call-#\r\n',
    'Call-ID: other-#\r\n',
    'i: call-#\r\n',
    'Call-ID: a b\r\n',
    'Call-ID: call-#\r\ni: call-#\r\n',
    'Call-ID: call-#\r\n x\r\n',
    'Call-ID: call-#\r\n \r\n',
  ],
  cseq: [
    'CSeq: % REGISTER\r\n',
    'CSeq : %  REGISTER\r\n',
    'CSeq: % INVITE\r\n',
    'CSeq: % REGISTER\r\nCSeq: 999 REGISTER\r\n',
    'CSeq: x\r\n',
    'CSeq: %\r\n REGISTER\r\n',
  ],
  maxForwards: [
    'Max-Forwards: 70\r\n',
    'Max-Forwards: 0\r\n',
    '',
    'Max-Forwards: 300\r\n',
    'Max-Forwards: 70\r\nMax-Forwards: 69\r\n',
    'max-forwards: 70\r\n',
  ],
  contact: [
    'Contact: <sip:#@#.invalid;transport=ws>;reg-id=1;+sip.instance="<urn:uuid:#>";expires=600\r\n',
    'Contact: <sip:#@#.invalid;transport=ws>;+sip.ice;q=0.5\r\n',
    'm: <sip:#@#.invalid;transport=ws>;expires=30\r\n',
    'Contact: <sip:#@#.invalid;transport=ws>;reg-id=1;+sip.instance="<urn:uuid:#>";expires=0\r\n',
    'Contact: <sip:#@#.invalid;transport=ws>;reg-id=2;+sip.instance="<URN:UUID:#>"\r\n',
    'Contact: <sip:#@#.invalid>;expires=100,<sip:2@#.invalid>;expires=200\r\n',
    'Contact: <sip:#@#.invalid>;pub-gruu="sip:x";temp-gruu="sip:y"\r\nContact: <sip:2@#.invalid>\r\n',
    'Contact: *\r\n',
    'Contact: <tel:+1>\r\n',
    'Contact: <sip:#@#.invalid>;q=2\r\n',
    'Contact: <sip:#@#.invalid;cpc=x>;cpc=y\r\n',
    'Contact: "x\r\n',
    '',
  ],
  expires: [
    'Expires: 600\r\n',
    'Expires: 0\r\n',
    'Expires: 3\r\n',
    '',
    'Expires: soon\r\n',
    'Expires: 99999999\r\n',
    'Expires: 600\r\nExpires: 100\r\n',
    'expires :600\r\n',
  ],
  supported: [
    'Supported: path,gruu,outbound\r\n',
    'Supported: path\r\n',
    'k: outbound\r\nSupported: GRUU\r\n',
    '',
    'Supported: outbound\r\n',
    'Supported: path,gruu\r\n',
    'Supported: path,gruu,\r\n outbound\r\n',
  ],
  require: [
    '',
    'Require: path\r\n',
    'Require: sec-agree\r\n',
    'Proxy-Require: turn-cred\r\n',
    'Proxy-Require: other\r\n',
    'Require: gruu\r\nProxy-Require: turn-cred,sec-agree\r\n',
  ],
  credential: [
    'TURN-Cred-Req: turn\r\n',
    '',
    'TURN-Cred-Req: turn;ttl=60\r\n',
    'TURN-Cred-Req-Hdr: turn\r\n',
    'TURN-Cred-Req: oauth\r\n',
    'TURN-Cred-Req: ;;\r\n',
    'TURN-Cred-Req: turn\r\nTURN-Cred-Req: turn;ttl=1\r\n',
    'TURN-Username: x\r\n',
  ],
  claims: [
    '',
    'P-Asserted-Identity: <sip:boss@example.com>\r\n',
    'P-Preferred-Identity: <sip:@@example.com>\r\n',
    'P-Access-Network-Info: IEEE-802.11;network-provided, 3GPP-E-UTRAN\r\n',
    'P-Access-Network-Info: IEEE-802.11\r\n',
    'P-Visited-Network-ID: x\r\nP-Charging-Vector: icid-value=1\r\n',
    'Path: <sip:x@evil.com;lr>\r\n',
    'Route: <sip:edge.example.com;lr>\r\n',
    'Record-Route: <sip:evil.com;lr>\r\n',
    'Security-Client: x\r\nSecurity-Verify: y\r\n',
    'Geolocation: <sip:x>;loc-src=evil\r\n',
    'Priority: psap-callback\r\n',
    'P-Early-Media: sendrecv\r\n',
    'History-Info: <sip:x>;index=1\r\n',
  ],
  other: [
    'User-Agent: one\r\n',
    'User-Agent: one\n',
    'User-Agent:one\r\n',
    'User-Agent: one \r\n',
    'user-agent: one\r\n',
    'User-Agent: one\r\n two\r\n',
    'User-Agent: \u{fffd}\r\n',
    'User-Agent\r\n',
    'X-A: 1\r\nX-A: 1\r\n',
    'Allow: INVITE,ACK\r\nUser-Agent: one\r\n',
    'User-Agent: o\rne\r\n',
    '',
  ],
  length: [
    'Content-Length: 0\r\n',
    '',
    'l: 0\r\n',
    'Content-Length: 4\r\n',
    'Content-Length: 9\r\n',
    'Content-Length: 0\r\nContent-Length: 4\r\n',
    'Content-Length: x\r\n',
    'Content-Length: 0\r\n\t\r\n',
    'Content-Length: 0\r\n 1\r\n',
  ],
  body: ['', 'body', 'BODY', 'longer body'],
  order: ['', 'via to 14', 'via to 8', 'contact to 0', 'proof to 0', 'proof to 14', 'cseq to 13', 'reversed'],
} as const;

export type Slot = keyof typeof CHOICES;

/** Which of its choices each slot has, if it is not the first. */
export type Choices = Map<Slot, number>;

const ORDER = [
  ...([
    'via',
    'maxForwards',
    'to',
    'from',
    'callId',
    'cseq',
    'proof',
    'contact',
    'expires',
    'supported',
    'require',
  ] as const),
  ...(['credential', 'claims', 'other', 'length'] as const),
];
type Part = (typeof ORDER)[number];

interface RegisterParts {
  readonly user: string;
  readonly device: string;
  readonly branch: string;
  readonly sequence: number;
  /** The lines that prove who the client is. */
  readonly proof: string;
}

export function writeRegister(choices: Choices, { user, device, branch, sequence, proof }: RegisterParts): string {
  const textOf = (slot: Slot): string =>
    CHOICES[slot][choices.get(slot) ?? 0]!.replaceAll('@@', `${user}@`)
      .replaceAll('"@"', `"${user}"`)
      .replaceAll('#', device)
      .replaceAll('%', slot === 'via' ? branch : slot === 'cseq' ? String(sequence) : '%');
  const linesOf = (part: Part): string => (part === 'proof' ? proof : textOf(part));
  const lines = orderOf(textOf('order')).map(linesOf).join('');
  return `${textOf('start')}\r\n${lines}\r\n${textOf('body')}`;
}

function orderOf(how: string): readonly Part[] {
  if (how === 'reversed') return [...ORDER].reverse();
  const [part, place] = how.split(' to ');
  const moved = ORDER.find((one) => one === part);
  if (moved === undefined) return ORDER;
  const others = ORDER.filter((one) => one !== moved);
  others.splice(Number(place), 0, moved);
  return others;
}
