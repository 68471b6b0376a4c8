import { type Attribute } from '../attribute.ts';
import { uint16Attribute } from '../codec/uint-codec.ts';

/** RFC 8656 §18.1. Any 16-bit number decodes: whether it is a channel is for the engine to say. */
export const channelNumber: Attribute<number> = uint16Attribute(0x000c, 'CHANNEL-NUMBER');
