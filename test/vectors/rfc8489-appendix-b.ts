import { hex } from './hex.ts';

/**
 * RFC 8489 appendix B.1 as corrected by its erratum 6268: the printed message has a wrong length and lacks the PASSWORD-ALGORITHM that
 * the HMAC covers.
 */
export const RFC8489_B1_REQUEST = hex(`
  00010090 2112a442 78ad3433 c6ad72c0 29da412e
  001e0020 4a3cf38f ef6992bd a952c678 0417da0f 24819415 569e60b2 05c46e41 407f1704
  00150029 6f624d61 744a6f73 32414141 43662f2f 3439396b 39353464 364f4c33 346f4c39 46535476 79363473 41000000
  0014000b 6578616d 706c652e 6f726700
  001d0004 00020000
  001c0020 b5c7bf00 5b6c52a2 1c51c5e8 92f81924 136296cb 927c4314 9309278c c6518e65`);

export const RFC8489_B1 = {
  username: '\u30de\u30c8\u30ea\u30c3\u30af\u30b9',
  realm: 'example.org',
  nonce: 'obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA',
  password: 'TheMatrIX',
} as const;
