const NAME = /^[\w.!~*'()-]{1,64}$/;
const RANGE = /^([^{}]*)\{(\d{1,6})-(\d{1,6})\}([^{}]*)$/;

/** Names of one client's pool. */
export const MAX_POOL_NAMES = 10_000;

/** The user names that an entry of `oauth.clients[].pool` stands for; `undefined` where it stands for none, or for too many. */
export function poolNames(entry: string): string[] | undefined {
  const [, before = '', first = '', last = '', after = ''] = RANGE.exec(entry) ?? [];
  if (first === '') return NAME.test(entry) ? [entry] : undefined;
  const count = Number(last) - Number(first) + 1;
  if (count < 1 || count > MAX_POOL_NAMES) return undefined;
  // With as many digits as the first is written with: guest{001-100}.
  const names = Array.from({ length: count }, (_, i) => String(Number(first) + i).padStart(first.length, '0'));
  const all = names.map((digits) => `${before}${digits}${after}`);
  return all.every((name) => NAME.test(name)) ? all : undefined;
}
