import { type Arrow } from './arrow.ts';

interface Meaning {
  /** Number of the step in figure 6.3.3-1; absent for what the figure does not draw. */
  readonly step?: number;
  readonly words: string;
}

interface Rule extends Meaning {
  /** `wic edge REGISTER`: from, to, label. */
  readonly arrow: RegExp;
  /** What the title must hold. */
  readonly title?: RegExp;
}

const RULES: readonly Rule[] = [
  {
    arrow: /^edge turn Km$/,
    step: 1,
    words: 'edge and TURN server were given the same key Km, out of band. Nothing else needs to pass between them.',
  },
  {
    arrow: /^wic edge WebSocket$/,
    step: 2,
    words: 'the WIC opens a secure WebSocket with subprotocol sip. From here on nobody between them reads along.',
  },
  {
    arrow: /REGISTER$/,
    title: /to leave/,
    words: 'the WIC takes its registration back. No credential is given for that.',
  },
  {
    arrow: /^wic edge REGISTER$/,
    title: /Authorization/,
    step: 5,
    words: 'the WIC answers the challenge, and asks for a TURN credential again.',
  },
  {
    arrow: /^edge core REGISTER$/,
    title: /Authorization/,
    step: 5,
    words: 'the edge passes the answer to the challenge on. TURN-Cred-Req stays behind: the core never sees it.',
  },
  {
    arrow: /^wic edge REGISTER$/,
    step: 3,
    words: 'the WIC registers, and TURN-Cred-Req asks the edge for a TURN credential.',
  },
  {
    arrow: /^edge core REGISTER$/,
    step: 3,
    words: 'the edge passes the REGISTER on, and keeps TURN-Cred-Req to itself.',
  },
  {
    arrow: /^core edge 40[17] REGISTER$/,
    step: 4,
    words: 'the core challenges the WIC. Nobody is authenticated yet, so there is no credential either.',
  },
  {
    arrow: /^edge wic 40[17] REGISTER$/,
    step: 4,
    words: 'the challenge passes the edge unchanged, and without a credential.',
  },
  {
    arrow: /^core edge 200 REGISTER$/,
    step: 6,
    words: 'the core accepts the registration. That is what the edge has waited for.',
  },
  {
    arrow: /^edge edge credential-issued$/,
    step: 7,
    words:
      'the edge makes the name u, a pseudonym, the expiry t, and the password p = HASH(u + t, Km). It need not store p: who has Km can make it again.',
  },
  {
    arrow: /^edge wic 200 REGISTER$/,
    title: /no credential/,
    words: 'the registration holds, but the edge gave no TURN credential and says why in error=.',
  },
  {
    arrow: /^edge wic 200 REGISTER$/,
    title: /TURN credential/,
    step: 8,
    words: 'the 200 OK brings the WIC its credential: name u, password p, lifetime t.',
  },
  { arrow: /^edge wic 200 REGISTER$/, words: 'the registration holds.' },
  {
    arrow: /^wic turn Allocate$/,
    title: /with USERNAME/,
    step: 9,
    words:
      'the WIC asks again, with USERNAME = u + t, the realm and nonce it was told, and MESSAGE-INTEGRITY keyed from p.',
  },
  {
    arrow: /^wic turn Allocate$/,
    step: 9,
    words: 'the WIC asks for a relayed address, as TURN begins: without credentials, to learn realm and nonce.',
  },
  {
    arrow: /^turn wic 401 Allocate$/,
    title: /\((?!no-credentials\))/,
    step: 10,
    words: 'the TURN server does not accept the credential. The WIC learns 401 and no more; the cause is the server’s.',
  },
  {
    arrow: /^turn wic 401 Allocate$/,
    step: 9,
    words: 'the TURN server wants proof, and tells realm and nonce to make it with.',
  },
  { arrow: /^turn wic 438 /, words: 'the nonce is too old. The WIC takes the new one and asks again.' },
  { arrow: /^turn wic [3-6]\d\d /, words: 'the TURN server refuses; the code says why.' },
  {
    arrow: /^turn turn allocation-created$/,
    step: 10,
    words:
      'the TURN server splits USERNAME into u and t, finds t still ahead, makes p from them and Km, and finds MESSAGE-INTEGRITY made with that p. It opens a relayed address.',
  },
  {
    arrow: /^turn wic Allocate success$/,
    step: 10,
    words: 'the WIC learns its relayed address, and writes it into its SDP as a candidate of type relay.',
  },
  {
    arrow: /^wic edge INVITE$/,
    step: 11,
    words: 'the caller sends its SDP with the relay candidate. The edge leaves the SDP as it is.',
  },
  { arrow: /^\w+ \w+ INVITE$/, step: 11, words: 'the INVITE goes on towards the callee, its SDP untouched.' },
  { arrow: /^\w+ \w+ 2\d\d INVITE$/, step: 11, words: 'the callee takes the call; its SDP names its own candidates.' },
  {
    arrow: /^\w+ \w+ ACK$/,
    step: 11,
    words: 'the caller has the answer. ICE now finds the pair that media goes over.',
  },
  { arrow: /100 INVITE$/, words: 'the next hop has the INVITE and will see to it, so it need not be sent again.' },
  { arrow: /1\d\d INVITE$/, words: 'the callee’s telephone rings.' },
  { arrow: /[3-6]\d\d INVITE$/, words: 'the call does not come about; the status says why.' },
  { arrow: /\bBYE$/, words: 'the call ends.' },
  { arrow: /\bCANCEL$/, words: 'the caller gives up before anybody answered.' },
  {
    arrow: /^wic edge OPTIONS$/,
    title: /TURN-Cred-Req/,
    words: 'the WIC asks for a fresh credential before its registration is due again.',
  },
  {
    arrow: /^edge wic 200 OPTIONS$/,
    title: /TURN credential/,
    words: 'the fresh credential, in the same header fields as in the answer to REGISTER.',
  },
  { arrow: /\bOPTIONS$/, words: 'a question whether the other side is there.' },
  { arrow: /^(wic turn|turn wic) .*Binding/, words: 'the WIC learns under which address the server sees it.' },
  { arrow: /^wic turn Refresh$/, title: /give the relay back/, words: 'the WIC gives its relayed address back.' },
  { arrow: /Refresh/, words: 'keeps the relayed address for longer; the credential is checked again.' },
  { arrow: /CreatePermission/, words: 'tells the TURN server from which peer the relay may take packets.' },
  { arrow: /ChannelBind/, words: 'gives a peer a channel number, so that media needs four bytes of header only.' },
  { arrow: /permission-created$/, words: 'from now on the relay takes packets from this peer.' },
  { arrow: /channel-bound$/, words: 'from now on media to this peer goes in ChannelData.' },
  { arrow: /allocation-ended$/, words: 'the relayed address is gone, and what went over it with it.' },
  { arrow: /media over relay$/, words: 'ICE has chosen a pair with a relay candidate: media passes the TURN server.' },
  {
    arrow: /media without relay$/,
    words: 'ICE has found a pair that needs no relay: the TURN server carries nothing.',
  },
  { arrow: /WebSocket closed$/, words: 'the WebSocket is gone, and with it what was registered over it.' },
  { arrow: /relay-candidate$/, words: 'the browser got a relayed address from this TURN server.' },
  { arrow: /fault-fired$/, words: 'a fault that somebody asked for; what follows may be its doing.' },
];

/** What an arrow is about, and which step of figure 6.3.3-1 it belongs to. */
function meaningOf({ from, to, label, title }: Arrow): Meaning {
  const arrow = `${from} ${to} ${label}`;
  const rule = RULES.find((candidate) => candidate.arrow.test(arrow) && (candidate.title?.test(title) ?? true));
  if (!rule) return { words: '' };
  return rule.step === undefined ? { words: rule.words } : { step: rule.step, words: rule.words };
}

/** `Step 5: the WIC answers …`; a sentence without a step for what the figure does not draw; empty when there is nothing to say. */
export function meaningText(arrow: Arrow): string {
  const { step, words } = meaningOf(arrow);
  if (step !== undefined) return `Step ${step}: ${words}`;
  return words === '' ? '' : `Beside the figure: ${words}`;
}
