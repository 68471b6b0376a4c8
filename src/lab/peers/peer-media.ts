/** What speaks for a peer in a call. */
export interface PeerMedia {
  /** The SDP answer, complete with candidates, to the first offer and to each that follows. Rejects for an offer it can do nothing with. */
  answer(offer: string): Promise<string>;
  /** Ends it. What happens in it afterwards is not reported. */
  close(): void;
}

/** Where media of calls comes from. */
export interface PeerMediaSource {
  /** `lost` is called once when media has failed for good. Resolves with `undefined` where WebRTC is not installed. */
  open(lost: () => void): Promise<PeerMedia | undefined>;
  /** No call is left; may be opened again. */
  close(): void;
}
