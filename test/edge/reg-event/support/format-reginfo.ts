import { type Reginfo, type ReginfoContact, type ReginfoRegistration } from '../../../../src/edge/reg-event/reginfo.ts';

/** A document as a registrar writes it. */
export function formatReginfo({ version, isFull, registrations }: Reginfo): string {
  const state = isFull ? 'full' : 'partial';
  const inner = registrations.map(formatRegistration).join('');
  return `<?xml version="1.0"?>\n<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="${version}" state="${state}">${inner}</reginfo>\n`;
}

function formatRegistration({ aor, state, contacts }: ReginfoRegistration, index: number): string {
  const inner = contacts.map(formatContact).join('');
  return `<registration aor="${escaped(aor)}" id="r${index}" state="${state}">${inner}</registration>`;
}

function formatContact(contact: ReginfoContact, index: number): string {
  const { uri, state, event = 'registered', expiresSec, callId, cseq, instanceId, regId } = contact;
  const expires = expiresSec === undefined ? '' : ` expires="${expiresSec}"`;
  const call = callId === undefined ? '' : ` callid="${escaped(callId)}"`;
  const sequence = cseq === undefined ? '' : ` cseq="${cseq}"`;
  const params = [
    instanceId === undefined
      ? ''
      : `<unknown-param name="+sip.instance">"&lt;${escaped(instanceId)}&gt;"</unknown-param>`,
    regId === undefined ? '' : `<unknown-param name="reg-id">"${regId}"</unknown-param>`,
  ];
  return `<contact id="c${index}" state="${state}" event="${event}"${expires}${call}${sequence}><uri>${escaped(uri)}</uri>${params.join('')}</contact>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
