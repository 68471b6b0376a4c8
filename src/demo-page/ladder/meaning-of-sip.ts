import { type Rule } from './meaning-rule.ts';

/** What passes between WIC, edge and core, and what edge and core do. */
export const SIP_RULES: readonly Rule[] = [
  {
    arrow: /^edge turn Km$/,
    steps: { '6.3.3-1': 1 },
    words: 'edge and TURN server were given the same key Km, out of band. Nothing else needs to pass between them.',
  },
  {
    arrow: /^wic edge WebSocket$/,
    steps: { '6.3.3-1': 2, '6.3.3-2': 1 },
    words: 'the WIC opens a secure WebSocket with subprotocol sip. From here on nobody between them reads along.',
  },
  {
    arrow: /REGISTER$/,
    title: /to leave/,
    words: 'the WIC takes its registration back. No credential is given for that.',
  },
  {
    arrow: /^wic edge REGISTER$/,
    title: /Bearer/,
    steps: { '6.3.3-1': 3, '6.3.3-2': 2 },
    words:
      'the WIC registers by the token of its web server (scenarios 2 and 3), so nobody has to be challenged. TURN-Cred-Req asks for a TURN credential.',
  },
  {
    arrow: /^wic edge REGISTER$/,
    title: /Authorization/,
    steps: { '6.3.3-1': 5, '6.3.3-2': 2 },
    words: 'the WIC answers the challenge, and asks for a TURN credential again.',
  },
  {
    arrow: /^edge core REGISTER$/,
    title: /Authorization/,
    steps: { '6.3.3-1': 5 },
    words: 'the edge passes the answer to the challenge on. TURN-Cred-Req stays behind: the core never sees it.',
  },
  {
    arrow: /^wic edge REGISTER$/,
    steps: { '6.3.3-1': 3, '6.3.3-2': 2 },
    words: 'the WIC registers, and TURN-Cred-Req asks the edge for a TURN credential.',
  },
  {
    arrow: /^edge core REGISTER$/,
    steps: { '6.3.3-1': 3 },
    words: 'the edge passes the REGISTER on, and keeps TURN-Cred-Req to itself.',
  },
  {
    arrow: /^core edge 40[17] REGISTER$/,
    steps: { '6.3.3-1': 4 },
    words: 'the core challenges the WIC. Nobody is authenticated yet, so there is no credential either.',
  },
  {
    arrow: /^edge wic 40[17] REGISTER$/,
    steps: { '6.3.3-1': 4 },
    words: 'the challenge passes the edge unchanged, and without a credential.',
  },
  {
    arrow: /^core edge 200 REGISTER$/,
    steps: { '6.3.3-1': 6 },
    words: 'the core accepts the registration. That is what the edge has waited for.',
  },
  {
    arrow: /^edge edge credential-issued$/,
    title: /access token/,
    words:
      'the edge makes an access token itself, under the key that it shares with the TURN server. So a user with an IMS password needs no web server to have one.',
  },
  {
    arrow: /^edge edge credential-made$/,
    steps: { '6.3.3-2': 3 },
    words: 'the edge makes u and p at random. Nobody can reckon p, so the TURN server has to be told.',
  },
  {
    arrow: /^edge store credential-delivered$/,
    steps: { '6.3.3-2': 4 },
    words:
      'the edge delivers u with a key that checks p, and not p itself. Every TURN server that reads the store knows u from here on.',
  },
  {
    arrow: /^edge store delivery-failed$/,
    steps: { '6.3.3-2': 4 },
    words: 'the store does not take the credential. The client gets none, and its registration holds.',
  },
  {
    arrow: /^edge edge credential-issued$/,
    steps: { '6.3.3-1': 7 },
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
    title: /access token/,
    words: 'the 200 OK brings the WIC an access token with its session key and kid, as TURN-Cred-Req: oauth has asked.',
  },
  {
    arrow: /^edge wic 200 REGISTER$/,
    title: /TURN credential/,
    steps: { '6.3.3-1': 8, '6.3.3-2': 5 },
    words: 'the 200 OK brings the WIC its credential: name u, password p, lifetime t.',
  },
  { arrow: /^edge wic 200 REGISTER$/, words: 'the registration holds.' },
  {
    arrow: /^wic edge INVITE$/,
    steps: { '6.3.3-1': 11 },
    words: 'the caller sends its SDP with the relay candidate. The edge leaves the SDP as it is.',
  },
  {
    arrow: /^\w+ \w+ INVITE$/,
    steps: { '6.3.3-1': 11 },
    words: 'the INVITE goes on towards the callee, its SDP untouched.',
  },
  {
    arrow: /^\w+ \w+ 2\d\d INVITE$/,
    steps: { '6.3.3-1': 11 },
    words: 'the callee takes the call; its SDP names its own candidates.',
  },
  {
    arrow: /^\w+ \w+ ACK$/,
    steps: { '6.3.3-1': 11 },
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
    title: /TURN credential|access token/,
    words: 'the fresh credential, in the same header fields as in the answer to REGISTER.',
  },
  { arrow: /\bOPTIONS$/, words: 'a question whether the other side is there.' },
];
