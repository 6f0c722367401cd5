/**
 * What is explored: small worlds, each around one question, so that few deviations reach everything
 * in them.
 */
import type { DataAnswer, Deed, EvidenceAnswer, ResponseFault, Scenario } from './scenario.ts'

const clocks: readonly Deed[] = ['an hour', 'ahead', 'beyond', 'back', 'kept back']
const everyDeed: readonly Deed[] = ['abort', 'close', 'reattest', 'cancel', 'timer', ...clocks]
const everyEvidence: readonly EvidenceAnswer[] = [
  'other build',
  'other root',
  'other key',
  'old',
  'previous',
  'no answer',
  'fails',
  '422',
  '500',
  'redirect',
  'garbage',
  'cut',
  'breaks',
  'stalls',
]
const everyAnswer: readonly DataAnswer[] = [
  '422',
  '422 later',
  'date',
  '500',
  'redirect',
  'plain',
  'garbage',
  'empty',
  'no answer',
  'fails',
  'fails later',
  'swapped',
  'replayed',
  'twice',
]
const everyFault: readonly ResponseFault[] = [
  'cut',
  'cut inside',
  'breaks',
  'flipped',
  'repeated',
  'skipped',
  'stalls',
  'spliced',
  'longer',
]

const get = { method: 'GET', body: 'none' } as const
const post = { method: 'POST', body: 'text' } as const
const put = { method: 'PUT', body: 'text' } as const
const stream = { method: 'POST', body: 'stream' } as const
const head = { method: 'HEAD', body: 'none' } as const

const everything = { deeds: everyDeed, evidence: everyEvidence, data: everyAnswer, response: everyFault } as const
const nothing = { deeds: [], evidence: [], data: [], response: [] } as const

/** With the number of deviations up to which every schedule is run. */
export interface Exhausted extends Scenario {
  readonly bound: number
}

/** One request, and everything that can happen to it. */
export const requests: readonly Exhausted[] = [
  {
    name: 'one request',
    bound: 2,
    plans: [post],
    isTogether: true,
    ...everything,
    reaches: [
      'read',
      'aborted',
      'client-closed',
      'client-timeout',
      'client-transport',
      'client-evidence',
      'client-expired',
      'client-key-rotated',
      'client-response',
      'policy-pcr',
      'policy-nonce',
      'root-mismatch',
      'cose-signature',
      'clock-suspect',
      'ohttp-open',
      'ohttp-incomplete',
    ],
  },
  { name: 'a GET', bound: 1, plans: [get], isTogether: true, ...everything, reaches: ['read', 'client-repeated'] },
  { name: 'a PUT', bound: 1, plans: [put], isTogether: true, ...everything, reaches: ['read', 'client-key-rotated'] },
  { name: 'a HEAD', bound: 1, plans: [head], isTogether: true, ...everything, reaches: ['read', 'ohttp-incomplete'] },
  { name: 'a stream', bound: 1, plans: [stream], isTogether: true, ...everything, reaches: ['read', 'broken'] },
  {
    name: 'a stream that is gathered',
    bound: 1,
    plans: [stream],
    isTogether: true,
    upload: 'collect',
    ...everything,
    reaches: ['read', 'broken'],
  },
  {
    name: 'a caller that reads slowly',
    bound: 2,
    plans: [post],
    isTogether: true,
    isLazy: true,
    ...nothing,
    deeds: ['abort', 'close', 'reattest', 'cancel', 'timer'],
    response: everyFault,
    reaches: ['read', 'aborted', 'client-timeout', 'ohttp-open', 'ohttp-incomplete'],
  },
]

/** Several requests, and several sessions. */
export const sessions: readonly Exhausted[] = [
  {
    name: 'three at once',
    bound: 1,
    plans: [get, post, stream],
    isTogether: true,
    ...everything,
    reaches: ['read', 'aborted', 'ohttp-open', 'broken'],
  },
  {
    name: 'two at once',
    bound: 2,
    plans: [get, post],
    isTogether: true,
    deeds: ['abort', 'close', 'reattest'],
    evidence: ['other key', 'fails'],
    data: ['422', '422 later', 'fails', 'swapped', 'replayed'],
    response: ['cut', 'spliced'],
    reaches: ['read', 'aborted', 'client-closed', 'client-key-rotated', 'ohttp-open', 'ohttp-incomplete'],
  },
  {
    name: 'one after the other',
    bound: 2,
    plans: [get, post],
    isTogether: false,
    deeds: ['reattest', 'an hour', 'back'],
    evidence: ['previous', 'other build'],
    data: ['422', 'date', 'replayed'],
    response: [],
    reaches: ['read', 'policy-pcr', 'policy-nonce', 'client-key-rotated', 'ohttp-open'],
  },
  {
    name: 'one key for all sessions',
    bound: 2,
    plans: [get, get],
    isTogether: false,
    isKeyNew: false,
    deeds: ['reattest', 'ahead'],
    evidence: ['previous'],
    data: ['422', 'replayed', 'twice'],
    response: ['spliced'],
    reaches: ['read', 'ohttp-open', 'policy-nonce'],
  },
  {
    name: 'a verifier that remembers',
    bound: 2,
    plans: [get, get],
    isTogether: false,
    isRemembering: true,
    deeds: ['reattest', 'ahead', 'beyond'],
    evidence: ['old', 'previous', 'other key'],
    data: ['422'],
    response: [],
    reaches: ['read', 'client-freshness', 'cose-signature'],
  },
  {
    name: 'a random source that repeats itself',
    bound: 2,
    plans: [get, get],
    isTogether: false,
    isRandomBad: true,
    ...nothing,
    deeds: ['reattest', 'an hour'],
    data: ['422'],
    reaches: ['read', 'client-random'],
  },
  {
    name: 'requests of a Worker',
    bound: 2,
    plans: [get, post],
    isTogether: true,
    isIsolated: true,
    deeds: ['close', 'reattest'],
    evidence: ['fails'],
    data: ['422'],
    response: [],
    reaches: ['read', 'client-closed', 'client-transport', 'client-key-rotated'],
  },
  {
    name: 'a client that proves itself',
    bound: 2,
    plans: [get],
    isTogether: true,
    isMutual: true,
    ...nothing,
    deeds: ['reattest', 'close', 'an hour'],
    evidence: ['previous', 'other build', 'fails'],
    data: ['422', 'date', 'no answer'],
    reaches: ['read', 'policy-pcr', 'client-timeout'],
  },
]

/** What happens between any two steps of the client's own. */
export const steps: readonly Exhausted[] = [
  {
    name: 'at every step of one request',
    bound: 2,
    plans: [post],
    isTogether: true,
    holds: true,
    ...nothing,
    deeds: everyDeed,
    reaches: ['read', 'aborted', 'client-closed', 'client-expired', 'client-timeout'],
  },
  {
    name: 'at every step of two requests',
    bound: 2,
    plans: [post, get],
    isTogether: true,
    holds: true,
    ...nothing,
    deeds: ['reattest'],
    evidence: ['fails'],
    data: ['422'],
    reaches: ['read', 'client-transport', 'client-key-rotated'],
  },
]

/** Everything at once, for schedules that chance makes. */
export const storms: readonly Scenario[] = [
  { name: 'a storm', plans: [get, post, stream], isTogether: true, holds: true, ...everything, reaches: [] },
  { name: 'a long storm', plans: [post, get, put], isTogether: false, isRemembering: true, ...everything, reaches: [] },
  { name: 'a slow storm', plans: [stream, head, post], isTogether: true, isKeyNew: false, ...everything, reaches: [] },
]

/** Schedules, all of them different, that each file of tests runs at least. */
export const shares = { requests: 5800, sessions: 8500, steps: 6000, storms: 1500 } as const
