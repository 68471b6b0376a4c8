/** Closer to the end than this counts as at the end. */
const AT_END_PX = 40;

/**
 * Keeps a box at its end while more comes in, until somebody scrolls up, and again when they are back at the end. Returns what to call
 * after the content has changed.
 */
export function followEnd(box: HTMLElement): () => void {
  let follows = true;
  let lastTop = 0;
  let lastHeight = 0;
  const toEnd = (): void => {
    if (follows) box.scrollTop = box.scrollHeight;
  };
  box.addEventListener('scroll', () => {
    const isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < AT_END_PX;
    // A box of another height is scrolled by the browser, and a smaller one is not at its end, though nobody scrolled.
    if (isAtEnd) follows = true;
    else if (box.scrollTop < lastTop && box.clientHeight === lastHeight) follows = false;
    lastTop = box.scrollTop;
    lastHeight = box.clientHeight;
  });
  new ResizeObserver(toEnd).observe(box);
  return toEnd;
}
