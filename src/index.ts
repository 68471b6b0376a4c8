export { createServer } from './server.ts';
export {
  type DrainOptions,
  type DrainProgress,
  type RestartOptions,
  type Server,
  type ServerAddresses,
  type ServerEvents,
  type ServerFacts,
  type ServerOptions,
  type ServerSnapshot,
  type SharedKeyFacts,
} from './server.ts';
export { type Config, type ConfigInput } from './config/schema/tree.ts';
export { type Clock, type Now } from './core/clock.ts';
export { ERROR_CODES, EpcscfTurnError, type ErrorCode } from './core/errors.ts';
export { type Logger, type LogFields } from './core/logger.ts';
export { Secret } from './core/secret.ts';
export { type TransportAddress } from './core/transport-address.ts';
export { type TurnListenAddress } from './turn/turn-server-options.ts';
export { type SessionSnapshot, type UserUsage } from './turn/engine/session-snapshot.ts';
export { type TurnEvents } from './turn/engine/turn-events.ts';
export { type CloseFrame } from './edge/flow/close-codes.ts';
export { type EdgeEvents } from './edge/edge-events.ts';
