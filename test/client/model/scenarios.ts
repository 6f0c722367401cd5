/**
 * What is explored: small worlds, each around one question, so that few deviations reach everything in them.
 */
import type { DataAnswer, Deed, EvidenceAnswer, ResponseFault, Scenario } from './schedule.ts'

export const everyDeed: readonly Deed[] = ['abort', 'close', 'reattest', 'clocks', 'cancel']
export const everyEvidence: readonly EvidenceAnswer[] = [
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
export const everyAnswer: readonly DataAnswer[] = [
  '422',
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
export const everyFault: readonly ResponseFault[] = [
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

export const exhausted: readonly Exhausted[] = [
  { name: 'one request', bound: 2, plans: [post], isTogether: true, ...everything },
  { name: 'one request, repeated', bound: 1, plans: [get], isTogether: true, ...everything },
  { name: 'PUT is not repeated', bound: 1, plans: [put], isTogether: true, ...everything },
  { name: 'HEAD', bound: 1, plans: [head], isTogether: true, ...everything },
  { name: 'a body that is a stream', bound: 1, plans: [stream], isTogether: true, ...everything },
  { name: 'three at once', bound: 1, plans: [get, post, stream], isTogether: true, ...everything },
  {
    name: 'two at once',
    bound: 2,
    plans: [get, post],
    isTogether: true,
    deeds: ['abort', 'close', 'reattest'],
    evidence: ['other key', 'fails'],
    data: ['422', 'fails', 'swapped', 'replayed'],
    response: ['cut', 'spliced'],
  },
  {
    name: 'one after the other',
    bound: 2,
    plans: [get, post],
    isTogether: false,
    deeds: ['reattest', 'clocks'],
    evidence: ['previous', 'other build'],
    data: ['422', 'replayed'],
    response: [],
  },
  {
    name: 'one key for all sessions',
    bound: 2,
    plans: [get, get],
    isTogether: false,
    isKeyNew: false,
    deeds: ['reattest', 'clocks'],
    evidence: ['previous'],
    data: ['422', 'replayed', 'twice'],
    response: ['spliced'],
  },
  {
    name: 'a verifier that remembers',
    bound: 2,
    plans: [get, get],
    isTogether: false,
    isRemembering: true,
    deeds: ['reattest', 'clocks'],
    evidence: ['old', 'previous', 'other key', 'other build'],
    data: ['422'],
    response: [],
  },
  {
    name: 'a random source that repeats itself',
    bound: 2,
    plans: [get, get],
    isTogether: false,
    isRandomBad: true,
    ...nothing,
    deeds: ['reattest', 'clocks'],
    evidence: ['previous'],
    data: ['422'],
  },
  {
    name: 'a caller that reads slowly',
    bound: 2,
    plans: [post],
    isTogether: true,
    isLazy: true,
    ...nothing,
    deeds: everyDeed,
    response: everyFault,
  },
  {
    name: 'at every step of one request',
    bound: 2,
    plans: [post],
    isTogether: true,
    holds: true,
    ...nothing,
    deeds: everyDeed,
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
    data: ['422', 'fails'],
  },
]
