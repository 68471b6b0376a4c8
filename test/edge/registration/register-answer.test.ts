import { describe, expect, it } from 'vitest';
import { readAnswer } from '../../../src/edge/registration/register-answer.ts';
import { createResponse } from '../../../src/sip/create-response.ts';
import { WicMessages } from '../support/wic.ts';

const MANY = 20_000;

function answer(asked: readonly string[], granted: readonly string[], supported = '') {
  const request = new WicMessages('alice').buildRegister({
    contact: asked.join(','),
    headers: { Supported: supported },
  });
  const response = createResponse(request, 200);
  response.headers.append('Contact', granted.join(','));
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
    ['that is none', ['<sip:a@x.invalid>'], ['<sip:c@x.invalid>;expires=3'], [0]],
  ])('is found %s', (_how, asked, granted, expected) => {
    expect(answer(asked, granted)).toEqual(expected);
  });

  it('is found by instance where the client does outbound, and not by that of another', () => {
    const instance = ';reg-id=1;+sip.instance="<urn:a>"';
    const granted = [
      '<sip:z@x.invalid>;reg-id=1;+sip.instance="<urn:b>";expires=9',
      `<sip:y@x.invalid>${instance};expires=4`,
    ];
    expect(answer([`<sip:a@x.invalid>${instance}`], granted, 'outbound')).toEqual([4]);
  });

  it('is found with as much work as there is text, where both sides write thousands', () => {
    const contacts = (host: string): string[] => Array.from({ length: MANY }, (_, i) => `<sip:${i}@${host}>`);
    expect(answer(contacts('a'), contacts('b'))).toHaveLength(MANY);
  });
});
