/** An element with a class, or several, and what goes into it. Text goes in as text. */
export function create<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className !== '') made.className = className;
  made.append(...children);
  return made;
}

export function button(text: string, run: () => void): HTMLButtonElement {
  const made = create('button', 'small', text);
  made.type = 'button';
  made.addEventListener('click', run);
  return made;
}
