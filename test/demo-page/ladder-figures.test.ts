import { describe, expect, it } from 'vitest';
import { type Approach, type LadderEvent, routeText } from '../../src/demo-page/ladder/arrow.ts';
import { columnsOf } from '../../src/demo-page/ladder/columns.ts';
import { type FigureName, figureOf, figuresBegunBy, matchesFigure } from '../../src/demo-page/ladder/figure.ts';
import { LadderModel } from '../../src/demo-page/ladder/ladder-model.ts';
import { meaningText } from '../../src/demo-page/ladder/meaning.ts';
import {
  allocating,
  allocatingByToken,
  allocatingDelivered,
  event,
  gettingToken,
  loggingIn,
  message,
  register,
  answer,
  registering,
  registeringDelivered,
  webMessage,
} from './ladder-events.ts';

function draw(approach: Approach, ...events: readonly LadderEvent[]): LadderModel {
  const model = new LadderModel({ hasLab: true, approach });
  for (const told of events) model.labEvent(told);
  return model;
}

const readable = ({ arrows }: LadderModel) => arrows.map((arrow) => `${routeText(arrow)}: ${arrow.title}`);
const columns = ({ arrows }: LadderModel) => columnsOf(arrows, true).map(({ name }) => name);
const begun = ({ arrows }: LadderModel, user = 'alice') => figuresBegunBy(arrows, user).map(({ name }) => name);
const follow = (name: FigureName, { arrows }: LadderModel) => matchesFigure(figureOf(name), arrows, 'alice');

/** The step that each arrow is said to belong to: `6.3.3-2 4`; `-` beside the figures. */
function stepsOf(model: LadderModel, approach: Approach): readonly string[] {
  return model.arrows.map((arrow) => {
    const text = meaningText(arrow, { approach, arrows: model.arrows });
    return /^Figure (\S+), (step \d+): /.exec(text)?.slice(1).join(' ') ?? '-';
  });
}

describe('figure 6.3.3-2, a credential that is delivered', () => {
  const model = draw('delivered', ...registeringDelivered('alice'), ...allocatingDelivered('alice'));

  it('is drawn without a key in common, and with the store', () => {
    expect(readable(model)).toEqual([
      'alice → eP-CSCF: WebSocket opened',
      'alice → eP-CSCF: REGISTER',
      'eP-CSCF → I/S-CSCF: REGISTER',
      'I/S-CSCF → eP-CSCF: 401 REGISTER: Unauthorized, challenge',
      'eP-CSCF → alice: 401 REGISTER: Unauthorized, challenge',
      'alice → eP-CSCF: REGISTER with Authorization and TURN-Cred-Req',
      'eP-CSCF → I/S-CSCF: REGISTER with Authorization',
      'I/S-CSCF → eP-CSCF: 200 REGISTER: OK',
      'eP-CSCF, for alice: Makes u and p at random',
      'eP-CSCF → credential store: Delivers u and the key of p, good until t',
      'eP-CSCF → alice: 200 REGISTER: OK, TURN credential',
      'alice → TURN server: Allocate without credentials (UDP)',
      'TURN server → alice: 401 Allocate: Unauthenticated (no-credentials)',
      'alice → TURN server: Allocate with USERNAME (UDP)',
      'TURN server, for alice: Finds the key that was delivered for u, opens relay 127.0.0.1:50000',
      'TURN server → alice: Allocate success: relay 127.0.0.1:50000',
    ]);
    expect(columns(model)).toEqual(['alice', 'eP-CSCF', 'I/S-CSCF', 'store', 'TURN server']);
  });

  it('is matched, and is the one that was begun', () => {
    expect(begun(model)).toEqual(['6.3.3-2']);
    expect(follow('6.3.3-2', model)).toEqual({ matches: true, step: 6 });
  });

  it('has its numbers at its arrows', () => {
    const numbered = stepsOf(model, 'delivered').filter((step) => step !== '-');
    expect(numbered).toEqual([1, 2, 2, 3, 4, 5, 6, 6, 6, 6, 6].map((step) => `6.3.3-2 step ${step}`));
  });

  it('stops at the store when that does not take the credential', () => {
    const fields = { registrationId: 'd', name: 'u1', store: 'redis', cause: 'unavailable' };
    const failed = draw(
      'delivered',
      ...registeringDelivered('alice').slice(0, 9),
      event('delivery-failed', 'alice', fields),
    );
    expect(failed.arrows.at(-1)).toMatchObject({
      from: 'edge',
      to: 'store',
      look: 'failure',
      title: 'Not delivered: unavailable',
    });
    expect(follow('6.3.3-2', failed)).toMatchObject({ matches: false });
  });
});

describe('figure X.5.3.2-1, an access token of the web server', () => {
  const model = draw('shared-key', ...registering('alice'), ...gettingToken('alice'), ...allocatingByToken('alice'));
  const own = readable(model).slice(-10);

  it('is drawn with web server and authorization server, and each TURN message is of the user', () => {
    expect(own).toEqual([
      'alice → WWSF: Asks for an access token',
      'WWSF → WAF: Asks for an access token (client credentials)',
      'WAF, for alice: Makes access token, session key and kid',
      'WAF → WWSF: 200: access token, session key and kid',
      'WWSF → alice: 200: access token, session key and kid',
      'alice → TURN server: Allocate without credentials (UDP)',
      'TURN server → alice: 401 Allocate: Unauthenticated (no-credentials)',
      'alice → TURN server: Allocate with ACCESS-TOKEN (UDP)',
      'TURN server, for alice: Opens ACCESS-TOKEN, checks its session key, opens relay 127.0.0.1:50000',
      'TURN server → alice: Allocate success: relay 127.0.0.1:50000',
    ]);
    expect(columns(model)).toEqual(['alice', 'WWSF', 'WAF', 'eP-CSCF', 'I/S-CSCF', 'TURN server']);
  });

  it('is matched beside that of the registration, after ordinary allocations too', () => {
    expect(begun(model)).toEqual(['6.3.3-1', 'X.5.3.2-1']);
    expect(follow('X.5.3.2-1', model)).toEqual({ matches: true, step: 8 });
    const late = draw('shared-key', ...allocating('alice'), ...gettingToken('alice'), ...allocatingByToken('alice'));
    expect(follow('X.5.3.2-1', late).matches).toBe(true);
  });

  it('goes as far as its arrows have come', () => {
    const parts = [1, 2, 3, 4, 5].map((count) =>
      follow('X.5.3.2-1', draw('shared-key', ...gettingToken('alice').slice(0, count))),
    );
    expect(parts.map(({ step }) => step)).toEqual([2, 4, 4, 5, 6]);
    expect(follow('X.5.3.2-1', draw('shared-key', ...gettingToken('alice'), ...allocating('alice'))).step).toBe(6);
  });

  it('has its numbers at its arrows', () => {
    const steps = stepsOf(model, 'shared-key').slice(-10);
    expect(steps).toEqual([2, 4, 5, 5, 6, 8, 8, 8, 8, 8].map((step) => `X.5.3.2-1 step ${step}`));
  });

  it('says that a web server on another machine has signed who its user is', () => {
    const grant = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
    const asked = webMessage('wwsf waf token', 'alice', 'e2', { grant, scope: 'turn' });
    expect(readable(draw('shared-key', asked)).at(-1)).toBe('WWSF → WAF: Asks for an access token (signed assertion)');
  });

  it('is not begun by a registration token, or by a credential without one', () => {
    const others = draw(
      'shared-key',
      webMessage('wic wwsf registration-token', 'alice', 'e1'),
      webMessage('wwsf waf token', 'alice', 'e2', { grant: 'client_credentials', scope: 'sip' }),
      webMessage('wic wwsf turn-credentials', 'alice', 'e3', { form: 'ice' }),
    );
    expect(begun(others)).toEqual([]);
    expect(stepsOf(others, 'shared-key').slice(1)).toEqual(['-', '-', '-']);
  });
});

describe('figure 6.3.2.2-1, an access token by the implicit grant', () => {
  const model = draw('shared-key', ...loggingIn('alice'), ...allocatingByToken('alice'));

  it('is drawn with the authorization server, and what came before the login is of the user who logged in', () => {
    expect(readable(model).slice(1, 7)).toEqual([
      'alice → WAF: Asks for an access token (implicit grant)',
      'WAF → alice: 200: login form',
      'alice → WAF: Logs in (implicit grant)',
      'WAF, for alice: Knows the user, signed in by password',
      'WAF, for alice: Makes access token, session key and kid',
      'WAF → alice: 303: access token, session key and kid',
    ]);
    expect(columns(model)).toEqual(['alice', 'WAF', 'eP-CSCF', 'I/S-CSCF', 'TURN server']);
  });

  it('is matched, and has its numbers at its arrows', () => {
    expect(begun(model)).toEqual(['6.3.2.2-1']);
    expect(follow('6.3.2.2-1', model)).toEqual({ matches: true, step: 6 });
    const steps = stepsOf(model, 'shared-key').slice(1);
    expect(steps).toEqual([2, 3, 3, 3, 4, 4, 6, 6, 6, 6, 6].map((step) => `6.3.2.2-1 step ${step}`));
  });

  it('says in the redirection that nothing came of it', () => {
    const fields = { grant: 'implicit', scope: 'turn', error: 'access_denied' };
    const refused = draw('shared-key', webMessage('waf wic 303 login', undefined, 'e3', fields)).arrows.at(-1);
    expect(refused).toMatchObject({ look: 'failure', title: '303 login: access_denied' });
  });
});

describe('a web login, and an access token in the answer to REGISTER', () => {
  it('are drawn as what they are', () => {
    const impi = 'alice@localhost';
    const asked = register('Authorization: Bearer [masked]', 'TURN-Cred-Req: oauth');
    const token = 'TURN-Cred-Rsp: name="north";pwd=[masked];lifetime=1800003600;kid="north";token=[masked]';
    const issued = {
      flowId: 'f',
      registrationId: 'd',
      name: 'u3',
      expiresAtSec: 1_800_003_600,
      via: 'REGISTER',
      kind: 'oauth',
    };
    const model = draw(
      'shared-key',
      webMessage('wic wwsf login', undefined, 'e1'),
      event('signed-in', 'alice', { at: 'wwsf', by: 'password', impi }),
      webMessage('wwsf wic 303 login', 'alice', 'e1'),
      message('wic edge REGISTER', 'alice', asked),
      event('credential-issued', 'alice', issued),
      message('edge wic 200 REGISTER', 'alice', answer(200, 'OK', 'REGISTER', token)),
      event('signed-out', 'alice', { impi }),
    );
    expect(readable(model).slice(1)).toEqual([
      'alice → WWSF: Logs in',
      'WWSF, for alice: Knows the user, signed in by password',
      'WWSF → alice: 303: logged in',
      'alice → eP-CSCF: REGISTER with Authorization: Bearer and TURN-Cred-Req: oauth',
      'eP-CSCF, for alice: Makes access token, session key and kid',
      'eP-CSCF → alice: 200 REGISTER: OK, access token',
      'WWSF, for alice: Ends the session',
    ]);
    expect(stepsOf(model, 'shared-key').slice(1)).toEqual([
      '-',
      'X.5.3.2-1 step 3',
      '-',
      '6.3.3-1 step 3',
      '-',
      '-',
      '-',
    ]);
    // It proves nothing of Km.
    expect(follow('6.3.3-1', model).step).toBeLessThan(7);
  });

  it('say why they failed, where it happened', () => {
    const failures = draw(
      'shared-key',
      event('sign-in-refused', undefined, { at: 'wwsf', cause: 'no-identity' }),
      event('token-refused', undefined, { cause: 'wrong-secret' }),
      webMessage('waf wwsf 503 token', 'alice', 'e', { error: 'temporarily_unavailable' }),
      event('fault-fired', undefined, { kind: 'authorization-server-down', detail: {} }),
    ).arrows.slice(1);
    expect(failures.map(({ from, look }) => `${from} ${look}`)).toEqual([
      'wwsf failure',
      'waf failure',
      'waf failure',
      'waf fault',
    ]);
  });

  it.each([
    ['authorization-server-down', 'waf'],
    ['credential-store-down', 'store'],
    ['credential-unusable', 'turn'],
    ['access-token-refused', 'turn'],
    ['turn-answer', 'turn'],
    ['web-token-refused', 'edge'],
    ['credential-error', 'edge'],
  ])('show the fault %s at the party that it hits: %s', (kind, party) => {
    const model = draw('shared-key', event('fault-fired', 'alice', { kind, detail: {} }));
    expect(model.arrows.at(-1)).toMatchObject({ from: party, to: party, look: 'fault' });
  });
});
