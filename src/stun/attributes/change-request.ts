import { type Attribute } from '../attribute.ts';

const CHANGE_IP = 0x04;
const CHANGE_PORT = 0x02;

/** RFC 5780 §7.2. */
export const changeRequest: Attribute<{
  readonly changeIp: boolean;
  readonly changePort: boolean;
}> = {
  type: 0x0003,
  name: 'CHANGE-REQUEST',
  decode: (value) => {
    if (value.length !== 4) return undefined;
    const flags = value.readUInt8(3);
    return { changeIp: (flags & CHANGE_IP) !== 0, changePort: (flags & CHANGE_PORT) !== 0 };
  },
  encode: ({ changeIp, changePort }) =>
    Uint8Array.of(0, 0, 0, (changeIp ? CHANGE_IP : 0) | (changePort ? CHANGE_PORT : 0)),
};
