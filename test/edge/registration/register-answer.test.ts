import { describe, expect, it } from 'vitest';
import { readAnswer } from '../../../src/edge/registration/register-answer.ts';
import { createResponse } from '../../../src/sip/create-response.ts';
import { WicMessages } from '../support/wic.ts';

const MANY = 20_000;

/** `join`: a line break has each that was granted in a field of its own. */
function answer(asked: readonly string[], granted: readonly string[], supported = '', join = ',') {
  const request = new WicMessages('alice').buildRegister({
    contact: asked.join(','),
    headers: { Supported: supported },
  });
  const response = createResponse(request, 200);
  for (const field of granted.join(join).split('\n')) response.headers.append('Contact', field);
  const read = readAnswer(request, response);
  return read === '*' ? read : read.map(({ grantedExpiresSec }) => grantedExpiresSec);
}

describe('the grant for a Contact', () => {
  it.each([
    ['by its URI', ['<sip:a@x.invalid>'], ['<sip:b@x.invalid>;expires=1', '<sip:a@x.invalid>;expires=2'], [2]],
    [
      'of the first of two alike',
      ['<sip:a@x.invalid>'],
      ['<sip:a@x.invalid>;expires=1', '<sip:a@x.invalid>;expires=2'],
      [1],
    ],
    ['by user and host', ['<sip:a@x.invalid;ob>'], ['<sip:a@x.invalid>;expires=3'], [3]],
    ['that is none', ['<sip:a@x.invalid>'], ['<sip:c@x.invalid>;expires=3', '<sip:d@x.invalid>;expires=3'], [0]],
    [
      'by its user, where the registrar has written the host anew',
      ['<sip:a@x.invalid>'],
      ['<sip:c@192.0.2.1:5060>;expires=3', '<sip:a@192.0.2.1:1024>;expires=4'],
      [4],
    ],
    [
      'as the only one, where the registrar has written it anew',
      ['<sip:a@x.invalid>'],
      ['<sip:1@[::1]>;expires=5'],
      [5],
    ],
    [
      'of another device that is the only one',
      ['<sip:a@x.invalid>'],
      ['<sip:b@x.invalid>;+sip.instance="<urn:b>"'],
      [0],
    ],
  ])('is found %s', (_how, asked, granted, expected) => {
    expect(answer(asked, granted)).toEqual(expected);
  });

  const UNREADABLE = [
    '<sip:desk@192.0.2.9>;q=.5;expires=300',
    '<sip:desk@192.0.2.9>;q=0.5000',
    '<sip:desk@192.0.2.9>;q=2',
    '<sip:desk@192.0.2.9>;q=1;q=1',
    '<sip:de sk@192.0.2.9>',
    '<sip:desk@192.0.2.9>;reg-id=0',
    '<sip:desk@192.0.2.9>;x=a b',
    '<sip:desk@192.0.2.9',
    '"desk <sip:desk@192.0.2.9>',
    'desk',
    '*',
  ];
  const OWN = '<sip:a@x.invalid>';

  it.each(UNREADABLE)('is found beside %s of another device', (other) => {
    expect(answer([OWN], [other, `${OWN};expires=60`], '', '\n')).toEqual([60]);
    expect(answer([OWN], [`${OWN};expires=60`, other], '', '\n')).toEqual([60]);
  });

  it('is found where it is the one that cannot be read, or is within such a one, and then lasts as long as was asked', () => {
    expect(answer([`${OWN};expires=90`], ['"a <sip:a@x.invalid>;expires=60'], '', '\n')).toEqual([90]);
    const swallowed = ['<sip:b@x.invalid>;expires=1', `"desk <sip:desk@192.0.2.9>, ${OWN}`];
    expect(answer([`${OWN};expires=90`], swallowed, '', '\n')).toEqual([90]);
    expect(answer(['<sip:a@x.inv>'], [...swallowed, '<sip:b@x.invalid>'], '', '\n')).toEqual([0]);
  });

  it.each(['q=.5', 'q=2', 'reg-id=0', 'x=a b', 'ob;ob'])('is found, with its time, though it has %s', (param) => {
    const own = `${OWN};${param};expires=60`;
    expect(answer([OWN], [own])).toEqual([60]);
    expect(answer([own], [own])).toEqual([60]);
    expect(answer([`${OWN};${param};expires=0`], [own])).toEqual([0]);
  });

  it('is found at once in a Contact of thousands of parameters', () => {
    const params = Array.from({ length: MANY }, (_, i) => `;p${i}=${i}`).join('');
    expect(answer([OWN], [`${OWN}${params};q=2;expires=60`])).toEqual([60]);
  });

  it.each([
    ['of the Contact', `${OWN};expires=1`, { Expires: '2' }, `${OWN};expires=3`, { Expires: '4' }, 3],
    ['of the Expires beside it', `${OWN};expires=1`, { Expires: '2' }, OWN, { Expires: '4' }, 4],
    ['that its Contact has asked for', `${OWN};expires=1`, { Expires: '2' }, OWN, {}, 1],
    ['that the Expires of the request has asked for', OWN, { Expires: '2' }, OWN, {}, 2],
    ['of an hour where nobody says a word', OWN, { Expires: 'soon' }, OWN, {}, 3600],
    ['of none where an end was asked for', `${OWN};expires=0`, { Expires: '2' }, OWN, {}, 0],
  ])('has the time %s', (_whose, asked, askedHeaders, granted, grantedHeaders, expected) => {
    const request = new WicMessages('alice').buildRegister({ contact: asked, headers: askedHeaders });
    const response = createResponse(request, 200);
    response.headers.append('Contact', granted);
    for (const [name, value] of Object.entries(grantedHeaders)) response.headers.append(name, value);
    expect(readAnswer(request, response)).toMatchObject([{ grantedExpiresSec: expected }]);
  });

  it('is none in a 2xx that lists nothing', () => {
    expect(answer([OWN], [])).toEqual([0]);
  });

  it('is found by instance where the client does outbound, and not by that of another', () => {
    const instance = ';reg-id=1;+sip.instance="<urn:a>"';
    const granted = [
      '<sip:z@x.invalid>;reg-id=1;+sip.instance="<urn:b>";expires=9',
      `<sip:y@x.invalid>${instance};expires=4`,
    ];
    expect(answer([`<sip:a@x.invalid>${instance}`], granted, 'outbound')).toEqual([4]);
  });

  it.each(['outbound', ''])(
    'is found by its instance however its letters are written, where Supported is %j',
    (supported) => {
      const asked = '<sip:a@x.invalid>;reg-id=1;+sip.instance="<urn:uuid:00aa>"';
      const granted = '<sip:a@192.0.2.1:1024>;reg-id=1;+sip.instance="<URN:UUID:00AA>";expires=4';
      expect(answer([asked], [granted], supported)).toEqual([4]);
    },
  );

  it('is that of the one that is bound where it is listed twice, and none where it is listed as ended alone', () => {
    expect(answer([OWN], [`${OWN};expires=0`, `${OWN};expires=60`])).toEqual([60]);
    expect(answer([OWN], [`${OWN};expires=0`, '<sip:a@192.0.2.1>;expires=60'])).toEqual([0]);
  });

  it('is found with as much work as there is text, where both sides write thousands', () => {
    const contacts = (host: string): string[] => Array.from({ length: MANY }, (_, i) => `<sip:${i}@${host}>`);
    expect(answer(contacts('a'), contacts('b'))).toHaveLength(MANY);
  });
});
