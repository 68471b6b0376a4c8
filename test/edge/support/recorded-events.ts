import { TypedEvents } from '../../../src/base/typed-events.ts';
import { type EdgeEvents } from '../../../src/edge/edge-events.ts';

const NAMES = [
  'flow-opened',
  'flow-closed',
  'flow-refused',
  'register-challenged',
  'authentication-failed',
  'registered',
  'unregistered',
  'registration-ended',
  'credential-issued',
  'credential-refused',
  'limited',
  'core-up',
  'core-down',
  'reg-event-subscribed',
  'reg-event-ended',
  'reg-event-obeyed',
  'message',
] as const satisfies readonly (keyof EdgeEvents)[];

/** Every event an edge emits, in order. A listener error fails the test that waits on it. */
export class RecordedEvents extends TypedEvents<EdgeEvents> {
  readonly all: { readonly name: keyof EdgeEvents; readonly event: object }[] = [];

  constructor() {
    super((error) => {
      throw error;
    });
    for (const name of NAMES) this.on(name, (event) => this.all.push({ name, event }));
  }

  named<Name extends keyof EdgeEvents>(name: Name): EdgeEvents[Name][] {
    return this.all.filter((entry) => entry.name === name).map(({ event }) => event as EdgeEvents[Name]);
  }
}
