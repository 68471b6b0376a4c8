declare const owned: unique symbol;

/**
 * Text that owns its characters. V8 makes of a part of a text (`slice`, `split`, `match`) a view of the whole, and of a sum (`+`, a template) a
 * pair of pointers; neither use as a key nor comparison makes a copy of them. One such part that is stored keeps the whole message in memory, so
 * whatever outlives a message asks for this type.
 */
export type OwnText = string & { readonly [owned]: true };

/** A map that outlives the messages its keys come from. Any text can look up an entry; only an `OwnText` can be the key of a new one. */
export interface OwnMap<V> extends Map<string, V> {
  set(key: OwnText, value: V): this;
}

/** V8 always copies texts shorter than this (`SlicedString::kMinLength`, `ConsString::kMinLength`). */
const SHORTEST_VIEW = 13;

/** A copy of the text that owns its characters. Returns `stored`, an earlier copy, if that is the same text. */
export function ownText(text: string, stored?: OwnText): OwnText {
  if (text === stored) return stored;
  return (text.length < SHORTEST_VIEW ? text : Buffer.from(text).toString()) as OwnText;
}
