import { createRandomPool } from '../../base/random-pool.ts';
import { type SipHeaders } from '../../sip/message.ts';
import { formatParams, type ReadonlyParams, parseParams, quote } from '../../sip/params.ts';

const ICID_BYTES = 16;
const randomBytes = createRandomPool();

/** A new charging identity, for a REGISTER or a request outside dialogs. */
export function newChargingId(): string {
  return randomBytes(ICID_BYTES).toString('hex');
}

/** What the core charges a request, and the dialog that it begins, under; `undefined` if it does not say so, or not so that it can be read. */
export function chargingIdIn(headers: SipHeaders): string | undefined {
  return paramsIn(headers)?.get('icid-value');
}

/** P-Charging-Vector of a request (RFC 7315 §4.6). `origin`: of `chargingOrigin`. */
export function chargingVector(icid: string, origin: string): string {
  return `icid-value=${quote(icid)}${origin}`;
}

/** What stands behind the identity. `network`: that of the sender. `generatedAt`: the host that made the identity, if it is known. */
export function chargingOrigin(network: string, generatedAt?: string): string {
  return `${generated(generatedAt)};orig-ioi=${quote(network)}`;
}

/**
 * P-Charging-Vector of a response: identity and originating network as the request has them, and the network that answers. `icid`: what one to a request
 * that says nothing is charged under.
 */
export function answeringVector(request: SipHeaders, icid: () => string, terminatingNetwork: string): string {
  const params = paramsIn(request);
  const given = params?.get('icid-value');
  const origin = given === undefined ? undefined : params?.get('orig-ioi');
  return [
    `icid-value=${quote(given ?? icid())}`,
    generated(given === undefined ? undefined : params?.get('icid-generated-at')),
    origin === undefined ? '' : `;orig-ioi=${quote(origin)}`,
    `;term-ioi=${quote(terminatingNetwork)}`,
  ].join('');
}

function generated(host: string | undefined): string {
  return host === undefined ? '' : formatParams(new Map([['icid-generated-at', host]]));
}

function paramsIn(headers: SipHeaders): ReadonlyParams | undefined {
  const value = headers.get('P-Charging-Vector');
  const params = value === undefined ? undefined : parseParams(`;${value}`);
  return params?.ok ? params.value : undefined;
}
