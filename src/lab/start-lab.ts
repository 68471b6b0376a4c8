import { parseConfig } from '../config/load.ts';
import { certificateNames } from '../config/secrets.ts';
import { type ConfigInput } from '../config/schema/tree.ts';
import { systemClock } from '../base/clock.ts';
import { silentLogger, type Logger } from '../base/logger.ts';
import { createLab } from './create-lab.ts';
import { createLabState } from './lab-authority.ts';
import { labConfig } from './lab-config.ts';
import { labPasswords, type LabUserRequest } from './lab-users.ts';
import { type Lab } from './lab.ts';

export { type FaultKind, type FaultRequest, type FaultSpec } from './faults/fault.ts';
export { type Fault, type FaultDetail, type FaultEndCause, type FaultStatus } from './faults/active-fault.ts';
export { type Faults } from './faults/fault-registry.ts';
export { type Lab, type LabSnapshot } from './lab.ts';
export { type IssuedCredential, type LabCredential } from './lab-credentials.ts';
export { type LabWebToken } from './lab-tokens.ts';
export { type MintOptions, type TokenOptions } from './token-options.ts';
export { type LabEvent, type LabEventName } from './lab-events.ts';
export { type WaitOptions } from './lab-event-log.ts';
export { type LabUser, type LabUserRequest } from './lab-users.ts';
export { type AllocateCredential, type AllocateOutcome } from './try-allocate.ts';
export { type LabWebSocket } from './trusting-web-socket.ts';
export { LabWaitError } from './lab-wait-error.ts';

export interface LabOptions<Name extends string> {
  /** Users that can register, with generated passwords unless given; alice and bob when absent. */
  readonly users?: readonly LabUserRequest<Name>[];
  /**
   * What differs from a lab on loopback with ports of the system's choice; mappings are merged, lists replaced. With `stateDir`, that
   * folder keeps keys and certificate; without, nothing touches the disk.
   */
  readonly config?: ConfigInput;
  /**
   * True: users can sign in by web tokens (`lab.webToken`) and guests without an account, as a WAF and a WWSF run in the lab, and the TURN server takes access
   * tokens (`lab.mintToken`). False when absent: what `config` says.
   */
  readonly tokens?: boolean;
  /** Silent when absent. */
  readonly logger?: Logger;
}

const DEFAULT_USERS = ['alice', 'bob'] as const;

/**
 * Starts edge and TURN server for a test. As many as you like run at once. Throws as `createServer` and `Server.start` do, and
 * ERR_INVALID_ARGUMENT for users that come twice.
 *
 * @example
 * await using lab = await startLab({ users: ['alice', 'bob'] });
 * connect(lab.webSocket, lab.users.alice.password);
 * await lab.waitFor('registered', ({ user }) => user === 'alice');
 */
export async function startLab<const Name extends string = (typeof DEFAULT_USERS)[number]>(
  options: LabOptions<Name> = {},
): Promise<Lab<Name>> {
  const { users = DEFAULT_USERS as readonly string[] as readonly Name[], logger = silentLogger } = options;
  const { config = {}, tokens = false } = options;
  const passwords = labPasswords(users);
  const complete = parseConfig(labConfig(config, passwords, { tokens }));
  const keeps = complete.stateDir !== undefined;
  const lab = await createLab(complete, {
    logger,
    showUsers: true,
    ...(!keeps && { state: await createLabState(certificateNames(complete), systemClock.now().unixMs) }),
  });
  await lab.server.start();
  return lab as Lab<Name>;
}
