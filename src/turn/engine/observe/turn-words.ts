/*
 * Causes that the events of the TURN server name: each closed union with its meaning and, where the client or the operator can do something, what
 * to do next. The answer on the wire is a bare code, so a developer learns the cause here, in an event or on the demo page. The types, the enums of
 * the HTTP interface, the reference page of the events and the words of the page all come from here. Nothing is imported, so that a page can.
 */

/** Why a request did not pass authentication. The answer on the wire says 400, 401 or 438 alone. */
export const AUTHENTICATION_CAUSES = {
  'no-credentials':
    'It came without MESSAGE-INTEGRITY, as the first request of every client does. The 401 carries realm and nonce for the second try.',
  'malformed-integrity':
    'Its MESSAGE-INTEGRITY is not of 20 bytes, or its MESSAGE-INTEGRITY-SHA256 not of 32. Send the whole HMAC: TURN allows no truncated one.',
  'incomplete-credentials':
    'It has MESSAGE-INTEGRITY but lacks USERNAME, REALM or NONCE. Send all three, as the 401 gave them.',
  'unknown-form':
    'Its USERNAME is no credential of this edge: u and t cannot be told apart. Use TURN-Username as it came.',
  'unknown-user': 'Nobody here has that USERNAME. Register first and use the credential of the 200 OK.',
  expired:
    'The time t of the credential has passed. Ask for a fresh one with OPTIONS or a new REGISTER, and restart ICE with it.',
  'not-yet-valid':
    'The time t of the credential lies too far ahead: it was not made by this edge, or the clocks differ. Compare the clocks of edge and TURN server.',
  'malformed-token':
    'Its ACCESS-TOKEN has not the form of RFC 7635 §6.2: a length in it does not fit. Send the token as it was given out, decoded from base64.',
  'unknown-kid':
    'It has an ACCESS-TOKEN, and no key goes by the kid in its USERNAME. Put the kid of the token into USERNAME, and give the server the key (oauth.keys).',
  'forged-token':
    'Its ACCESS-TOKEN was not made with the key of its kid for this server. Compare the key, its algorithm and oauth.serverName with those of the authorization server.',
  'wrong-realm': 'It names another realm than the 401 did. Use the REALM of the challenge as it is.',
  'wrong-key-or-password':
    'The password does not fit this USERNAME: it was copied wrongly, belongs to another credential, or was made with another Km. Take name and password from the same 200 OK, and compare Km of edge and TURN server.',
  'stale-nonce': 'Its nonce is too old. The answer carries a new one; the client repeats the request with it.',
  'foreign-nonce':
    'Its nonce was made for another address, or by a server that has been restarted. The answer carries a new one; the client repeats the request with it.',
  'bid-down':
    'It chose a password algorithm (RFC 8489), but PASSWORD-ALGORITHMS is not as the server sent it, or MESSAGE-INTEGRITY-SHA256 is missing. Look for what changes messages between client and server.',
  'weak-algorithm':
    'It is signed with a key made by MD5, and turn.passwordAlgorithms does not offer MD5. Browsers know no other: add md5 there.',
  revoked:
    'The credential was revoked, by the end of its registration or by the operator. Ask for another by OPTIONS, or register again.',
  unavailable:
    'The server could not check the credential at the moment, and answered 500. Look at what it asks about credentials; the client may try again.',
  'lookup-timeout':
    'What the server asks about credentials did not answer within 5 seconds, so the client got 500. Look at it; the client may try again.',
  'lookup-limit':
    'Too many requests wait for what the server asks about credentials, of this address (64) or in all (4096), so the client got 500. See why it is slow.',
  operator: 'The operator of the server has it refused, whatever the request says. Ask the operator.',
} as const;
export type AuthenticationCause = keyof typeof AUTHENTICATION_CAUSES;

/** Why a request that passed authentication, or needs none, was refused. */
export const REFUSAL_CAUSES = {
  expired:
    'The time t of the credential has passed, so no lifetime is left to give. Ask for a fresh one and restart ICE.',
  'malformed-attribute': 'An attribute cannot be read. Compare its length and padding with RFC 8489 §14.',
  'missing-attribute': 'An attribute that the request needs is missing. Compare it with RFC 8656 §18.',
  'conflicting-attributes':
    'Two attributes exclude each other, such as EVEN-PORT and RESERVATION-TOKEN. Leave one out.',
  'unknown-attribute':
    'It holds a comprehension-required attribute that this server does not know; UNKNOWN-ATTRIBUTES of the answer lists it. Leave it out.',
  'too-many-attributes':
    'It has more than 128 attributes, which no TURN request needs. Leave out what is not of RFC 8656.',
  'no-allocation':
    'There is no allocation on this address and port (any more): it ended, or the client’s address changed. Allocate again: restart ICE.',
  'allocation-exists': 'This address and port has an allocation already. Refresh it, or allocate from another port.',
  'other-user':
    'The allocation was made with the credential of another registration. Use a fresh credential of the same one, or allocate anew: restart ICE.',
  'unsupported-transport': 'Only UDP is relayed here. Ask for REQUESTED-TRANSPORT 17.',
  'unsupported-family':
    'The server has no relay address of that family. Ask for the other family, or configure turn.relay.addresses.',
  'family-mismatch':
    'The peer is IPv4 and the relay IPv6, or the other way round. Allocate a relay of the peer’s family.',
  'tunnelled-client':
    'The client comes through Teredo or 6to4, which RFC 8656 §21.4 forbids. Reach the server without that tunnel.',
  'unknown-reservation': 'That RESERVATION-TOKEN is unknown or has ended. Allocate with EVEN-PORT anew.',
  'user-quota':
    'This user has as many relayed addresses as are allowed (turn.quota.perUser). End calls that are over: an allocation of a closed tab lives on until its lifetime ends.',
  'address-quota':
    'Clients at this address have as many allocations as are allowed (turn.quota.perAddress). End calls that are over, or raise it where many share one address.',
  'total-quota':
    'The server has as many relayed addresses as are allowed (turn.quota.total). Wait, or raise the quota.',
  redirected: 'This server sends new allocations to another one: ALTERNATE-SERVER of the 300 names it.',
  draining: 'This server is being drained: what exists goes on, nothing new begins. Try another server.',
  'no-free-port': 'No relay port is free. Widen turn.relay.ports, or wait until others end.',
  'relay-unavailable':
    'The relay socket could not be opened. See the log of the server, and whether turn.relay.addresses are addresses of its machine.',
  'peer-denied': 'The peer is out of bounds for this relay. The event peer-denied beside it says why.',
  'permission-limit': 'The allocation has as many permissions as are allowed. Raise turn.allocation.permissions.',
  'channel-out-of-range': 'Channel numbers go from 0x4000 to 0x4FFF (RFC 8656 §12). Choose one of those.',
  'channel-bound-to-other-peer': 'That channel is bound to another peer. Choose another number, or wait until it ends.',
  'peer-bound-to-other-channel': 'That peer has another channel already. Use that one.',
  'channel-limit': 'The allocation has as many channels as are allowed. Raise turn.allocation.channels.',
  'wrong-relay-protocol':
    'Channels are for allocations that relay UDP, Connect for those that relay TCP. Allocate with the REQUESTED-TRANSPORT you need.',
  'connection-exists':
    'The allocation has a TCP connection with this peer, or is making one. Use that, or wait until it has ended.',
  'connection-limit': 'There are as many TCP connections with peers as are allowed. Raise the limits in turn.tcpRelay.',
  'connect-failed':
    'The peer did not take the TCP connection. See that it listens there and lets the relayed address in.',
  'connect-timeout':
    'The peer did not answer the TCP connection in time (turn.tcpRelay.connectTimeoutSec). A firewall before it may drop what the relay sends.',
  'unknown-connection':
    'No TCP connection waits under this CONNECTION-ID: it was bound before, has ended, or 30 seconds are over. Connect again.',
  'clear-connection':
    'It came by TCP, and the allocation was made by TLS. Open the data connection by TLS too, to the same address and port (RFC 6062 §4.4).',
  'mobility-forbidden':
    'Allocations do not move on this server (turn.mobility), and one that relays TCP moves on none. Allocate anew from the new address.',
  'unknown-ticket': 'The MOBILITY-TICKET was used before, or is of another server. Use the newest, or allocate anew.',
  'client-did-not-move': 'A MOBILITY-TICKET was shown where the client is already. Refresh without it.',
  operator: 'The operator of the server has it refused, whatever the request says. Ask the operator.',
} as const;
export type RefusalCause = keyof typeof REFUSAL_CAUSES;

/** Why a peer is out of bounds. */
export const PEER_DENIALS = {
  'not-an-address': 'It is no IP address. Send XOR-PEER-ADDRESS as RFC 8656 §18.3 says.',
  'own-listener': 'It is this TURN server itself, which never relays to itself. Use the candidate of the other client.',
  'own-address':
    'It is an address of the machine on which the TURN server runs, where only relayed addresses are peers. Use the relayed candidate of the other client, or list this one address in turn.peers.allow.',
  core: 'It is where the SIP core of this edge is, which takes what comes from this machine for the edge’s. Media on the same address: list that one address in turn.peers.allow.',
  'not-a-live-relay':
    'It is an address of this relay, but no allocation lives at that port. The other side’s allocation has ended or not begun: let both sides gather anew.',
  'port-zero': 'Port 0 is nobody’s. Use the port of the candidate.',
  'ipv4-in-ipv6': 'An IPv4 address inside an IPv6 one is never a peer. Ask for an IPv4 relay instead.',
  'not-unicast': 'It is no address of a single host, such as multicast. Use the candidate of the other client.',
  'deny-list': 'It is on the list turn.peers.deny. Take it off, or let the other side use a relay candidate.',
  metadata: 'It is the metadata service of a cloud, which a relay must not reach. No client needs it.',
  private:
    'It is a private or loopback address, which a relay does not reach unless asked to. Let both sides use relay candidates, or for tests set turn.peers.allowPrivate.',
  'special-purpose':
    'It is set aside for another purpose (IANA special-purpose registry). Let both sides use relay candidates, or list it in turn.peers.allow.',
} as const;
export type PeerDenial = keyof typeof PEER_DENIALS;

/** How an allocation ended. */
export const ALLOCATION_END_CAUSES = {
  expired:
    'Its lifetime ran out: no Refresh came, or the credential ended and none may outlive it. Get a fresh credential before the end, and restart ICE with it.',
  'deleted-by-client': 'The client deleted it (Refresh with lifetime 0).',
  'client-closed': 'The TCP or TLS connection of the client closed.',
  operator: 'The operator ended it. Restart ICE to get another.',
  revoked:
    'The credential that it was made with was revoked, by the end of its registration or by the operator. Ask for another by OPTIONS, or register again, and restart ICE with it.',
  stopped: 'The server stopped.',
} as const;
export type AllocationEndCause = keyof typeof ALLOCATION_END_CAUSES;

/** Why one of two relayed transport addresses ended before its allocation. */
export const RELAY_END_CAUSES = {
  expired: 'Its lifetime ran out.',
  'deleted-by-client': 'The client deleted it.',
} as const;
export type RelayEndCause = keyof typeof RELAY_END_CAUSES;
