import { type Attribute } from '../attribute.ts';
import { uint16Attribute } from '../codec/uint-codec.ts';

/** RFC 5780 §7.5. The port the response is to go to. */
export const responsePort: Attribute<number> = uint16Attribute(0x0027, 'RESPONSE-PORT');
