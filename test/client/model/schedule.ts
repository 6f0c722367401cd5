/**
 * One schedule: a client in a world where every order is chosen. Nothing here has a clock, a timer or a network of its own; whatever may happen next is in a list, and
 * the schedule says which of it does. Between two choices, everything that goes on by itself goes on to its end.
 */
import { control } from './deterministic-crypto.ts'
import { createClient } from '../../../src/client/attested-fetch.ts'
import type { AttestedFetch } from '../../../src/client/index.ts'
import type { AttestedFetchOptions, ClientState } from '../../../src/client/options.ts'
import type { Runtime } from '../../../src/client/runtime.ts'
import { concatBytes } from '../../../src/encoding/bytes.ts'
import type { AttestationResult } from '../../../src/result.ts'
import type { Choose } from './choices.ts'
import {
  bodyOf,
  type Call,
  type Clock,
  createMonitor,
  evidenceUrl,
  marker,
  type Monitor,
  origin,
  type Plan,
  type Post,
  Violation,
} from './monitor.ts'
import { type Bytes, type Evidence, type EvidenceKind, type Parties, type PartyKey, startedAt } from './parties.ts'

/** What may happen at any time. */
export type Deed =
  | 'abort'
  | 'close'
  | 'reattest'
  | 'cancel'
  /** The next timer goes off although something else could happen before. */
  | 'timer'
  /** Both clocks go on, until the session is over. */
  | 'an hour'
  /** The wall clock only: it jumps, or the machine sleeps and the steady clock with it. */
  | 'ahead'
  /** The same, until the evidence is over as well. */
  | 'beyond'
  | 'back'
  /** The steady clock only: something keeps the wall clock where it was. */
  | 'kept back'
/** How the question for evidence may be answered, beside by the enclave. */
export type EvidenceAnswer =
  | 'other build'
  | 'other root'
  | 'other key'
  | 'old'
  | 'previous'
  | 'no answer'
  | 'fails'
  | '422'
  | '500'
  | 'redirect'
  | 'garbage'
  | 'cut'
  | 'breaks'
  | 'stalls'
/** How a sealed request may be answered, beside by the enclave. */
export type DataAnswer =
  | '422'
  | '422 later'
  | 'date'
  | '500'
  | 'redirect'
  | 'plain'
  | 'garbage'
  | 'empty'
  | 'no answer'
  | 'fails'
  | 'fails later'
  | 'swapped'
  | 'replayed'
  | 'twice'
/** How the enclave's response may come, beside as it is. */
export type ResponseFault =
  'cut' | 'cut inside' | 'breaks' | 'flipped' | 'repeated' | 'skipped' | 'stalls' | 'spliced' | 'longer'

export interface Scenario {
  readonly name: string
  readonly plans: readonly Plan[]
  /** Whether all requests are made before anything is answered, unless the schedule says otherwise; else each when the one before is done. */
  readonly isTogether: boolean
  readonly deeds: readonly Deed[]
  readonly evidence: readonly EvidenceAnswer[]
  readonly data: readonly DataAnswer[]
  readonly response: readonly ResponseFault[]
  /** Whether the enclave has a new key for each evidence. Default true. */
  readonly isKeyNew?: boolean
  /** The caller's verifier does not compare the nonce, and remembers what it has verified. */
  readonly isRemembering?: boolean
  /** Any one WebCrypto operation of the client may wait until something else has happened. */
  readonly holds?: boolean
  /** The caller reads bodies when the schedule says so. */
  readonly isLazy?: boolean
  /** The random source may repeat itself, or give zeros. */
  readonly isRandomBad?: boolean
  /** How bodies that are streams go out. Default `stream`. */
  readonly upload?: 'stream' | 'collect'
  /** The client proves itself as well. */
  readonly isMutual?: boolean
  /** Codes, or `read`, that requests end with in some schedule: else the scenario does not reach what it is for. */
  readonly reaches: readonly string[]
}

/** What is broken on purpose, to see that it is noticed. */
export interface Sabotage {
  readonly runtime?: (runtime: Runtime) => Runtime
  readonly options?: (options: AttestedFetchOptions, parties: Parties) => AttestedFetchOptions
  readonly client?: (
    client: Pick<AttestedFetch, 'reattest' | 'close' | 'result' | 'state'> &
      ((path: string, init: RequestInit) => Promise<Response>),
    runtime: Runtime,
  ) => Client
}

export interface Client {
  (path: string, init: RequestInit): Promise<Response>
  readonly state: ClientState
  readonly result: AttestationResult | undefined
  reattest(): Promise<AttestationResult>
  close(): void
}

export interface Outcome {
  readonly violation: Violation | undefined
  /** What was done, a line for each choice. */
  readonly trace: readonly string[]
  /** How each request ended: `answered`, or a code. */
  readonly ends: readonly string[]
  readonly states: readonly string[]
}

interface Option {
  readonly label: string
  readonly run: () => void | Promise<void>
}

/** A request that waits for its answer. */
interface Exchange {
  readonly label: string
  readonly evidenceNonce: string | undefined
  readonly post: Post | undefined
  readonly settle: (response: Response | Error) => void
  readonly signal: AbortSignal | undefined
  /** All that was sent so far. */
  sent: Bytes
  isSent: boolean
  isOver: boolean
}

/** A response on its way. */
interface Delivery {
  readonly label: string
  readonly controller: ReadableStreamDefaultController<Uint8Array>
  pieces: readonly Bytes[]
  isOver: boolean
}

/** Only a request that is there to its end can be executed. */
const needsAll: readonly DataAnswer[] = ['fails later', '422 later', 'date', 'twice']
const clientEvidence = new TextEncoder().encode('evidence of this client')
const hour = 3_600_000
const maximumSteps = 250

export async function runSchedule(
  scenario: Scenario,
  choose: Choose,
  parties: Parties,
  sabotage: Sabotage = {},
): Promise<Outcome> {
  const clock: Clock = { wall: startedAt, steady: 1000 }
  const trace: string[] = []
  const states: string[] = []
  const calls = scenario.plans.map(callOf)
  const monitor = createMonitor(clock, parties, calls, {
    clientEvidence: scenario.isMutual === true ? clientEvidence : undefined,
  })
  const timers = new Map<() => void, number>()
  const exchanges: Exchange[] = []
  const deliveries: Delivery[] = []
  /** What waits for the schedule's leave to go on. */
  const gates: Option[] = []
  const late: Option[] = []
  const pulls: Option[] = []
  const reads: Option[] = []
  const answers: {
    readonly evidence: Evidence[]
    readonly responses: { readonly post: Post; readonly pieces: readonly Bytes[] }[]
  } = {
    evidence: [],
    responses: [],
  }
  const seen = new Set<string>()
  const executed = new Set<string>()
  const reattests: { isOver: boolean }[] = []
  const done = new Set<Deed>()
  let harm = ''
  let activity = 0
  /** Work that is not the client's, and not done by the next turn. */
  let unfinished = 0
  let isInside = false
  let hasHeld = false
  let attested = 0
  let lastRandom: Bytes | undefined

  control.restart('schedule')
  control.point = (operation) => {
    if (isInside) return undefined
    activity++
    if (scenario.holds !== true || hasHeld || pick(['goes on', 'waits'], operation) === 0) return undefined
    hasHeld = true
    return new Promise((resolve) => {
      late.push({ label: `${operation} goes on`, run: resolve })
    })
  }

  function pick(labels: readonly string[], of: string): number {
    const taken = choose(labels.length)
    if (taken > 0) trace.push(`${of}: ${labels[taken]}`)
    return taken
  }

  /** Work of others than the client: none of it is a step of the schedule. */
  async function elsewhere<T>(work: () => Promise<T>): Promise<T> {
    isInside = true
    try {
      return await work()
    } finally {
      isInside = false
    }
  }

  async function drain(): Promise<void> {
    let before
    do {
      before = activity
      await turn()
      await turn()
    } while (activity !== before || unfinished > 0)
  }

  // ── the client ──────────────────────────────────────────────────────────────────────────────────────────────────────

  const runtime: Runtime = {
    fetch: (input, init = {}) => leave(input as string, init),
    now: () => clock.wall,
    elapsed: () => clock.steady,
    after(milliseconds, act) {
      const own = (): void => {
        act()
      }
      timers.set(own, clock.steady + milliseconds)
      return () => {
        timers.delete(own)
      }
    },
    randomBytes(size) {
      let bytes = crypto.getRandomValues(new Uint8Array(size))
      if (size === 32) {
        // Its own sequence, so that schedules share their evidence.
        bytes = new Uint8Array(size).fill(++attested)
        if (scenario.isRandomBad === true) {
          const kind = pick(['sound', 'repeated', 'zeros'], 'random source')
          if (kind === 1 && lastRandom !== undefined) bytes = lastRandom
          if (kind === 2) bytes = new Uint8Array(size)
          if (kind > 0) harm = 'random'
        }
        lastRandom = bytes.slice()
      }
      monitor.onRandom(bytes)
      return bytes
    },
  }

  const options: AttestedFetchOptions = {
    verify: async (evidence, { nonce }) => {
      const copy = evidence.slice()
      const asked = scenario.isRemembering === true ? undefined : nonce.slice()
      await gate('the verifier answers', gates)
      return verdictOf(copy, asked)
    },
    binding: async ({ publicKey }) => {
      await gate('the key is found', gates)
      return publicKey as Bytes
    },
    onState: (event) => {
      activity++
      states.push(event.code === undefined ? event.state : `${event.state}: ${event.code}`)
      monitor.onState(event)
    },
    upload: scenario.upload ?? 'stream',
    ...(scenario.isMutual === true && { attest: () => clientEvidence }),
  }
  /** Asked for in the step that opened the gate. That step waits for it. */
  function verdictOf(evidence: Bytes, nonce: Bytes | undefined): Promise<AttestationResult> {
    unfinished++
    isInside = true
    return parties.verify(evidence, nonce, clock.wall).finally(() => {
      unfinished--
      isInside = false
      activity++
    })
  }

  const inner = createClient(
    origin,
    sabotage.options?.(options, parties) ?? options,
    sabotage.runtime?.(runtime) ?? runtime,
  )
  const client: Client = sabotage.client?.(inner, runtime) ?? inner

  function gate(label: string, where: Option[]): Promise<void> {
    activity++
    return new Promise((resolve) => {
      where.push({ label, run: resolve })
    })
  }

  // ── the caller ──────────────────────────────────────────────────────────────────────────────────────────────────────

  function begin(call: Call): void {
    const { plan, path, body, number } = call
    call.state = 'started'
    const init: RequestInit = { method: plan.method, headers: { 'x-secret': `${marker}-field-${number}` } }
    const controller = controllers[number - 1] as AbortController
    init.signal = controller.signal
    if (plan.body === 'text') init.body = body
    if (plan.body === 'stream') {
      init.body = bodyStream(call)
      Object.assign(init, { duplex: 'half' })
    }
    client(path, init).then(
      (response) => {
        activity++
        call.state = 'answered'
        call.status = response.status
        call.headers = response.headers
        guard(() => {
          monitor.onResponse(call)
        })
        void read(call, response)
      },
      (error: unknown) => {
        failed(call, error)
      },
    )
  }
  const controllers = calls.map(() => new AbortController())
  const readers = new Map<Call, ReadableStreamDefaultReader<Uint8Array>>()

  function failed(call: Call, error: unknown): void {
    if (call.state === 'read' || call.state === 'failed') return
    activity++
    call.state = 'failed'
    call.failure = error
    guard(() => {
      monitor.onError(error, call)
    })
  }

  async function read(call: Call, response: Response): Promise<void> {
    const decoder = new TextDecoder()
    const isOver = (): boolean => call.state !== 'answered'
    const reader = response.body?.getReader()
    if (reader !== undefined) readers.set(call, reader)
    reader?.closed.catch((error: unknown) => {
      failed(call, error)
    })
    try {
      for (;;) {
        if (scenario.isLazy === true) await gate(`request ${call.number}: the caller reads`, reads)
        if (isOver()) return
        const next = (await reader?.read()) ?? { done: true, value: undefined }
        activity++
        if (isOver()) return
        if (next.value !== undefined) call.text += decoder.decode(next.value, { stream: true })
        guard(() => {
          monitor.onBody(call, next.done)
        })
        if (!next.done) continue
        call.state = 'read'
        return
      }
    } catch (error) {
      failed(call, error)
    }
  }

  /** A body that gives its pieces when the schedule says so. */
  function bodyStream(call: Call): ReadableStream<Uint8Array> {
    const middle = Math.floor(call.body.length / 2)
    const pieces = [call.body.slice(0, middle), call.body.slice(middle)]
    return new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          activity++
          guard(() => {
            monitor.onPull(call)
          })
          const isBroken = await new Promise<boolean>((resolve) => {
            pulls.push({
              label: `request ${call.number}: its body goes on`,
              run: () => {
                resolve(false)
              },
            })
            pulls.push({
              label: `request ${call.number}: its body breaks`,
              run: () => {
                harm = 'body'
                resolve(true)
              },
            })
          })
          const piece = pieces.shift()
          if (isBroken) controller.error(call.broken)
          else if (piece === undefined) controller.close()
          else controller.enqueue(new TextEncoder().encode(piece))
        },
      },
      { highWaterMark: 0 },
    )
  }

  function guard(check: () => void): void {
    try {
      check()
    } catch (error) {
      if (!(error instanceof Violation)) throw error
    }
  }

  // ── the network ─────────────────────────────────────────────────────────────────────────────────────────────────────

  async function leave(url: string, init: RequestInit): Promise<Response> {
    activity++
    const isEvidence = url === evidenceUrl
    const post = isEvidence ? undefined : monitor.onDataPost(url, init)
    let evidenceNonce: string | undefined
    if (isEvidence) {
      const question = new TextEncoder().encode(init.body as string)
      monitor.onBytes(question)
      monitor.onEvidencePost(url, init, question)
      const { nonce } = JSON.parse(init.body as string) as { nonce: string }
      evidenceNonce = Buffer.from(nonce, 'base64url').toString('hex')
    }
    const signal = init.signal ?? undefined
    return new Promise<Response>((resolve, reject) => {
      const exchange: Exchange = {
        label: post === undefined ? 'evidence' : `post ${post.number}`,
        evidenceNonce,
        post,
        signal,
        sent: new Uint8Array(),
        isSent: false,
        isOver: false,
        settle(response) {
          exchange.isOver = true
          if (response instanceof Error) reject(response)
          else resolve(response)
        },
      }
      const abort = (): void => {
        if (exchange.isOver) return
        exchange.isOver = true
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- as `fetch` does
        reject(signal?.reason)
      }
      if (signal?.aborted === true) {
        abort()
        return
      }
      signal?.addEventListener('abort', abort)
      exchanges.push(exchange)
      void send(exchange, init.body)
    })
  }

  /** Takes the body as fast as it comes. */
  async function send(exchange: Exchange, body: BodyInit | null | undefined): Promise<void> {
    const stream = body instanceof ReadableStream ? (body as ReadableStream<Uint8Array>) : undefined
    if (stream === undefined) {
      unfinished++
      exchange.sent = new Uint8Array(await new Response(body).arrayBuffer())
      unfinished--
    } else {
      const reader = stream.getReader()
      const stop = (): void => {
        reader.cancel(exchange.signal?.reason).catch(() => undefined)
      }
      exchange.signal?.addEventListener('abort', stop)
      try {
        for (;;) {
          const { done, value } = await reader.read()
          activity++
          if (done) break
          exchange.sent = concatBytes(exchange.sent, value)
        }
      } catch {
        // As the platforms do.
        if (!exchange.isOver) exchange.settle(new TypeError('fetch failed'))
        return
      }
    }
    activity++
    exchange.isSent = true
  }

  function respond(
    exchange: Exchange,
    pieces: readonly Bytes[],
    { status = 200, type = 'message/ohttp-chunked-res' } = {},
  ): Delivery {
    let delivery: Delivery | undefined
    const body = new ReadableStream<Uint8Array>(
      {
        start(controller) {
          delivery = { label: exchange.label, controller, pieces, isOver: false }
        },
        cancel() {
          ;(delivery as Delivery).isOver = true
        },
      },
      { highWaterMark: 0 },
    )
    const made = delivery as unknown as Delivery
    exchange.signal?.addEventListener('abort', () => {
      if (made.isOver) return
      made.isOver = true
      made.controller.error(exchange.signal?.reason)
    })
    deliveries.push(made)
    exchange.settle(new Response(body, { status, headers: { 'content-type': type } }))
    return made
  }

  /** A response that is there at once, as a whole. */
  function answerAtOnce(exchange: Exchange, status: number, type: string, body: string | Bytes): void {
    exchange.settle(
      new Response(body, { status, headers: { 'content-type': type, location: 'https://elsewhere.example/' } }),
    )
  }

  const wrap = ({ bytes }: Evidence): Bytes =>
    new TextEncoder().encode(`["application/cbor","${Buffer.from(bytes).toString('base64url')}",4]`)

  function enclaveKey(): PartyKey {
    const at = scenario.isKeyNew === false ? 0 : answers.evidence.length % parties.keys.length
    return parties.keys[at] as PartyKey
  }

  function evidenceOptions(exchange: Exchange): Option[] {
    const nonce = exchange.evidenceNonce as string
    const attacker = parties.attackerKeys[nonce.charCodeAt(1) % 2] as PartyKey
    const give = async (kind: EvidenceKind, about: string, key: PartyKey): Promise<void> => {
      const evidence = await elsewhere(() => parties.evidence(kind, about, key))
      if (kind === 'fresh') answers.evidence.push(evidence)
      answerAtOnce(exchange, 200, 'application/cmw+json', wrap(evidence))
    }
    const ways: Record<EvidenceAnswer, () => void | Promise<void>> = {
      'other build': () => give('other build', nonce, attacker),
      'other root': () => give('other root', nonce, attacker),
      'other key': () => give('other key', nonce, attacker),
      old: () => give('fresh', 'ee'.repeat(32), parties.keys.at(-1) as PartyKey),
      previous() {
        answerAtOnce(exchange, 200, 'application/cmw+json', wrap(answers.evidence.at(-1) as Evidence))
      },
      'no answer'() {
        exchange.isOver = true
        silent.push(exchange)
      },
      fails() {
        exchange.settle(new TypeError('fetch failed'))
      },
      '422'() {
        answerAtOnce(exchange, 422, 'application/problem+json', '{}')
      },
      '500'() {
        answerAtOnce(exchange, 500, 'text/plain', 'no')
      },
      redirect() {
        answerAtOnce(exchange, 307, 'application/cmw+json', '')
      },
      garbage() {
        answerAtOnce(exchange, 200, 'application/cmw+json', '["application/cbor","AAAA",4]')
      },
      async cut() {
        const evidence = await elsewhere(() => parties.evidence('fresh', nonce, enclaveKey()))
        answerAtOnce(exchange, 200, 'application/cmw+json', wrap(evidence).slice(0, 1000))
      },
      async breaks() {
        const evidence = await elsewhere(() => parties.evidence('fresh', nonce, enclaveKey()))
        const { controller } = respond(exchange, [], { type: 'application/cmw+json' })
        deliveries.pop()
        controller.enqueue(wrap(evidence).slice(0, 1000))
        controller.error(new TypeError('terminated'))
      },
      stalls() {
        respond(exchange, [], { type: 'application/cmw+json' })
        deliveries.pop()
      },
    }
    const allowed = scenario.evidence.filter((way) => way !== 'previous' || answers.evidence.length > 0)
    return [
      { label: 'evidence: the enclave answers', run: () => give('fresh', nonce, enclaveKey()) },
      ...allowed.map((way) => ({
        label: `evidence: ${way}`,
        run: async () => {
          harm = way
          await ways[way]()
        },
      })),
    ]
  }
  const silent: Exchange[] = []

  /** The enclave's answer to what was sealed for it; `undefined` when it refuses in the clear. It executes each identifier once, whatever the key. */
  async function execute(exchange: Exchange, isDated = true): Promise<readonly Bytes[] | undefined> {
    const post = exchange.post as Post
    const { opened, call } = post
    if (opened === undefined || call === undefined || seen.has(opened.enc)) return undefined
    seen.add(opened.enc)
    const again = await parties.open(exchange.sent)
    if (again === undefined) return undefined
    const body = await again.body().catch(() => undefined)
    if (body === undefined) return undefined
    if (!isDated)
      return again.answer(
        400,
        [
          ['veritee-refusal', 'date'],
          ['date', new Date(clock.wall).toUTCString()],
        ],
        [],
      )
    const id = opened.head.headers.find(([name]) => name === 'veritee-request-id')?.[1] ?? opened.enc
    if (executed.has(id)) return again.answer(409, [['veritee-refusal', 'repeated']], [])
    executed.add(id)
    guard(() => {
      monitor.onExecution(post, body)
    })
    const fields = [
      ['x-for', `${call.number}`],
      ['x-post', `${post.number}`],
    ] as const
    const parts = call.plan.method === 'HEAD' ? [] : bodyOf(call.number, post.number)
    const pieces = await again.answer(200, fields, parts)
    answers.responses.push({ post, pieces })
    return pieces
  }

  function dataOptions(exchange: Exchange): Option[] {
    const post = exchange.post as Post
    const others = exchanges.filter((one) => one !== exchange && one.post !== undefined && one.isSent && !one.isOver)
    const earlier = answers.responses.filter((one) => one.post !== post)
    const pass = async (): Promise<void> => {
      const pieces = await elsewhere(() => execute(exchange))
      if (pieces === undefined) answerAtOnce(exchange, 400, 'text/plain', 'The request was refused.')
      else {
        monitor.onAnswer(post, 'answered')
        respond(exchange, pieces)
      }
    }
    const ways: Record<DataAnswer, () => void | Promise<void>> = {
      '422'() {
        monitor.onAnswer(post, 'key unknown')
        answerAtOnce(exchange, 422, 'application/problem+json', '{}')
      },
      async '422 later'() {
        await elsewhere(() => execute(exchange))
        monitor.onAnswer(post, 'key unknown')
        answerAtOnce(exchange, 422, 'application/problem+json', '{}')
      },
      async date() {
        const pieces = await elsewhere(() => execute(exchange, false))
        monitor.onAnswer(post, 'date')
        respond(exchange, pieces ?? [])
      },
      '500'() {
        answerAtOnce(exchange, 500, 'text/plain', 'no')
      },
      redirect() {
        answerAtOnce(exchange, 307, 'message/ohttp-chunked-res', '')
      },
      plain() {
        answerAtOnce(exchange, 200, 'text/plain', 'yes, of course')
      },
      garbage() {
        answerAtOnce(exchange, 200, 'message/ohttp-chunked-res', new Uint8Array(200).fill(7))
      },
      empty() {
        answerAtOnce(exchange, 200, 'message/ohttp-chunked-res', new Uint8Array())
      },
      'no answer'() {
        exchange.isOver = true
        silent.push(exchange)
      },
      fails() {
        exchange.settle(new TypeError('fetch failed'))
      },
      async 'fails later'() {
        await elsewhere(() => execute(exchange))
        exchange.settle(new TypeError('fetch failed'))
      },
      async swapped() {
        const other = others[0] as Exchange
        respond(exchange, (await elsewhere(() => execute(other))) ?? [])
      },
      replayed() {
        respond(exchange, (earlier.at(-1) as (typeof earlier)[number]).pieces)
      },
      async twice() {
        await elsewhere(() => execute(exchange))
        await pass()
      },
    }
    const isPossible = (way: DataAnswer): boolean => {
      if (way === 'swapped') return others.length > 0
      if (way === 'replayed') return earlier.length > 0
      return exchange.isSent || !needsAll.includes(way)
    }
    return [
      ...(exchange.isSent ? [{ label: `${exchange.label}: the enclave answers`, run: pass }] : []),
      ...scenario.data.filter(isPossible).map((way) => ({
        label: `${exchange.label}: ${way}`,
        run: async () => {
          harm = way
          await ways[way]()
        },
      })),
    ]
  }

  function responseOptions(delivery: Delivery): Option[] {
    const { controller, label } = delivery
    const [next, ...more] = delivery.pieces
    const end = (): void => {
      delivery.isOver = true
      controller.close()
    }
    const go = (piece: Bytes | undefined, rest: readonly Bytes[]): void => {
      delivery.pieces = rest
      if (piece === undefined) end()
      else controller.enqueue(piece)
      if (piece !== undefined && rest.length === 0) end()
    }
    if (next === undefined) return [{ label: `${label}: its response ends`, run: end }]
    const other = answers.responses.find(({ pieces }) => !pieces.includes(next))
    const ways: Record<ResponseFault, () => void> = {
      cut: end,
      'cut inside'() {
        controller.enqueue(next.slice(0, next.length - 1))
        end()
      },
      breaks() {
        delivery.isOver = true
        controller.error(new TypeError('terminated'))
      },
      flipped() {
        const flipped = next.slice()
        flipped[flipped.length - 1] = (flipped.at(-1) as number) ^ 1
        go(flipped, more)
      },
      repeated() {
        go(next, [next, ...more])
      },
      skipped() {
        go(more[0], more.slice(1))
      },
      stalls() {
        delivery.isOver = true
      },
      spliced() {
        go((other as { pieces: readonly Bytes[] }).pieces[0], (other as { pieces: readonly Bytes[] }).pieces.slice(1))
      },
      longer() {
        go(next, [...more, new Uint8Array(20)])
      },
    }
    return [
      {
        label: `${label}: its response goes on`,
        run: () => {
          go(next, more)
        },
      },
      ...scenario.response
        .filter((way) => way !== 'spliced' || other !== undefined)
        .map((way) => ({
          label: `${label}: its response is ${way}`,
          run: () => {
            harm = way
            ways[way]()
          },
        })),
    ]
  }

  // ── time, and what a caller may do at any time ──────────────────────────────────────────────────────────────────────

  function pass(milliseconds: number, moves: { readonly wall: boolean }): void {
    const until = clock.steady + milliseconds
    for (;;) {
      const [act, at] = [...timers].sort(([, a], [, b]) => a - b)[0] ?? []
      if (act === undefined || at === undefined || at > until) break
      if (moves.wall) clock.wall += Math.max(0, at - clock.steady)
      clock.steady = Math.max(clock.steady, at)
      timers.delete(act)
      act()
    }
    if (moves.wall) clock.wall += until - clock.steady
    clock.steady = until
  }

  function timerOptions(): Option[] {
    const next = Math.min(...timers.values())
    if (next === Infinity) return []
    return [
      {
        label: 'the next timer goes off',
        run: () => {
          harm ||= 'timer'
          pass(Math.max(0, next - clock.steady), { wall: true })
        },
      },
    ]
  }

  /** What can be done once in a schedule. */
  const deeds: readonly (readonly [Deed, string, () => void])[] = [
    [
      'close',
      'close()',
      () => {
        monitor.onClose()
        client.close()
      },
    ],
    ['reattest', 'reattest()', reattest],
    [
      'an hour',
      'an hour passes',
      () => {
        pass(hour + 1000, { wall: true })
      },
    ],
    [
      'ahead',
      'the wall clock jumps an hour ahead',
      () => {
        clock.wall += hour + 1000
      },
    ],
    [
      'beyond',
      'the wall clock jumps beyond the evidence',
      () => {
        clock.wall += 4 * hour
      },
    ],
    [
      'back',
      'the wall clock jumps back',
      () => {
        clock.wall -= 120_000
      },
    ],
    [
      'kept back',
      'an hour passes, and the wall clock is kept back',
      () => {
        pass(hour + 1000, { wall: false })
      },
    ],
  ]

  function reattest(): void {
    const one = { isOver: false }
    reattests.push(one)
    monitor.onReattest()
    client.reattest().then(
      () => {
        activity++
        one.isOver = true
      },
      (error: unknown) => {
        activity++
        one.isOver = true
        guard(() => {
          monitor.onError(error, undefined)
        })
      },
    )
  }

  function deedOptions(): Option[] {
    const { deeds: kinds } = scenario
    const made: Option[] = []
    for (const call of calls) {
      const isOpen = call.state === 'started' || call.state === 'answered'
      if (isOpen && !call.isAborted && kinds.includes('abort'))
        made.push({
          label: `request ${call.number}: its caller aborts`,
          run: () => {
            harm ||= 'abort'
            call.isAborted = true
            ;(controllers[call.number - 1] as AbortController).abort(call.reason)
          },
        })
      const reader = readers.get(call)
      if (call.state === 'answered' && reader !== undefined && kinds.includes('cancel'))
        made.push({
          label: `request ${call.number}: its caller cancels the body`,
          run: () => {
            harm ||= 'cancel'
            call.state = 'read'
            reader.cancel(call.reason).catch(() => undefined)
          },
        })
    }
    for (const [kind, label, run] of deeds) {
      if (!kinds.includes(kind) || done.has(kind) || (kind === 'reattest' && done.has('close'))) continue
      made.push({
        label,
        run: () => {
          done.add(kind)
          harm ||= kind
          run()
        },
      })
    }
    return made
  }

  // ── the schedule ────────────────────────────────────────────────────────────────────────────────────────────────────

  function take(list: Option[]): Option[] {
    return list.map((option) => ({
      label: option.label,
      run: () => {
        list.splice(list.indexOf(option), 1)
        return option.run()
      },
    }))
  }

  /** What can happen now; first what would happen if nothing went wrong. */
  function enabled(): Option[] {
    const waiting = calls.find(({ state }) => state === 'waiting')
    const isOpen = calls.some(({ state }) => state === 'started' || state === 'answered')
    const starts =
      waiting === undefined
        ? []
        : [
            {
              label: `request ${waiting.number} is made`,
              run: () => {
                begin(waiting)
              },
            },
          ]
    const isFirst = scenario.isTogether || !isOpen
    const going = [
      ...take(gates),
      ...pullOptions(),
      ...exchanges
        .filter(({ isOver }) => !isOver)
        .flatMap((one) => (one.post === undefined ? evidenceOptions(one) : dataOptions(one))),
      ...deliveries.filter(({ isOver }) => !isOver).flatMap(responseOptions),
      ...take(reads),
    ]
    const certain = [...(isFirst ? starts : []), ...going, ...(isFirst ? [] : starts), ...take(late)]
    const all = certain.length > 0 ? certain : timerOptions()
    return all.length === 0
      ? []
      : [...all, ...(certain.length > 0 && scenario.deeds.includes('timer') ? timerOptions() : []), ...deedOptions()]
  }

  /** Pulls come in pairs: both go when one is taken. */
  function pullOptions(): Option[] {
    return pulls.map((option, at) => ({
      label: option.label,
      run: () => {
        pulls.splice(at - (at % 2), 2)
        return option.run()
      },
    }))
  }

  const rejections: unknown[] = []
  const onRejection = (error: unknown): void => {
    rejections.push(error)
  }
  process.on('unhandledRejection', onRejection)
  try {
    await check()
    return outcome(monitor.violation)
  } catch (error) {
    if (error instanceof Violation) return outcome(error)
    throw error
  } finally {
    process.off('unhandledRejection', onRejection)
    control.point = () => undefined
  }

  async function check(): Promise<void> {
    for (let steps = 0; ; steps++) {
      await drain()
      for (const { post, sent } of exchanges) {
        if (post === undefined || post.opened !== undefined) continue
        monitor.onBytes(sent)
        const opened = await elsewhere(() => parties.open(sent))
        if (opened !== undefined) monitor.onOpened(post, opened)
      }
      if (monitor.violation !== undefined) return
      monitor.step(client.result, client.state)
      if (rejections.length > 0) throw new Violation('no other error', `unhandled rejection: ${String(rejections[0])}`)
      const possible = enabled()
      if (possible.length === 0) break
      if (steps > maximumSteps) throw new Violation('no hang', 'the schedule has no end')
      const { label, run } = possible[possible.length === 1 ? 0 : choose(possible.length)] as Option
      trace.push(label)
      await run()
    }
    await atEnd()
  }

  /** Nothing is left that could happen: everybody must have what they wait for. */
  // eslint-disable-next-line @typescript-eslint/require-await -- throws
  async function atEnd(): Promise<void> {
    for (const { sent, post } of exchanges) {
      if (post !== undefined) monitor.onBytes(sent)
      if (post?.opened === undefined && post !== undefined && sent.length > 100 && exchanges.length > 0)
        throw new Violation('no wrong key', `${sent.length} bytes of post ${post.number} that no known key opens`)
    }
    for (const { number, state } of calls)
      if (state !== 'read' && state !== 'failed')
        throw new Violation('no hang', `request ${number} is ${state} for ever`)
    if (reattests.some(({ isOver }) => !isOver)) throw new Violation('no hang', 'reattest() waits for ever')
    if (timers.size > 0) throw new Violation('no hang', 'a timer is left')
    const failure = calls.find(({ state }) => state === 'failed')
    if (harm === '' && failure !== undefined)
      throw new Violation('no failure without a cause', `request ${failure.number}: ${String(failure.failure)}`)
  }

  function outcome(violation: Violation | undefined): Outcome {
    return { violation, trace, states, ends: calls.map(endOf) }
  }
}

/** In one word. */
function endOf({ state, failure, reason, broken }: Call): string {
  if (state !== 'failed') return state
  if (failure === reason) return 'aborted'
  if (failure === broken) return 'broken'
  return failure instanceof Error && 'code' in failure ? String(failure.code) : String(failure)
}

function callOf(plan: Plan, at: number): Call {
  const number = at + 1
  return {
    number,
    plan,
    path: `/${marker}-path-${number}?q=${marker}`,
    body: plan.body === 'none' ? '' : `${marker}-body-${number} and more of it`,
    reason: new Error(`the caller of request ${number} aborted`),
    broken: new Error(`the body of request ${number} broke`),
    state: 'waiting',
    failure: undefined,
    status: undefined,
    headers: undefined,
    text: '',
    isAborted: false,
  }
}

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

export type { Monitor }
