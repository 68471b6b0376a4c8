import { type LadderEvent } from './arrow.ts';

/** The fields of an event come over the network: each is looked at before it is believed. */
export function textField(event: LadderEvent, name: string): string | undefined {
  const value = event[name];
  return typeof value === 'string' ? value : undefined;
}

export function numberField(event: LadderEvent, name: string): number | undefined {
  const value = event[name];
  return typeof value === 'number' ? value : undefined;
}

/** `127.0.0.1:3478`, `[::1]:3478`; empty when there is no such address. */
export function addressField(event: LadderEvent, name: string): string {
  const value = event[name];
  if (typeof value !== 'object' || value === null) return '';
  const { address, port } = value as { address?: unknown; port?: unknown };
  if (typeof address !== 'string' || typeof port !== 'number') return '';
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** `: expired`, to go on with; empty for an event without a cause. */
export function causeOf(event: LadderEvent): string {
  const cause = textField(event, 'cause');
  return cause === undefined ? '' : `: ${cause}`;
}
