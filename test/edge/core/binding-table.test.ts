import { expect, it } from 'vitest';
import { BindingTable } from '../../../src/edge/core/binding-table.ts';
import { Gruus } from '../../../src/edge/core/gruus.ts';
import { HomeDomain } from '../../../src/edge/home-domain.ts';
import { parseContact } from '../../../src/sip/contact.ts';
import { heldPerMessage, LITTLE, messageText } from '../../base/held-per-message.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakeHop } from '../support/fake-hop.ts';

const AOR = 'sip:alice-with-a-name@example.com';

function facts(n: number, hop: FakeHop, cseq = 1) {
  const contact = `"Alice at her desk" <sip:alice-at-her-desk-${n}@x.invalid>;+sip.instance="<urn:uuid:0000-${n}>"`;
  const [line = ''] = messageText(`${contact}\r\nsip:alice-with-a-name@example.com a-call-of-alice-${n}`).split('\r\n');
  const contactRead = parseContact(line);
  if (!contactRead) throw new Error('expected a Contact');
  const { uri } = contactRead;
  const key = `uri ${uri}`;
  const callId = `call of ${uri}`;
  return {
    aor: AOR,
    address: AOR,
    key,
    registrationId: key,
    contact: contactRead,
    hop,
    callId,
    cseq,
    expiresAtMs: 1e6,
  };
}

it('a binding holds nothing of the REGISTER it was made by, or refreshed by', () => {
  const table = new BindingTable(new FakeClock().timers, new Gruus(new HomeDomain('example.com')));
  const hop = new FakeHop();
  const held = heldPerMessage((n) => {
    table.put(facts(n, hop));
    table.put(facts(n, hop, 2));
  });
  expect(held).toBeLessThan(4 * LITTLE);
  expect(table.of(AOR, 0).at(-1)).toMatchObject({
    cseq: 2,
    contact: { listed: expect.stringMatching(/^"Alice at her desk" /) as string },
  });
});
