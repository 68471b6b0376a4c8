const METHODS: ReadonlyMap<unknown, string> = new Map([
  [0x001, 'Binding'],
  [0x003, 'Allocate'],
  [0x004, 'Refresh'],
  [0x006, 'Send'],
  [0x008, 'CreatePermission'],
  [0x009, 'ChannelBind'],
]);

/** `3` or `Allocate` → `Allocate`; the event of the server has the number of the STUN method. */
export function turnMethodName(method: unknown): string {
  return METHODS.get(method) ?? (typeof method === 'string' ? method : 'request');
}
