import { type SipIn } from './story.ts';

/** What of a SIP message matters to a test. `undefined` for text that is none. */
export function sipIn(user: string, text: string, atUnixMs: number): SipIn | undefined {
  const [head = ''] = text.split('\r\n\r\n', 1);
  const status = /^SIP\/2\.0 (\d{3}) /.exec(head)?.[1];
  const method = /^cseq\s*:\s*\d+\s+(\S+)\s*$/im.exec(head)?.[1];
  if (method === undefined) return undefined;
  const from = /^(?:from|f)\s*:.*?sips?:([^@;>\s]+)@/im.exec(head)?.[1];
  return {
    type: 'sip-in',
    user,
    atUnixMs,
    method,
    ...(status !== undefined && { status: Number(status) }),
    ...(from !== undefined && { from }),
    ...credentialIn(head),
  };
}

function credentialIn(head: string): Pick<SipIn, 'credential' | 'error'> {
  const combined = fieldOf(head, 'TURN-Cred-Rsp');
  const error = /^error=([\w-]+)/.exec(combined ?? '')?.[1];
  if (error !== undefined) return { credential: 'error', error };
  const lifetime = fieldOf(head, 'TURN-Lifetime') ?? /;lifetime=(\d+)/.exec(combined ?? '')?.[1];
  if (combined === undefined && lifetime === undefined) return { credential: 'none' };
  return { credential: /^"?\d+"?$/.test(lifetime ?? '') ? 'given' : 'malformed' };
}

function fieldOf(head: string, name: string): string | undefined {
  return new RegExp(`^${name}\\s*:\\s*(.*?)\\s*$`, 'im').exec(head)?.[1];
}
