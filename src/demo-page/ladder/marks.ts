import { type Arrow } from './arrow.ts';

export interface TextPart {
  readonly text: string;
  readonly marked: boolean;
}

const SIP_LINES =
  /^(?:(?:TURN-[\w-]+|WWW-Authenticate|Authorization|Proxy-Authenticate|Proxy-Authorization)\s*:|a=candidate:.* typ relay\b)/i;
const TURN_LINES =
  /^(?:USERNAME|REALM|NONCE|ACCESS-TOKEN|THIRD-PARTY-AUTHORIZATION|ERROR-CODE|XOR-RELAYED-ADDRESS|MESSAGE-INTEGRITY)\b/;
const NOTE_LINES = /^(?:u\b|t\b|p\b|kid\b|token\b|relayed address)[^:]*:/;

const LINES: Readonly<Record<Arrow['kind'], RegExp>> = {
  sip: SIP_LINES,
  web: NOTE_LINES,
  delivery: NOTE_LINES,
  turn: TURN_LINES,
  media: NOTE_LINES,
  note: NOTE_LINES,
};

/** The text in parts, those marked that make the TURN credential work. Joined, they are the text with its line ends as `\n`. */
export function markedParts(text: string, kind: Arrow['kind']): readonly TextPart[] {
  const parts: TextPart[] = [];
  let continues = false;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    // RFC 3261 §7.3.1: a line that begins with a space goes on with the field before it.
    const isContinuation = kind === 'sip' && /^[ \t]/.test(line);
    continues = isContinuation ? continues : LINES[kind].test(line);
    if (index > 0) append(parts, '\n', false);
    append(parts, line, continues);
  }
  return parts;
}

function append(parts: TextPart[], text: string, marked: boolean): void {
  const last = parts.at(-1);
  if (text === '') return;
  if (last?.marked === false && !marked) parts[parts.length - 1] = { text: last.text + text, marked };
  else parts.push({ text, marked });
}
