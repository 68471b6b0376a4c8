import { describe, expect, it } from 'vitest';
import { chooseBestResponse } from '../../../src/edge/proxy/best-response.ts';
import { createResponse } from '../../../src/sip/create-response.ts';
import { WicMessages } from '../support/wic.ts';

const request = new WicMessages('alice').build('INVITE', 'sip:bob@example.com', 'sip:bob@example.com');

describe('the best of several final responses (RFC 3261 §16.7 step 6)', () => {
  it.each([
    { statuses: [486], best: 486 },
    { statuses: [486, 603], best: 603 },
    { statuses: [500, 404], best: 404 },
    { statuses: [404, 302], best: 302 },
    { statuses: [480, 486], best: 480 },
    { statuses: [404, 407], best: 407 },
    { statuses: [408, 415, 486], best: 415 },
    { statuses: [503, 500], best: 500 },
    { statuses: [503], best: 500 },
    { statuses: [503, 486], best: 486 },
    { statuses: [], best: 480 },
  ])('of $statuses is $best', ({ statuses, best }) => {
    const outcomes = statuses.map((status) => ({ response: createResponse(request, status), isOwn: false }));
    expect(chooseBestResponse(request, outcomes, 'tag').status).toBe(best);
  });

  it.each([480, 430, 408, 487, 503])(
    'is no %i of our own, which says that a target is gone, where another has answered',
    (gone) => {
      const own = { response: createResponse(request, gone), isOwn: true };
      for (const status of [302, 486, 500, 503]) {
        const answered = { response: createResponse(request, status), isOwn: false };
        const expected = status === 503 ? (gone === 503 ? 503 : 500) : status;
        expect(chooseBestResponse(request, [own, answered], 'tag').status).toBe(expected);
      }
      expect(chooseBestResponse(request, [own], 'tag')).toBe(own.response);
    },
  );

  it('carries the challenges of all branches', () => {
    const [first, second, third] = [
      createResponse(request, 401),
      createResponse(request, 407),
      createResponse(request, 404),
    ];
    first.headers.append('WWW-Authenticate', 'Digest realm="a"');
    second.headers.append('Proxy-Authenticate', 'Digest realm="b"');
    third.headers.append('WWW-Authenticate', 'Digest realm="c"');
    const outcomes = [third, first, second].map((response) => ({ response, isOwn: false }));
    const best = chooseBestResponse(request, outcomes, 'tag');
    expect(best.headers.getAll('WWW-Authenticate')).toEqual(['Digest realm="a"']);
    expect(best.headers.getAll('Proxy-Authenticate')).toEqual(['Digest realm="b"']);
  });

  it('of a 503 of our own, which says that nobody can be served, is that 503, beside one of a target too', () => {
    const own = createResponse(request, 503);
    const outcomes = [
      { response: createResponse(request, 503), isOwn: false },
      { response: own, isOwn: true },
    ];
    expect(chooseBestResponse(request, outcomes, 'tag')).toBe(own);
  });
});
