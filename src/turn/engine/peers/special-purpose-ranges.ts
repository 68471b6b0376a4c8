/**
 * What the policy may do with a special-purpose range.
 * `not-unicast` and `ipv4-in-ipv6` are never a peer, whatever the lists say · `metadata` needs an allow entry for that one address ·
 * `private` opens with `allowPrivate` or an allow entry · `special-purpose` opens with an allow entry.
 */
export type SpecialPurpose = 'not-unicast' | 'ipv4-in-ipv6' | 'metadata' | 'private' | 'special-purpose';

/**
 * IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890), with the blocks that are special elsewhere (multicast, site-local)
 * and the well-known metadata services of clouds. A relay that reaches these reaches its operator's own network (RFC 8656 §21.1.4).
 * The first row that holds an address decides.
 */
export const SPECIAL_PURPOSE_RANGES: readonly (readonly [range: string, purpose: SpecialPurpose, name: string])[] = [
  ['169.254.169.254', 'metadata', 'metadata service'],
  ['100.100.100.200', 'metadata', 'metadata service (Alibaba Cloud)'],
  ['192.0.0.192', 'metadata', 'metadata service (Oracle Cloud)'],
  ['168.63.129.16', 'metadata', 'WireServer (Azure)'],
  ['169.254.0.23', 'metadata', 'metadata service (Tencent Cloud)'],
  ['169.254.42.42', 'metadata', 'metadata service (Scaleway)'],
  ['169.254.170.2', 'metadata', 'credentials of tasks (ECS)'],
  ['169.254.170.23', 'metadata', 'credentials of pods (EKS)'],
  ['fd00:42::42', 'metadata', 'metadata service (Scaleway)'],
  ['fd00:c1::a9fe:a9fe', 'metadata', 'metadata service (Oracle Cloud)'],
  ['fd00:ec2::23', 'metadata', 'credentials of pods (EKS)'],
  ['fd00:ec2::254', 'metadata', 'metadata service (EC2)'],
  ['fd20:ce::254', 'metadata', 'metadata service (Google Cloud)'],
  ['fe80::a9fe:a9fe', 'metadata', 'metadata service (OpenStack)'],

  ['0.0.0.0/8', 'not-unicast', 'this network'],
  ['10.0.0.0/8', 'private', 'private use'],
  ['100.64.0.0/10', 'private', 'shared address space'],
  ['127.0.0.0/8', 'private', 'loopback'],
  ['169.254.0.0/16', 'special-purpose', 'link-local'],
  ['172.16.0.0/12', 'private', 'private use'],
  ['192.0.0.0/24', 'special-purpose', 'IETF protocol assignments'],
  ['192.0.2.0/24', 'special-purpose', 'documentation'],
  ['192.31.196.0/24', 'special-purpose', 'AS112'],
  ['192.52.193.0/24', 'special-purpose', 'AMT'],
  ['192.88.99.0/24', 'special-purpose', '6to4 relay anycast'],
  ['192.168.0.0/16', 'private', 'private use'],
  ['192.175.48.0/24', 'special-purpose', 'AS112'],
  ['198.18.0.0/15', 'special-purpose', 'benchmarking'],
  ['198.51.100.0/24', 'special-purpose', 'documentation'],
  ['203.0.113.0/24', 'special-purpose', 'documentation'],
  ['224.0.0.0/4', 'not-unicast', 'multicast'],
  ['255.255.255.255', 'not-unicast', 'limited broadcast'],
  ['240.0.0.0/4', 'special-purpose', 'reserved'],

  ['::', 'not-unicast', 'unspecified'],
  ['::1', 'private', 'loopback'],
  ['::/96', 'ipv4-in-ipv6', 'IPv4-compatible'],
  ['::ffff:0:0/96', 'ipv4-in-ipv6', 'IPv4-mapped'],
  ['::ffff:0:0:0/96', 'ipv4-in-ipv6', 'IPv4-translated'],
  ['64:ff9b::/96', 'ipv4-in-ipv6', 'NAT64'],
  ['64:ff9b:1::/48', 'ipv4-in-ipv6', 'local-use NAT64'],
  ['100::/64', 'special-purpose', 'discard-only'],
  ['100:0:0:1::/64', 'special-purpose', 'dummy prefix'],
  ['2001::/32', 'ipv4-in-ipv6', 'Teredo'],
  ['2001::/23', 'special-purpose', 'IETF protocol assignments (ORCHID, benchmarking, DRIP and others)'],
  ['2001:db8::/32', 'special-purpose', 'documentation'],
  ['2002::/16', 'ipv4-in-ipv6', '6to4'],
  ['2620:4f:8000::/48', 'special-purpose', 'AS112'],
  ['3fff::/20', 'special-purpose', 'documentation'],
  ['5f00::/16', 'special-purpose', 'segment routing'],
  ['fc00::/7', 'private', 'unique local'],
  ['fe80::/10', 'special-purpose', 'link-local'],
  ['fec0::/10', 'special-purpose', 'site-local'],
  ['ff00::/8', 'not-unicast', 'multicast'],
  // Global unicast is 2000::/3 (RFC 4291 §2.4): what lies outside and has no row of its own is unassigned.
  ['::/3', 'special-purpose', 'unassigned'],
  ['4000::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'special-purpose', 'unassigned'],
];
