import { createRandomTexts } from '../../base/random-pool.ts';

/** 72 bits: a flow id also stands in flow tokens, where it must not be guessable. */
export const FLOW_ID_BYTES = 9;

const randomText = createRandomTexts();

/** The id of a hop that flow tokens can lead to: 12 characters that may stand in the user part of a URI. */
export function newFlowId(): string {
  return randomText(FLOW_ID_BYTES);
}
