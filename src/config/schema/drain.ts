import { seconds, section } from './fields.ts';

/** Their sum, and `turn.drainSec`, must fit into what the service manager grants before it kills. */
export const drain = section(
  {
    noticeSec: seconds(
      0,
      3600,
      0,
      'How long WebSockets stay as they are while `/healthz` already says 503 and new ones are refused, so that a load balancer can take notice.',
    ),
    windowSec: seconds(
      0,
      3600,
      10,
      'Over how long they are then closed (1012), so that clients do not come back all at once; a tenth of a second for each is enough for few.',
    ),
    transactionSec: seconds(0, 600, 10, 'How long a client in the middle of a transaction is waited for.'),
    callSec: seconds(0, 86_400, 0, 'How long a client in a call is waited for; calls end neither way.'),
  },
  'What SIGTERM, or `server.drain()`, leaves WebSockets time for.',
);
