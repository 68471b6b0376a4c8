import { type DropReason } from './tally.ts';

/** What each reason of the engine means to an operator, and what to do. */
export const ENGINE_DROP_SENTENCES: Readonly<Record<DropReason, string>> = {
  'too-short': 'It is shorter than the header of a STUN message.',
  'not-stun': 'It begins like no STUN message.',
  'bad-cookie': 'It lacks the magic cookie of RFC 8489: its sender speaks RFC 3489, or another protocol.',
  'bad-length': 'Its length is no multiple of four.',
  'length-mismatch': 'It is longer or shorter than its header says.',
  'attribute-overrun': 'An attribute reaches beyond its end.',
  'bad-fingerprint': 'FINGERPRINT does not fit: it was changed on its way, or is of another protocol.',
  'too-many-attributes': 'An indication has more attributes than are read.',
  'unknown-method': 'It has a method that no TURN server serves.',
  'unexpected-class': 'It is a response. A server asks nobody.',
  'unknown-channel': 'ChannelData of a channel that the client has not bound, or no longer.',
  'unknown-attribute':
    'An indication holds a comprehension-required attribute that this server does not know (RFC 8489 §6.3.2).',
  'incomplete-indication': 'A Send indication lacks XOR-PEER-ADDRESS or DATA.',
  'no-allocation': 'There is no allocation, or no longer. Data of peers that came when it had just ended counts here.',
  'no-permission':
    'The client has not permitted the peer’s address (RFC 8656 §9), be it that the client sends there or that the peer does.',
  'family-mismatch': 'A Send indication names an IPv4 peer for an IPv6 relay, or the other way round.',
  'wrong-relay-protocol': 'A Send indication came on an allocation that relays TCP.',
  'connection-exists': 'A peer that has a connection with the TCP relay connected once more.',
  'connection-limit': 'A connection of a peer is one too many: `turn.tcpRelay`.',
  'peer-denied': 'The peer policy refuses the address: `turn.peers`. The log has the line `peer denied`.',
  oversized: 'Data of a peer does not fit into a Data indication.',
  'other-icmp': 'An ICMP error is of a kind that clients are not told of (RFC 8656 §11.5).',
  stopped: 'The server is stopping.',
  'answer-limit': 'Its source has proved nothing and was answered often enough: `turn.answerLimit`.',
  retransmission: 'It repeats a request whose credential is being looked up. The answer to that one is on its way.',
  'engine-error': 'The server made a mistake, and the log has it at level error. Please report it.',
};
