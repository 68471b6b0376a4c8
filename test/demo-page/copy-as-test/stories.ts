import { Tape } from './tape.ts';

const TTL_5 = { kind: 'credential-ttl', ttlSec: 5 };

/** Stories as pages have recorded them, by what they are about. */
export const STORIES: Readonly<Record<string, Tape>> = {
  'registering and leaving': new Tape().registers('alice').did('alice', 'unregister').registers('bob'),

  'access tokens, by one of which there is no relay': new Tape()
    .registers('alice')
    .did('alice', 'token')
    .saw('authentication-refused', 'alice', { cause: 'no-credentials', method: 3 })
    .saw('allocation-created', 'alice')
    .did('alice', 'fault', { request: { kind: 'turn-answer', code: 486, method: 'Allocate' } })
    .did('alice', 'token')
    .saw('fault-fired', undefined, { kind: 'turn-answer', method: 'Allocate' })
    .saw('request-refused', undefined, { cause: 'fault', code: 486, method: 3 }),

  'a wrong password': new Tape()
    .did('alice', 'register')
    .answer('alice', 'REGISTER', 401)
    .saw('authentication-failed', 'alice', { cause: 'wrong-password' })
    .answer('alice', 'REGISTER', 401)
    .registers('alice'),

  'a user who is not there': new Tape()
    .did('mallory', 'register')
    .answer('mallory', 'REGISTER', 401)
    .saw('authentication-failed', 'mallory', { cause: 'unknown-user' })
    .answer('mallory', 'REGISTER', 401),

  'a registration that is refused once': new Tape()
    .did('', 'fault', { request: { kind: 'sip-answer', status: 503, retryAfterSec: 5, method: 'REGISTER', times: 1 } })
    .did('alice', 'register')
    .saw('fault-fired', 'alice', { kind: 'sip-answer', method: 'REGISTER' })
    .answer('alice', 'REGISTER', 503)
    .registers('alice'),

  'a credential that is missing, one that is refused, and one that cannot be read': new Tape()
    .did('alice', 'fault', { request: { kind: 'credential-missing', user: 'alice', times: 1 } })
    .did('alice', 'register')
    .answer('alice', 'REGISTER', 401)
    .saw('registered', 'alice')
    .saw('fault-fired', 'alice', { kind: 'credential-missing' })
    .answer('alice', 'REGISTER', 200, 'none')
    .did('bob', 'fault', { request: { kind: 'credential-error', error: 'quota', retryAfterSec: 9, user: 'bob' } })
    .did('bob', 'register')
    .saw('registered', 'bob')
    .saw('fault-fired', 'bob', { kind: 'credential-error' })
    .answer('bob', 'REGISTER', 200, 'error', 'quota')
    .did('', 'fault', { ended: { kind: 'credential-error', error: 'quota', retryAfterSec: 9, user: 'bob' } })
    .did('bob', 'unregister')
    .did('', 'fault', { request: { kind: 'credential-malformed' } })
    .did('bob', 'register')
    .saw('registered', 'bob')
    .answer('bob', 'REGISTER', 200, 'malformed'),

  'a credential that ends before the call': new Tape()
    .did('alice', 'fault', { request: { ...TTL_5, ttlSec: 1, user: 'alice' } })
    .did('alice', 'register')
    .saw('registered', 'alice')
    .saw('fault-fired', 'alice', { kind: 'credential-ttl' })
    .answer('alice', 'REGISTER', 200, 'given')
    .did('alice', 'call', { callee: 'echo', relayOnly: true })
    .saw('authentication-refused', 'alice', { cause: 'expired', method: 3 })
    .saw('relay-error', 'alice', { code: 401 })
    .did('', 'fault', { ended: 'all' }),

  'a wrong password in the credential, and a fresh one': new Tape()
    .did('', 'fault', { request: { kind: 'credential-wrong-password', times: 1 } })
    .did('alice', 'register')
    .saw('registered', 'alice')
    .saw('fault-fired', 'alice', { kind: 'credential-wrong-password' })
    .answer('alice', 'REGISTER', 200, 'given')
    .did('alice', 'call', { callee: 'echo', relayOnly: true })
    .saw('authentication-refused', 'alice', { cause: 'wrong-key-or-password', method: 3 })
    .did('alice', 'refresh', { moveCall: false })
    .answer('alice', 'OPTIONS', 200, 'given')
    .calls('alice', 'echo', 200)
    .did('alice', 'hang-up'),

  'a relay without room, then with': new Tape()
    .registers('alice')
    .did('alice', 'fault', { request: { kind: 'turn-answer', code: 486, method: 'Allocate', user: 'alice' } })
    .did('alice', 'call', { callee: 'busy', relayOnly: true })
    .saw('fault-fired', 'alice', { kind: 'turn-answer', method: 'Allocate' })
    .saw('request-refused', 'alice', { cause: 'fault', code: 486, method: 3 })
    .saw('relay-error', 'alice', { code: 486 })
    .did('', 'fault', {
      ended: { kind: 'turn-answer', code: 486, method: 'Allocate', user: 'alice', direction: 'whatever' },
    })
    .calls('alice', 'busy', 486),

  'a relay that is silent, then asks for another login': new Tape()
    .registers('alice')
    .did('', 'fault', { request: { kind: 'turn-no-answer' } })
    .did('alice', 'call', { callee: 'echo', relayOnly: true })
    .saw('fault-fired', undefined, { kind: 'turn-no-answer', method: 'Allocate' })
    .saw('relay-error', 'alice', { code: 701 })
    .did('', 'fault', { ended: 'all' })
    .did('', 'fault', { request: { kind: 'turn-answer', code: 401, method: 'Allocate' } })
    .did('alice', 'call', { callee: 'echo', relayOnly: true })
    .saw('authentication-refused', 'alice', { cause: 'fault', method: 3 }),

  'a clock that is wrong': new Tape()
    .did('', 'fault', { request: { kind: 'clock-skew', seconds: 7200, of: 'turn' } })
    .registers('alice')
    .did('alice', 'call', { callee: 'echo', relayOnly: true })
    .saw('fault-fired', 'alice', { kind: 'clock-skew' })
    .saw('authentication-refused', 'alice', { cause: 'expired', method: 3 }),

  'a connection that is cut, and a server that restarts': new Tape()
    .registers('alice')
    .did('alice', 'fault', { request: { kind: 'flow-cut', user: 'alice' } })
    .saw('fault-fired', 'alice', { kind: 'flow-cut' })
    .saw('registered', 'alice')
    .did('', 'fault', { request: { kind: 'server-restart' } })
    .saw('registered', 'alice'),

  'the peers of the lab': new Tape()
    .registers('alice')
    .calls('alice', 'busy', 486)
    .calls('alice', 'decline', 603)
    .calls('alice', 'noanswer', 180)
    .did('alice', 'hang-up')
    .answer('alice', 'INVITE', 487)
    .calls('alice', 'echo', 200)
    .did('', 'fault', { request: { kind: 'relay-loss', ratio: 0.2 } })
    .did('alice', 'hang-up'),

  'a call between two panes that moves to a new credential': new Tape()
    .registers('alice')
    .registers('bob')
    .calls('alice', 'bob', 180, 200)
    .did('bob', 'answer', { relayOnly: true })
    .did('alice', 'refresh', { moveCall: true })
    .answer('alice', 'OPTIONS', 200, 'given')
    .did('bob', 'hang-up')
    .calls('alice', 'bob', 180, 603)
    .did('bob', 'decline'),

  'calls to and from somebody in another window': new Tape()
    .registers('alice')
    .calls('alice', 'sip:bob@lab.example', 180, 200)
    .did('alice', 'hang-up')
    .saw('sip-in', 'alice', { method: 'INVITE', from: 'bob', credential: 'none' })
    .did('alice', 'answer', { relayOnly: true })
    .did('alice', 'hang-up'),

  'an allocation that is ended under a call': new Tape()
    .registers('alice')
    .calls('alice', 'echo', 200)
    .did('', 'fault', { request: { kind: 'allocation-ended' } })
    .saw('fault-fired', 'alice', { kind: 'allocation-ended' })
    .saw('allocation-ended', 'alice', { cause: 'operator' }),
};
