import { randomBytes } from 'node:crypto';
import { type Now } from '../../base/clock.ts';
import { mapOutcome, type Outcome } from '../../base/outcome.ts';
import { fail, ok, type Result } from '../../base/result.ts';
import { Secret } from '../../base/secret.ts';
import {
  type AccessTokenCredential,
  type AccessTokenIssuer,
  type CredentialIssuer,
  type CredentialVerifier,
  type IssueRequest,
  type KnownUser,
  type LookupFailure,
  type TurnCredential,
} from '../../credentials/credential.ts';
import { type IssueFailure } from '../../base/issue-failure.ts';
import { type SipHeaders, type SipResponse } from '../../sip/message.ts';
import { stripCredentialHeaders } from '../../sip/turn-credential.ts';
import { type IssuerSide } from '../../server/server-wrap.ts';
import { type LabCredentials, turnNameOf } from '../lab-credentials.ts';
import { type LabIdentities, userOfPerson } from '../lab-identities.ts';
import { type FaultTarget } from './active-fault.ts';
import { type FaultSpec } from './fault.ts';
import { type FaultRegistry } from './fault-registry.ts';
import { rewriteHeader } from './rewrite-header.ts';

export interface CredentialFaultsContext {
  readonly faults: FaultRegistry;
  readonly identities: LabIdentities;
  readonly credentials: Pick<LabCredentials, 'noteHandedOut' | 'noteIssued'>;
}

type AnyCredential = TurnCredential | AccessTokenCredential;

/** What an issuer of either kind does. */
interface Issuer<Credential> {
  issue(request: IssueRequest, now: Now): Outcome<Result<Credential, IssueFailure>>;
  release: CredentialIssuer['release'];
}

const COMBINED = ['TURN-Cred-Rsp', 'TURN-Cred-Rsp-Hdr'];
/** Bytes of a wrong password or session key: as many as an HMAC-SHA1 has, so that it looks like any other. */
const PASSWORD_BYTES = 20;

/** Credentials that are none, or not what they should be, and clocks that disagree about them. */
export class CredentialFaults {
  readonly #context: CredentialFaultsContext;
  /** What is still to be done to the response that carries what was issued just now: it is written in the same turn. */
  #pending: { readonly user: string | undefined; readonly edit: (headers: SipHeaders) => void } | undefined;

  constructor(context: CredentialFaultsContext) {
    this.#context = context;
  }

  wrapIssuer(issuer: CredentialIssuer, side: IssuerSide): CredentialIssuer {
    return this.#wrap(issuer, side, (credential) => ({ ...credential, password: randomSecret() }));
  }

  /** A token and its session key are what name and password are elsewhere. */
  wrapTokenIssuer(issuer: AccessTokenIssuer, side: IssuerSide): AccessTokenIssuer {
    return this.#wrap(issuer, side, (credential) => ({ ...credential, key: randomSecret() }));
  }

  /** A verifier whose clock is wrong without its knowledge: the end of a credential that it tells is in the right time. */
  wrapVerifier(verifier: CredentialVerifier): CredentialVerifier {
    const { identities } = this.#context;
    const lookupHash = verifier.lookupHash?.bind(verifier);
    return {
      ...verifier,
      lookup: (request, now) => {
        const target = { user: identities.userOfUsername(request.username) };
        const found = this.#skewed(target, now, (at) => verifier.lookup(request, at));
        return this.#unusable(found, request.accessToken !== undefined);
      },
      // Whose hash it is shows only when it is found, so a fault that is aimed at one user does not meet it.
      ...(lookupHash && {
        lookupHash: (request, now) =>
          this.#unusable(this.#skewed({ user: undefined }, now, (at) => lookupHash(request, at))),
      }),
    };
  }

  /** Changes the credential fields of a response on its way to a WIC. */
  response({ headers }: SipResponse, target: FaultTarget): void {
    const carries = COMBINED.some((name) => headers.has(name)) || headers.has('TURN-Username');
    if (!carries) return;
    if (this.#pending?.user === target.user) {
      this.#pending?.edit(headers);
      this.#pending = undefined;
    }
    if (isRefusal(headers)) return;
    const fault = this.#context.faults.take(['credential-missing', 'credential-malformed'], target);
    if (fault?.spec.kind === 'credential-missing') stripCredentialHeaders(headers);
    if (fault?.spec.kind === 'credential-malformed') malform(headers);
  }

  /** Whose credential it is shows when it is found. */
  #unusable<User extends KnownUser>(
    outcome: Outcome<Result<User, LookupFailure>>,
    isToken = false,
  ): Outcome<Result<User, LookupFailure>> {
    const { faults, identities } = this.#context;
    return mapOutcome(outcome, (found) => {
      if (!found.ok) return found;
      const target = { user: identities.userOfTurnName(found.value.user) };
      const fault =
        faults.take(['credential-unusable'], target) ??
        (isToken ? faults.take(['access-token-refused'], target) : undefined);
      return fault ? fail(fault.spec.cause) : found;
    });
  }

  #skewed<User extends KnownUser>(
    target: FaultTarget,
    now: Now,
    lookup: (now: Now) => Outcome<Result<User, LookupFailure>>,
  ): Outcome<Result<User, LookupFailure>> {
    const skew = this.#context.faults.find(['clock-skew'], target, ({ of }) => of === 'turn');
    if (!skew) return lookup(now);
    skew.fire(target);
    const { seconds } = skew.spec;
    return mapOutcome(lookup(shifted(now, seconds)), (found) => {
      if (!found.ok || found.value.expiresAtSec === undefined) return found;
      return ok({ ...found.value, expiresAtSec: found.value.expiresAtSec - seconds });
    });
  }

  #wrap<Credential extends AnyCredential>(
    issuer: Issuer<Credential>,
    side: IssuerSide,
    spoil: (credential: Credential) => Credential,
  ): Issuer<Credential> {
    const { identities } = this.#context;
    return {
      issue: (request, now) => {
        const user =
          side === 'edge' ? identities.userOfRegistration(request.registrationId) : userOfPerson(request.person);
        return mapOutcome(this.#issue(issuer, request, now, { user }, spoil), (issued) => {
          if (issued.ok && side === 'web' && user !== undefined) this.#noteAskedByHttp(user, issued.value);
          return issued;
        });
      },
      release: (registrationId, how) => {
        issuer.release(registrationId, how);
      },
    };
  }

  /** No event tells of it. */
  #noteAskedByHttp(user: string, credential: AnyCredential): void {
    const { identities, credentials } = this.#context;
    const turnName = turnNameOf(credential);
    identities.noteTurnName(turnName, user);
    credentials.noteIssued({ user, turnName, expiresAtSec: credential.expiresAtSec, via: 'GET' });
  }

  #issue<Credential extends AnyCredential>(
    issuer: Issuer<Credential>,
    request: IssueRequest,
    now: Now,
    target: FaultTarget,
    spoil: (credential: Credential) => Credential,
  ): Outcome<Result<Credential, IssueFailure>> {
    const { faults } = this.#context;
    const refusal = faults.take(['credential-error'], target);
    if (refusal) {
      this.#pending = undefined;
      return this.#refuse(refusal.spec, target);
    }
    const skew = faults.find(['clock-skew'], target, ({ of }) => of === 'edge');
    skew?.fire(target);
    const edgeNow = shifted(now, skew?.spec.seconds ?? 0);
    return mapOutcome(issuer.issue(this.#shortened(request, target, edgeNow), edgeNow), (issued) => {
      this.#pending = undefined;
      if (!issued.ok) return issued;
      const isSpoilt = faults.take(['credential-wrong-password'], target) !== undefined;
      const credential = isSpoilt ? spoil(issued.value) : issued.value;
      this.#context.credentials.noteHandedOut(credential);
      if (skew) {
        // The time left is what the edge believes it to be; only the absolute end shows that its clock is wrong.
        const ttlSec = credential.expiresAtSec - Math.floor(edgeNow.unixMs / 1000);
        const edit = (headers: SipHeaders): void => {
          rewriteCombined(headers, (value) => value.replace(/;ttl=\d+/, `;ttl=${ttlSec}`));
        };
        this.#pending = { user: target.user, edit };
      }
      return ok(credential);
    });
  }

  #shortened(request: IssueRequest, target: FaultTarget, { unixMs }: Now): IssueRequest {
    const short = this.#context.faults.take(['credential-ttl'], target);
    if (!short) return request;
    const endSec = Math.floor(unixMs / 1000) + short.spec.ttlSec;
    return { ...request, notAfterSec: Math.min(endSec, request.notAfterSec ?? Infinity) };
  }

  #refuse({ error, retryAfterSec }: FaultSpec<'credential-error'>, { user }: FaultTarget) {
    if (retryAfterSec !== undefined) {
      const edit = (headers: SipHeaders): void => {
        rewriteCombined(headers, () => `error=${error};retry-after=${retryAfterSec}`);
        // A 503 to OPTIONS says it here, too.
        if (headers.has('Retry-After')) headers.set('Retry-After', String(retryAfterSec));
      };
      this.#pending = { user, edit };
    }
    return fail(error);
  }
}

function randomSecret(): Secret {
  return new Secret(randomBytes(PASSWORD_BYTES).toString('base64'));
}

function rewriteCombined(headers: SipHeaders, rewrite: (value: string) => string): void {
  for (const name of COMBINED) rewriteHeader(headers, name, rewrite);
}

function shifted({ monotonicMs, unixMs }: Now, seconds: number): Now {
  return { monotonicMs, unixMs: unixMs + seconds * 1000 };
}

function isRefusal(headers: SipHeaders): boolean {
  return COMBINED.some((name) => headers.getAll(name).some((value) => value.startsWith('error=')));
}

/** Cut off within the password, as by a middlebox that knows a longest line; and an end that is no number. */
function malform(headers: SipHeaders): void {
  rewriteCombined(headers, (value) => value.replace(/(;pwd="[^"]{1,4}).*/, '$1'));
  if (headers.has('TURN-Lifetime')) headers.set('TURN-Lifetime', 'soon');
}
