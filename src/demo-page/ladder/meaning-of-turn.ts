import { type Rule } from './meaning-rule.ts';

/** Until the client has proved who it is, and from there on. Figure 6.3.3-2 says of both that TURN stays as it is. */
const ASKING = { '6.3.3-1': 9, '6.3.3-2': 6, 'X.5.3.2-1': 8, '6.3.2.2-1': 6 };
const DECIDING = { ...ASKING, '6.3.3-1': 10 };

/** What passes between WIC and TURN server, what that does, and the rest. */
export const TURN_RULES: readonly Rule[] = [
  {
    arrow: /^wic turn Allocate$/,
    title: /with ACCESS-TOKEN/,
    steps: { 'X.5.3.2-1': 8, '6.3.2.2-1': 6 },
    words:
      'the WIC asks again, with USERNAME = kid, the token in ACCESS-TOKEN, and MESSAGE-INTEGRITY keyed from the session key.',
  },
  {
    arrow: /^wic turn Allocate$/,
    title: /with USERNAME/,
    by: 'delivered',
    steps: { '6.3.3-2': 6 },
    words:
      'the WIC asks again, with USERNAME = u, the realm and nonce it was told, and MESSAGE-INTEGRITY keyed from p.',
  },
  {
    arrow: /^wic turn Allocate$/,
    title: /with USERNAME/,
    steps: { '6.3.3-1': 9 },
    words:
      'the WIC asks again, with USERNAME = u + t, the realm and nonce it was told, and MESSAGE-INTEGRITY keyed from p.',
  },
  {
    arrow: /^wic turn Allocate$/,
    steps: ASKING,
    words: 'the WIC asks for a relayed address, as TURN begins: without credentials, to learn realm and nonce.',
  },
  {
    arrow: /^turn wic 401 Allocate$/,
    title: /\((?!no-credentials\))/,
    steps: DECIDING,
    words: 'the TURN server does not accept the credential. The WIC learns 401 and no more; the cause is the server’s.',
  },
  {
    arrow: /^turn wic 401 Allocate$/,
    by: 'token',
    steps: ASKING,
    words: 'the TURN server wants proof, tells realm and nonce, and names itself: a token must be for that name.',
  },
  {
    arrow: /^turn wic 401 Allocate$/,
    steps: ASKING,
    words: 'the TURN server wants proof, and tells realm and nonce to make it with.',
  },
  { arrow: /^turn wic 438 /, words: 'the nonce is too old. The WIC takes the new one and asks again.' },
  { arrow: /^turn wic [3-6]\d\d /, words: 'the TURN server refuses; the code says why.' },
  {
    arrow: /^turn turn allocation-created$/,
    title: /ACCESS-TOKEN/,
    steps: DECIDING,
    words:
      'the TURN server opens the token with the key that the kid names, finds its end still ahead, and finds MESSAGE-INTEGRITY made with the session key inside. It opens a relayed address, for as long as the token is good.',
  },
  {
    arrow: /^turn turn allocation-created$/,
    title: /delivered/,
    steps: DECIDING,
    words:
      'the TURN server finds what was delivered for u, and finds MESSAGE-INTEGRITY made with that. It opens a relayed address.',
  },
  {
    arrow: /^turn turn allocation-created$/,
    title: /long-term/,
    words: 'the TURN server knows the user and the key for good, and opens a relayed address.',
  },
  {
    arrow: /^turn turn allocation-created$/,
    steps: { '6.3.3-1': 10 },
    words:
      'the TURN server splits USERNAME into u and t, finds t still ahead, makes p from them and Km, and finds MESSAGE-INTEGRITY made with that p. It opens a relayed address.',
  },
  {
    arrow: /^turn wic Allocate success$/,
    steps: DECIDING,
    words: 'the WIC learns its relayed address, and writes it into its SDP as a candidate of type relay.',
  },
  { arrow: /^(wic turn|turn wic) .*Binding/, words: 'the WIC learns under which address the server sees it.' },
  { arrow: /^wic turn Refresh$/, title: /give the relay back/, words: 'the WIC gives its relayed address back.' },
  { arrow: /Refresh/, words: 'keeps the relayed address for longer; the credential is checked again.' },
  { arrow: /CreatePermission/, words: 'tells the TURN server from which peer the relay may take packets.' },
  { arrow: /ChannelBind/, words: 'gives a peer a channel number, so that media needs four bytes of header only.' },
  { arrow: /permission-created$/, words: 'from now on the relay takes packets from this peer.' },
  { arrow: /channel-bound$/, words: 'from now on media to this peer goes in ChannelData.' },
  { arrow: /credential-revoked$/, words: 'the TURN server takes that name no more, and ends what it holds.' },
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
