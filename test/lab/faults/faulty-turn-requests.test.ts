import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { FaultRegistry } from '../../../src/lab/faults/fault-registry.ts';
import { faultyTurnRequests } from '../../../src/lab/faults/turn-faults.ts';
import { alternateServer } from '../../../src/stun/attributes/rfc8489.ts';
import { type TurnEngineOptions } from '../../../src/turn/engine/engine-options.ts';
import { codeOf, World } from '../../turn/engine/world.ts';

const east = { address: '203.0.114.1', port: 3478, tlsPort: 5349, host: 'east.example', weight: 1 };

function world(options: Partial<TurnEngineOptions>): World {
  const faults = new FaultRegistry({ fired: () => undefined, ended: () => undefined, clock: systemClock });
  faults.add({ kind: 'turn-answer', code: 300 });
  return new World(options, { wrapRequests: faultyTurnRequests({ faults, userOf: () => undefined }) });
}

describe('a fault that answers 300', () => {
  it('names an alternate where there is one', () => {
    const here = world({ redirect: { servers: [east], when: 'draining', abovePercent: 80 } });
    const answer = here.client().as('alice').allocate();
    expect([codeOf(answer), answer.get(alternateServer)?.address]).toEqual([300, '203.0.114.1']);
    expect(here.causes('request-refused')).toEqual(['operator']);
  });

  it('names none where there is none', () => {
    const answer = world({}).client().as('alice').allocate();
    expect([codeOf(answer), answer.has(alternateServer)]).toEqual([300, false]);
  });
});
