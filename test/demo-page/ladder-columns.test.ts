import { describe, expect, it } from 'vitest';
import { type Arrow, type ArrowFacts } from '../../src/demo-page/ladder/arrow.ts';
import { columnsOf, spanOf } from '../../src/demo-page/ladder/columns.ts';

function arrow(from: Arrow['from'], to: Arrow['to'], user?: string, kind: ArrowFacts['kind'] = 'sip'): Arrow {
  return { kind, from, to, user, label: '', title: '', look: 'plain', routine: false, atUnixMs: 0, number: 1 };
}

const names = (arrows: readonly Arrow[], hasLab = true) => columnsOf(arrows, hasLab).map(({ name }) => name);

describe('the columns of the ladder', () => {
  it('are one for each user, then the network', () => {
    expect(names([])).toEqual(['WIC', 'eP-CSCF', 'I/S-CSCF', 'TURN server']);
    expect(names([arrow('wic', 'edge', 'bob'), arrow('wic', 'turn', 'alice')])).toEqual([
      'bob',
      'alice',
      'eP-CSCF',
      'I/S-CSCF',
      'TURN server',
    ]);
  });

  it('leave the core out where nobody can tell of it', () => {
    expect(names([], false)).toEqual(['WIC', 'eP-CSCF', 'TURN server']);
  });

  it('put WICs together that nobody knows, or that are too many', () => {
    expect(names([arrow('wic', 'edge', 'alice'), arrow('wic', 'edge')])[1]).toBe('other WIC');
    const many = ['a', 'b', 'c', 'd', 'e', 'f'].map((user) => arrow('wic', 'edge', user));
    expect(names(many)).toEqual(['a', 'b', 'c', 'd', 'other WIC', 'eP-CSCF', 'I/S-CSCF', 'TURN server']);
    expect(spanOf(many[5]!, columnsOf(many, true))).toEqual({ first: 5, span: 2, direction: 'right' });
  });

  it.each([
    ['to the right', arrow('wic', 'edge', 'alice'), { first: 1, span: 3, direction: 'right' }],
    ['to the left', arrow('edge', 'wic', 'bob'), { first: 2, span: 2, direction: 'left' }],
    ['both ways', arrow('wic', 'turn', 'alice', 'media'), { first: 1, span: 5, direction: 'both' }],
    [
      'nowhere, with room to its sides',
      arrow('edge', 'edge', 'alice', 'note'),
      { first: 2, span: 3, direction: 'none' },
    ],
    ['nowhere, at the side', arrow('turn', 'turn', 'alice', 'note'), { first: 4, span: 2, direction: 'none' }],
    ['nowhere, between two', arrow('edge', 'turn', undefined, 'note'), { first: 3, span: 3, direction: 'none' }],
  ])('place an arrow that goes %s', (_what, placed, place) => {
    const columns = columnsOf([arrow('wic', 'edge', 'alice'), arrow('wic', 'edge', 'bob')], true);
    expect(spanOf(placed, columns)).toEqual(place);
  });
});
