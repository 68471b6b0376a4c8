export interface ConnectionReport {
  readonly localType: string;
  readonly remoteType: string;
  readonly localAddress: string;
  readonly remoteAddress: string;
  /** How this side reaches its relay; absent without one. */
  readonly relayProtocol: string | undefined;
  readonly packetsReceived: number;
  readonly bytesReceived: number;
}

interface CandidateStats extends RTCStats {
  readonly candidateType?: string;
  readonly address?: string | null;
  readonly port?: number;
  readonly relayProtocol?: string;
}

/** The candidate pair in use and what has come in; `undefined` until ICE has chosen a pair. */
export async function reportConnection(connection: RTCPeerConnection): Promise<ConnectionReport | undefined> {
  const stats = await connection.getStats();
  let pair: RTCIceCandidatePairStats | undefined;
  let packetsReceived = 0;
  let bytesReceived = 0;
  stats.forEach((entry: RTCStats) => {
    if (entry.type === 'transport') {
      const { selectedCandidatePairId } = entry as RTCTransportStats;
      if (selectedCandidatePairId) pair = stats.get(selectedCandidatePairId) as RTCIceCandidatePairStats | undefined;
    } else if (entry.type === 'inbound-rtp') {
      const { packetsReceived: packets = 0, bytesReceived: bytes = 0 } = entry as RTCInboundRtpStreamStats;
      packetsReceived += packets;
      bytesReceived += bytes;
    }
  });
  if (!pair) return undefined;
  const local = stats.get(pair.localCandidateId) as CandidateStats | undefined;
  const remote = stats.get(pair.remoteCandidateId) as CandidateStats | undefined;
  return {
    localType: local?.candidateType ?? 'unknown',
    remoteType: remote?.candidateType ?? 'unknown',
    localAddress: addressOf(local),
    remoteAddress: addressOf(remote),
    relayProtocol: local?.relayProtocol,
    packetsReceived,
    bytesReceived,
  };
}

function addressOf(candidate: CandidateStats | undefined): string {
  if (!candidate?.address) return 'hidden address';
  const { address, port = 0 } = candidate;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
