import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const LOAD = fileURLToPath(new URL('load-call-node.mjs', import.meta.url));
const WINDOW = 10;

/** Calls one after the other between pairs of registered clients, some at a time. */
export async function callLoad({ host, port, pid }, { pairs, seconds }) {
  const options = { host, port, pid, pairs, seconds, window: WINDOW };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const { stdout } = await promisify(execFile)(process.execPath, [LOAD, ...args]);
  const result = JSON.parse(stdout.trim().split('\n').at(-1));
  const failed = Object.entries(result.errors).map(([what, count]) => `${count} × ${what}`);
  if (failed.length > 0) throw new Error(`the calls on port ${port} met errors: ${failed.join(', ')}`);
  return result;
}
