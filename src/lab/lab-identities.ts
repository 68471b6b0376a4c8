import { BoundedMap } from '../base/bounded-map.ts';
import { type OwnText, ownText } from '../base/own-text.ts';
import { splitUsername, type SharedKeyProfile } from '../credentials/shared-key/profile.ts';
import { type ServerEvents } from '../server/server-types.ts';

/** How many names, and how many flows, are remembered. */
const REMEMBERED = 10_000;

type AnyEvent = Partial<
  Readonly<Record<'user' | 'username' | 'name' | 'aor' | 'impi' | 'flowId' | 'registrationId', string>> &
    Pick<ServerEvents['flow-closed'], 'code'>
>;

/** Which lab user is behind a pseudonymous TURN name, an address-of-record or a WebSocket. */
export class LabIdentities {
  readonly #profile: SharedKeyProfile;
  readonly #userByTurnName = new BoundedMap<OwnText>(REMEMBERED);
  readonly #userByFlow = new BoundedMap<OwnText>(REMEMBERED);
  readonly #userByRegistration = new BoundedMap<OwnText>(REMEMBERED);

  constructor(profile: SharedKeyProfile) {
    this.#profile = profile;
  }

  noteTurnName(turnName: string, user: string): void {
    this.#userByTurnName.set(turnName, ownText(user));
  }

  userOfTurnName(turnName: string): string | undefined {
    return this.#userByTurnName.get(turnName);
  }

  /** The remembered TURN names of a user, or of all users. */
  turnNamesOf(user: string | undefined): string[] {
    const named = [...this.#userByTurnName.entries()].filter(({ value }) => user === undefined || value === user);
    return named.map(({ key }) => key);
  }

  userOfFlow(flowId: string): string | undefined {
    return this.#userByFlow.get(flowId);
  }

  userOfRegistration(registrationId: string): string | undefined {
    return this.#userByRegistration.get(registrationId);
  }

  userOfUsername(username: string): string | undefined {
    return this.#userByTurnName.get(this.#turnNameOf(username) ?? username);
  }

  /** A delivered credential has no t in its USERNAME (approach 2), so that only one that is known is a name. */
  #turnNameOf(username: string): string | undefined {
    const named = splitUsername(this.#profile, username)?.name;
    return named ?? (this.#userByTurnName.get(username) === undefined ? undefined : username);
  }

  /** Learns names from an event, and returns the user whom the event concerns. */
  identify(event: object): { user: string | undefined; turnName: string | undefined } {
    const { user, username, name, aor, impi, flowId, registrationId }: AnyEvent = event;
    const turnName = user ?? name ?? (username === undefined ? undefined : this.#turnNameOf(username));
    const registered =
      (aor === undefined ? undefined : userOfAor(aor)) ??
      (impi === undefined ? undefined : userOfImpi(impi)) ??
      (registrationId === undefined ? undefined : this.#userByRegistration.get(registrationId));
    if (registered !== undefined && flowId !== undefined) this.#userByFlow.set(flowId, ownText(registered));
    if (registered !== undefined && registrationId !== undefined) {
      this.#userByRegistration.set(registrationId, ownText(registered));
    }
    if (registered !== undefined && turnName !== undefined) this.noteTurnName(turnName, registered);
    const ofFlow = flowId === undefined ? undefined : this.#userByFlow.get(flowId);
    const ofTurnName = turnName === undefined ? undefined : this.#userByTurnName.get(turnName);
    return { user: registered ?? ofTurnName ?? ofFlow, turnName };
  }
}

/** `alice@localhost` → `alice` */
function userOfImpi(impi: string): string {
  const at = impi.lastIndexOf('@');
  return at === -1 ? impi : impi.slice(0, at);
}

/** `sip:alice@localhost` → `alice` */
export function userOfAor(aor: string): string {
  return aor.slice('sip:'.length, aor.lastIndexOf('@'));
}

/** Whom a web server asks for: `alice@localhost` → `alice`. `undefined` for a client that says no more than a text of its own. */
export function userOfPerson(person: string): string | undefined {
  const at = person.lastIndexOf('@');
  return at > 0 ? person.slice(0, at) : undefined;
}
