import { type Rule } from './meaning-rule.ts';

const TOKEN = /access token/;

/** What passes a web server (WWSF) or an authorization server (WAF), and what they do. */
export const WEB_RULES: readonly Rule[] = [
  {
    arrow: /^wic wwsf turn-credentials$/,
    title: TOKEN,
    steps: { 'X.5.3.2-1': 2 },
    words: 'the page asks its web server for an access token, to show it to the TURN server.',
  },
  {
    arrow: /^wwsf wwsf signed-in$/,
    steps: { 'X.5.3.2-1': 3 },
    words:
      'the web server knows the user. The figure has this after the page asks; it may be left out there, as the user has signed in before.',
  },
  {
    arrow: /^wwsf waf token$/,
    title: TOKEN,
    steps: { 'X.5.3.2-1': 4 },
    words:
      'the web server proves who it is, as a client of the authorization server, and asks in the name of its user.',
  },
  {
    arrow: /^waf waf token-issued$/,
    title: TOKEN,
    steps: { 'X.5.3.2-1': 5, '6.3.2.2-1': 4 },
    words:
      'the authorization server makes a session key, and seals it into a token that the TURN server alone can open: by a key that the two share, which the kid names.',
  },
  {
    arrow: /^waf wwsf 200 token$/,
    title: TOKEN,
    steps: { 'X.5.3.2-1': 5 },
    words: 'the web server gets the access token, its session key and the kid.',
  },
  {
    arrow: /^wwsf wic 200 turn-credentials$/,
    title: TOKEN,
    steps: { 'X.5.3.2-1': 6 },
    words: 'the web server hands all three on. Step 7 is in the page: it gives them to its TURN client.',
  },
  {
    arrow: /^wic waf authorization$/,
    title: /implicit/,
    steps: { '6.3.2.2-1': 2 },
    words: 'the browser asks for an access token, and names the TURN server that it is for.',
  },
  {
    arrow: /^waf wic 200 authorization$/,
    steps: { '6.3.2.2-1': 3 },
    words: 'the authorization server wants to know who the user is.',
  },
  {
    arrow: /^wic waf login$/,
    title: /implicit/,
    steps: { '6.3.2.2-1': 3 },
    words: 'the user fills in the form of the authorization server.',
  },
  {
    arrow: /^waf waf signed-in$/,
    steps: { '6.3.2.2-1': 3 },
    words: 'the user has proved who it is. The page that asked has not seen the password.',
  },
  {
    arrow: /^waf wic 303 login$/,
    title: TOKEN,
    steps: { '6.3.2.2-1': 4 },
    words:
      'the browser is sent back to the page with access token, session key and kid in the fragment of the address. Step 5 is in the page: it gives them to its TURN client.',
  },
  {
    arrow: /^wic waf authorization$/,
    words: 'the browser asks for a code, which its page then exchanges for a token.',
  },
  { arrow: /^waf wic 303 /, words: 'the browser is sent back to the page.' },
  { arrow: /^wic waf login$/, words: 'the user fills in the form of the authorization server.' },
  {
    arrow: /^wic wwsf login$/,
    words: 'the user logs in at the web server: by its form, or coming back from a provider.',
  },
  { arrow: /^wic wwsf guest$/, words: 'somebody without an account wants to telephone (registration scenario 3).' },
  {
    arrow: /^wic wwsf logout$/,
    words: 'the user leaves. What the session holds is taken back, as far as that can be.',
  },
  {
    arrow: /^wic wwsf registration-token$/,
    words: 'the page asks for the token by which it registers in place of an IMS password (scenarios 2 and 3).',
  },
  { arrow: /^wic wwsf turn-credentials$/, words: 'the page asks for a TURN credential without a registration.' },
  { arrow: /^wwsf waf token$/, words: 'the web server asks for a registration token in the name of its user.' },
  { arrow: /^\w+ waf token$/, words: 'a client asks the authorization server for a token.' },
  {
    arrow: /^waf waf token-issued$/,
    words: 'the authorization server says by its signature who the user is, and for whom the token is meant: the edge.',
  },
  { arrow: /^waf \w+ 200 token$/, words: 'the client gets its token.' },
  { arrow: /^wwsf wic 200 registration-token$/, words: 'the page gets the token, and shows it in its next REGISTER.' },
  {
    arrow: /^wwsf wwsf (credential-made|web-credential-issued)$/,
    words: 'a credential as the edge would make it, for a page.',
  },
  {
    arrow: /^wwsf store credential-delivered$/,
    words: 'every TURN server that reads the store knows the name from here on.',
  },
  { arrow: /^wwsf wwsf signed-out$/, words: 'the web server forgets the session.' },
  { arrow: /^waf waf token-refused$/, words: 'no token is made; the cause is the operator’s to know.' },
  { arrow: /^\w+ \w+ sign-in-refused$/, words: 'nobody is signed in; the page of the login says why.' },
  { arrow: /^(wwsf|waf) wic [45]\d\d /, words: 'the server refuses; the status says why.' },
  { arrow: /^waf wwsf [45]\d\d /, words: 'the web server gets no token, and has none to hand on.' },
  { arrow: /^wwsf wic 2\d\d /, words: 'the page has what it asked for.' },
];
