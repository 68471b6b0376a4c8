import { type ConcurrencyLimit } from '../../http/concurrency-limit.ts';
import { routesOf } from '../../http/route.ts';
import { type LabEventLog } from '../lab-event-log.ts';
import { type Lab } from '../lab.ts';
import { LAB_SCHEMAS } from './answer-schemas.ts';

/** What the routes work on. */
export interface ControlRoom {
  readonly lab: Lab;
  readonly log: LabEventLog;
  readonly version: string;
  /** Path of the routes on the server. */
  readonly path: string;
  readonly streams: ConcurrencyLimit;
  readonly waits: ConcurrencyLimit;
  readonly stream: { readonly keepaliveMs: number; readonly stallMs: number };
}

/** Makes a route of the lab. */
export const route = routesOf<ControlRoom, typeof LAB_SCHEMAS>(LAB_SCHEMAS);
