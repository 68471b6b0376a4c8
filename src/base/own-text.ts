declare const owned: unique symbol;

/**
 * Text that owns its characters. V8 makes of a part of a text (`slice`, `split`, `match`) a view of the whole, and of a sum (`+`, a template) a
 * pair of pointers; neither use as a key nor comparison makes a copy of them. One such part that is stored keeps the whole message in memory, so
 * whatever outlives a message asks for this type.
 */
export type OwnText = string & { readonly [owned]: true };

/** A map that outlives the messages its keys come from: any text finds an entry, only an own one makes one. */
export interface OwnMap<V> extends Map<string, V> {
  set(key: OwnText, value: V): this;
}

/** What is shorter V8 always copies (`SlicedString::kMinLength`, `ConsString::kMinLength`). */
const SHORTEST_VIEW = 13;

/** A copy with characters of its own; `stored`, the copy that was made before, if the text is still the same. */
export function ownText(text: string, stored?: OwnText): OwnText {
  if (text === stored) return stored;
  return (text.length < SHORTEST_VIEW ? text : Buffer.from(text).toString()) as OwnText;
}
