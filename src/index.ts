export { createServer, type Server } from './server/server.ts';
export { type DrainOptions, type DrainProgress } from './server/server-drain.ts';
export {
  type CredentialRevoked,
  type RestartOptions,
  type RevokeUserOptions,
  type ServerAddresses,
  type ServerEvents,
  type ServerFacts,
  type ServerOptions,
  type ServerSnapshot,
  type SharedKeyFacts,
  type UserRevoked,
} from './server/server-types.ts';
export { type Config, type ConfigInput } from './config/schema/tree.ts';
export { type Clock, type Now } from './base/clock.ts';
export { ERROR_CODES, EpcscfTurnError, type ErrorCode } from './base/errors.ts';
export { type Logger, type LogFields } from './base/logger.ts';
export { type Revocation } from './credentials/revocation/revocation.ts';
export { Secret } from './base/secret.ts';
export { type TransportAddress } from './base/transport-address.ts';
export { type TurnListenAddress } from './turn/turn-server-options.ts';
export { type SessionSnapshot, type UserUsage } from './turn/engine/observe/session-snapshot.ts';
export { type TurnEvents } from './turn/engine/observe/turn-events.ts';
export { type CloseFrame } from './edge/flow/close-codes.ts';
export { type EdgeEvents } from './edge/edge-events.ts';
