/**
 * What must hold in every schedule, at every step. The monitor sees what the client does from
 * outside (what it hands to `fetch`, what it tells its caller, when) and keeps its own account of
 * what the client may do. It never asks the client.
 */
import { createHash } from 'node:crypto'
import { toHex } from '../../../src/encoding/bytes.ts'
import { AttestationError } from '../../../src/core/errors.ts'
import type { ClientEvent } from '../../../src/client/options.ts'
import type { AttestationResult } from '../../../src/core/result.ts'
import type { Bytes, Evidence, OpenedPost, Parties } from './parties.ts'

export const origin = 'https://enclave.example'
export const evidenceUrl = `${origin}/.well-known/attestation`
export const gatewayUrl = `${origin}/.well-known/ohttp-gateway`
/** In every text of a caller's: address, fields and body. */
export const marker = 's3cr3t'
const sessionMs = 3_600_000

export type Property =
  | 'no plaintext'
  | 'no wrong key'
  | 'no mixed answer'
  | 'no hang'
  | 'no dead session'
  | 'no other error'
  | 'no failure without a cause'

export class Violation extends Error {
  readonly property: Property
  constructor(property: Property, message: string) {
    super(`${property}: ${message}`)
    this.property = property
  }
}

export interface Plan {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE'
  readonly body: 'none' | 'text' | 'stream'
}

/** One request of the caller's. */
export interface Call {
  readonly number: number
  readonly plan: Plan
  readonly path: string
  readonly body: string
  readonly reason: Error
  /** What the caller's own stream broke with. */
  readonly broken: Error
  state: 'waiting' | 'started' | 'answered' | 'read' | 'failed'
  failure: unknown
  status: number | undefined
  headers: Headers | undefined
  text: string
  isAborted: boolean
}

/** One sealed request, as it left. */
export interface Post {
  readonly number: number
  readonly signal: AbortSignal | undefined
  /** The one session that might be used when it left. */
  readonly session: Session
  /** All sessions, and what was wrong with the others. */
  readonly known: string
  opened: OpenedPost | undefined
  call: Call | undefined
  /** Executed by the enclave so often. */
  executions: number
  /** Other bytes came than the enclave had sealed for some request. */
  isDamaged: boolean
  answer: 'none' | 'answered' | 'key unknown' | 'date' | 'other'
}

export interface Session {
  readonly evidence: Evidence
  readonly result: AttestationResult
  readonly wall: number
  readonly steady: number
  /** Why it is over, whatever the clocks say. */
  over: string | undefined
}

export interface Clock {
  wall: number
  steady: number
}

export interface Monitor {
  /** The first one. */
  readonly violation: Violation | undefined
  readonly posts: readonly Post[]
  readonly calls: Call[]
  onRandom(bytes: Bytes): void
  onState(event: ClientEvent): void
  onEvidencePost(url: string, init: RequestInit, body: Bytes): void
  onDataPost(url: string, init: RequestInit): Post
  onOpened(post: Post, opened: OpenedPost): void
  onBytes(bytes: Bytes): void
  onExecution(post: Post, body: Bytes): void
  onAnswer(post: Post, kind: Post['answer']): void
  onDamage(post: Post): void
  onPull(call: Call): void
  onReattest(): void
  onClose(): void
  /** An error that came out of the client. */
  onError(error: unknown, call: Call | undefined): void
  /** A piece of a body, or its end. */
  onBody(call: Call, isOver: boolean): void
  onResponse(call: Call): void
  /** After each step, when nothing goes on by itself. */
  step(result: AttestationResult | undefined, state: string): void
  /** Why the session may not be used now; `undefined` when it may. */
  endOf(session: Session): string | undefined
}

const evidenceHeaders = { 'content-type': 'application/json', accept: 'application/cmw+json' }
const dataHeaders = { 'content-type': 'message/ohttp-chunked-req', accept: 'message/ohttp-chunked-res' }
const members = ['method', 'headers', 'body', 'signal', 'redirect', 'duplex', 'credentials', 'cache', 'referrerPolicy']
/** What the client adds inside the seal. */
const ownFields = ['date', 'veritee-request-id', 'veritee-client-secret']
const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest()
export const safe = ['GET', 'HEAD']

export function createMonitor(
  clock: Clock,
  { originOf }: Parties,
  calls: Call[],
  rules: { readonly clientEvidence: Uint8Array | undefined; readonly isIsolated: boolean },
): Monitor {
  /** What must not be readable on the wire. */
  const secrets = [marker]
  const posts: Post[] = []
  const nonces = new Map<string, 'made' | 'asked'>()
  let current: Session | undefined
  const sessions: Session[] = []
  let attesting: { asked: string | undefined } | undefined
  /**
   * Of all attestations, where several may be under way: nonces, and how many more may be asked.
   */
  const askedEver = new Set<string>()
  let mayAsk = 0
  let isClosed = false
  let wanted = 0
  let isKeyRefused = false
  let violation: Violation | undefined

  /** Noted as well: the client catches much of what is thrown here. */
  function fail(property: Property, message: string): never {
    violation ??= new Violation(property, message)
    throw violation
  }

  function endOf({ over, wall, steady, result }: Session): string | undefined {
    if (over !== undefined) return over
    const lifetime = Math.min(sessionMs, result.validUntil.getTime() - wall)
    const isWithin = (passed: number): boolean => passed >= 0 && passed < lifetime
    if (!isWithin(clock.wall - wall)) return 'expired by the wall clock'
    return isWithin(clock.steady - steady) ? undefined : 'expired by the steady clock'
  }

  function endAll(why: string): void {
    for (const session of sessions) session.over ??= why
    current = undefined
  }

  function checkInit(url: string, expectedUrl: string, init: RequestInit, headers: Record<string, string>): void {
    if (url !== expectedUrl) fail('no plaintext', `a request left for ${url}`)
    for (const name of Object.keys(init))
      if (!members.includes(name)) fail('no plaintext', `a request has the member ${name}`)
    const { method, redirect, credentials, cache, referrerPolicy } = init
    const isBare =
      method === 'POST' &&
      redirect === 'manual' &&
      (credentials ?? 'omit') === 'omit' &&
      (cache ?? 'no-store') === 'no-store' &&
      (referrerPolicy ?? 'no-referrer') === 'no-referrer'
    if (!isBare) fail('no plaintext', `a request is not bare: ${JSON.stringify({ ...init, body: undefined })}`)
    const found = JSON.stringify(Object.entries(init.headers as Record<string, string>).sort())
    if (found !== JSON.stringify(Object.entries(headers).sort()))
      fail('no plaintext', `a request has the fields ${found}`)
  }

  const monitor: Monitor = {
    get violation() {
      return violation
    },
    posts,
    calls,
    onRandom(bytes) {
      if (bytes.length !== 32) return
      // Of a client that proves itself the hash goes out, and the bytes only inside the seal.
      const isSecret = rules.clientEvidence !== undefined
      if (isSecret) secrets.push(Buffer.from(bytes).toString('base64url'), toHex(bytes))
      const nonce = (isSecret ? sha256(bytes) : Buffer.from(bytes)).toString('base64url')
      if (!nonces.has(nonce)) nonces.set(nonce, 'made')
    },
    onState({ state, result }) {
      if (isClosed && state !== 'closed') fail('no dead session', `state ${state} after close()`)
      if (state === 'verifying') {
        mayAsk++
        if (attesting !== undefined && !rules.isIsolated) fail('no dead session', 'two attestations at a time')
        const isNeeded = current === undefined || endOf(current) !== undefined || wanted > 0 || isKeyRefused
        if (!isNeeded) fail('no dead session', 'an attestation that nothing asked for')
        attesting = { asked: undefined }
        wanted = 0
        if (current !== undefined) current.over ??= 'set aside for a new attestation'
        return
      }
      const asked = attesting?.asked
      if (state === 'closed') return
      if (attesting === undefined && !rules.isIsolated) fail('no dead session', `state ${state} without an attestation`)
      attesting = undefined
      if (state === 'refused') endAll('a later attestation was refused')
      if (state !== 'verified') return
      const evidence = originOf(result as AttestationResult)
      if (evidence === undefined) fail('no wrong key', 'verified by what no verifier returned')
      if (evidence.kind !== 'fresh') fail('no wrong key', `verified by evidence of kind "${evidence.kind}"`)
      if (rules.isIsolated ? !askedEver.delete(evidence.nonce) : evidence.nonce !== asked)
        fail('no wrong key', 'verified by evidence that answers the nonce of another attestation')
      endAll('superseded by a later session')
      current = {
        evidence,
        result: result as AttestationResult,
        wall: clock.wall,
        steady: clock.steady,
        over: undefined,
      }
      isKeyRefused = false
      sessions.push(current)
    },
    onEvidencePost(url, init, body) {
      checkInit(url, evidenceUrl, init, evidenceHeaders)
      const text = Buffer.from(body).toString('latin1')
      const [, nonce = '', own] =
        /^\{"nonce":"([\w-]{43})"(?:,"role":"client","evidence":"([\w-]+)")?\}$/.exec(text) ?? []
      const expectedOwn = rules.clientEvidence && Buffer.from(rules.clientEvidence).toString('base64url')
      if (nonces.get(nonce) === 'asked') fail('no wrong key', 'a nonce is asked twice')
      if (nonces.get(nonce) !== 'made' || own !== expectedOwn)
        fail('no plaintext', `the question is not a nonce of this attestation alone: ${text.slice(0, 100)}`)
      nonces.set(nonce, 'asked')
      const asked = toHex(Buffer.from(nonce, 'base64url'))
      askedEver.add(asked)
      // A nonce is all that leaves where `close()` cannot reach it.
      if (isClosed && !rules.isIsolated) fail('no dead session', 'evidence is asked for after close()')
      if (mayAsk-- <= 0 || (!rules.isIsolated && attesting?.asked !== undefined))
        fail('no dead session', 'evidence is asked for outside of an attestation, or twice')
      if (attesting !== undefined) attesting.asked = asked
    },
    onDataPost(url, init) {
      checkInit(url, gatewayUrl, init, dataHeaders)
      const session = sessions.find((one) => endOf(one) === undefined)
      const known = sessions
        .map((one, at) => `session ${at + 1} (${one.evidence.key.name}): ${endOf(one) ?? 'live'}`)
        .join(', ')
      if (isClosed) fail('no dead session', 'a sealed request left after close()')
      if (session === undefined)
        fail('no dead session', `a sealed request left without a live session; ${known || 'none was'}`)
      const post: Post = {
        number: posts.length + 1,
        signal: init.signal ?? undefined,
        session,
        known,
        opened: undefined,
        call: undefined,
        executions: 0,
        isDamaged: false,
        answer: 'none',
      }
      posts.push(post)
      return post
    },
    onBytes(bytes) {
      const readable = secrets.find((secret) => Buffer.from(bytes).includes(secret))
      if (readable !== undefined) fail('no plaintext', `"${readable}" is readable on the wire`)
    },
    onOpened(post, opened) {
      const { key, head } = opened
      if (key.owner !== 'enclave') fail('no wrong key', `post ${post.number} is sealed to ${key.name}`)
      if (post.session.evidence.key !== key)
        fail('no dead session', `post ${post.number} is sealed to ${key.name}; ${post.known}`)
      const call = calls.find(({ path }) => path === head.path)
      if (call === undefined) fail('no mixed answer', `post ${post.number} asks for ${head.path}`)
      Object.assign(post, { opened, call })
      const { plan, number } = call
      const fields = new Map(head.headers)
      const secret = Buffer.from(fields.get('veritee-client-secret') ?? '', 'base64url')
      const isProven =
        rules.clientEvidence === undefined ? secret.length === 0 : toHex(sha256(secret)) === post.session.evidence.nonce
      if (!isProven) fail('no wrong key', `post ${post.number} has not the secret of its session`)
      for (const name of ownFields) fields.delete(name)
      const expected = new Map([['x-secret', `${marker}-field-${number}`]])
      if (plan.body === 'text') expected.set('content-type', 'text/plain;charset=UTF-8')
      const isSame =
        head.method === plan.method &&
        `${head.scheme}://${head.authority}` === origin &&
        JSON.stringify([...fields].sort()) === JSON.stringify([...expected].sort())
      if (!isSame) fail('no mixed answer', `post ${post.number} is not the request ${number}: ${JSON.stringify(head)}`)
      checkRepetition(post, call)
    },
    onExecution(post, body) {
      const { body: expected, number } = post.call as Call
      if (Buffer.from(body).toString() !== expected)
        fail('no mixed answer', `post ${post.number} has not the body of request ${number}`)
      post.executions++
      const executions = posts.reduce((sum, one) => sum + (one.call === post.call ? one.executions : 0), 0)
      if (executions > 1 && !safe.includes((post.call as Call).plan.method))
        fail('no other error', `request ${number} is executed twice`)
    },
    onAnswer(post, kind) {
      post.answer = kind
      if (kind !== 'key unknown') return
      isKeyRefused = true
      // Not authentic, but the client believes it: nothing else may go out in this session.
      post.session.over ??= 'refused by the gateway (422)'
    },
    onDamage(post) {
      post.isDamaged = true
    },
    onPull({ number }) {
      if (sessions.length === 0)
        fail('no plaintext', `the body of request ${number} is read before the enclave is proven`)
    },
    onReattest() {
      if (attesting === undefined) wanted++
    },
    onClose() {
      isClosed = true
      endAll('closed')
    },
    onError(error, call) {
      if (call?.isAborted === true && error === call.reason) return
      if (call !== undefined && error === call.broken) return
      const isOurs = error instanceof AttestationError && typeof error.code === 'string'
      if (!isOurs)
        fail(
          'no other error',
          `${call === undefined ? 'reattest()' : `request ${call.number}`} ended with ${String(error)}`,
        )
    },
    onResponse(call) {
      const post = posts.filter((one) => one.call === call).at(-1)
      if (post === undefined) fail('no mixed answer', `request ${call.number} is answered, and was never sent`)
      const found = `${call.status} ${call.headers?.get('x-for')} ${call.headers?.get('x-post')}`
      const expected = `200 ${call.number} ${post.number}`
      if (found !== expected) fail('no mixed answer', `request ${call.number} got ${found}, not ${expected}`)
      if (post.executions !== 1) fail('no mixed answer', `request ${call.number} is answered, and was never executed`)
    },
    onBody(call, isOver) {
      const post = posts.filter((one) => one.call === call).at(-1) as Post
      const expected = call.plan.method === 'HEAD' ? '' : bodyOf(call.number, post.number).join('')
      if (isOver && post.isDamaged)
        fail('no mixed answer', `request ${call.number} got as a whole what was damaged on its way`)
      const isSound = isOver ? call.text === expected : expected.startsWith(call.text)
      if (!isSound)
        fail('no mixed answer', `request ${call.number} got ${JSON.stringify(call.text)}${isOver ? ' as a whole' : ''}`)
    },
    step(result, state) {
      const live = current !== undefined && endOf(current) === undefined
      if (result !== undefined && (!live || result !== (current as Session).result))
        fail(
          'no dead session',
          `the client shows a result; ${current === undefined ? 'no session' : (endOf(current) ?? 'of another session')}`,
        )
      if (isClosed && state !== 'closed') fail('no dead session', `state ${state} after close()`)
      const isAllOver = isClosed && !rules.isIsolated
      for (const call of calls) {
        const isOver = call.state === 'waiting' || call.state === 'failed' || call.state === 'read'
        if (isOver || !(call.isAborted || isAllOver)) continue
        fail('no hang', `request ${call.number} goes on after ${isClosed ? 'close()' : 'its abort'}`)
      }
      for (const { number, signal, call } of posts) {
        const isUnwanted = isAllOver || call?.isAborted === true
        if (isUnwanted && signal?.aborted !== true)
          fail('no dead session', `post ${number} goes on after ${isClosed ? 'close()' : 'its abort'}`)
      }
    },
    endOf,
  }

  /** What may be sent again, and when. */
  function checkRepetition(post: Post, call: Call): void {
    const { method } = call.plan
    const earlier = posts.filter((one) => one !== post && one.call === call)
    for (const [at, { answer, number }] of earlier.entries()) {
      const isRefusedByDate = answer === 'date' && earlier.findIndex((one) => one.answer === 'date') === at
      const isRefusedByKey = answer === 'key unknown' && safe.includes(method)
      if (!isRefusedByDate && !isRefusedByKey)
        fail(
          'no other error',
          `${method} of request ${call.number} is sent again, as post ${post.number}, after post ${number} (${answer})`,
        )
    }
    if (earlier.filter(({ answer }) => answer === 'key unknown').length > 1)
      fail('no other error', `request ${call.number} is sent more than twice`)
  }
  return monitor
}

/** What the enclave answers to the request, in parts. */
export const bodyOf = (call: number, post: number): readonly string[] => [
  `answer to request ${call}, `,
  `sent as post ${post}: done`,
]
