/** Whether a private identity matches a pattern of a pool: at most one `*` stands for any characters but `@`. Case makes no difference. */
export function isInPool(impi: string, pattern: string): boolean {
  const [head = '', tail] = pattern.toLowerCase().split('*', 2);
  const text = impi.toLowerCase();
  if (tail === undefined) return text === head;
  if (text.length < head.length + tail.length || !text.startsWith(head) || !text.endsWith(tail)) return false;
  return !text.slice(head.length, text.length - tail.length).includes('@');
}
