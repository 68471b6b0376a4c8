import { type ArrowFacts, type LadderEvent, type Party } from './arrow.ts';
import { textField } from './lab-fields.ts';

export type Look = ArrowFacts['look'];

/** A box at one party. Its label is the type of the event. */
export function note(event: LadderEvent, at: Party, title: string, look: Look = 'plain', text?: string): ArrowFacts {
  const { user, atUnixMs, type: label } = event;
  const origin = textField(event, 'flowId');
  return { kind: 'note', from: at, to: at, user, label, title, text, look, routine: false, atUnixMs, origin, event };
}
