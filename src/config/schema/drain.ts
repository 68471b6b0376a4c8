import { seconds, section } from './fields.ts';

/** Their sum, and `turn.drainSec`, must fit into what the service manager grants before it kills. */
export const drain = section(
  {
    noticeSec: seconds(
      0,
      3600,
      0,
      'Seconds for which WebSockets stay open while `/healthz` answers 503 and new WebSockets are refused, so that a load balancer can react.',
    ),
    windowSec: seconds(
      0,
      3600,
      10,
      'Seconds over which WebSockets are then closed (1012), so that clients do not come back all at once. With few clients, 0.1 s per client is used instead.',
    ),
    transactionSec: seconds(
      0,
      600,
      10,
      'Seconds for which a client in the middle of a transaction keeps its WebSocket.',
    ),
    callSec: seconds(
      0,
      86_400,
      0,
      'Seconds for which a client in a call keeps its WebSocket. A call does not end when its WebSocket closes.',
    ),
  },
  'How long SIGTERM and `server.drain()` leave WebSockets open.',
);
