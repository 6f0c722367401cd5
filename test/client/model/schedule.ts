/**
 * One schedule: a client in a world where every order is chosen. Nothing here has a clock, a timer
 * or a network of its own; whatever may happen next is in a list, and the schedule says which of it
 * does. Between two choices, everything that goes on by itself goes on to its end.
 */
import { control } from './deterministic-crypto.ts'
import { createClient } from '../../../src/client/attested-fetch.ts'
import type { AttestedFetchOptions, ClientState } from '../../../src/client/options.ts'
import type { Runtime } from '../../../src/client/runtime.ts'
import type { AttestationResult } from '../../../src/core/result.ts'
import { createAdversary } from './adversary.ts'
import { createCaller } from './caller.ts'
import type { Choose } from './choices.ts'
import { type Call, origin, Violation } from './monitor.ts'
import { createNetwork } from './network.ts'
import type { Bytes, Parties } from './parties.ts'
import type { Scenario } from './scenario.ts'
import { clientEvidence, createWorld, type Option } from './world.ts'

/** What is broken on purpose, to see that it is noticed. */
export interface Sabotage {
  readonly runtime?: (runtime: Runtime) => Runtime
  readonly options?: (options: AttestedFetchOptions, parties: Parties) => AttestedFetchOptions
  readonly client?: (client: Client, runtime: Runtime) => Client
}

/** What of a client is used here. */
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
  /** How each request ended: `read`, or a code. */
  readonly ends: readonly string[]
  readonly states: readonly string[]
}

const maximumSteps = 250

export async function runSchedule(
  scenario: Scenario,
  choose: Choose,
  parties: Parties,
  sabotage: Sabotage = {},
): Promise<Outcome> {
  const world = createWorld(scenario, choose, parties)
  const { clock, monitor, calls, timers, trace, waiting } = world
  const network = createNetwork(world)
  const states: string[] = []
  let attested = 0
  let lastRandom: Bytes | undefined

  const runtime: Runtime = {
    isolatesRequests: scenario.isIsolated === true,
    fetch: (input, init = {}) => network.fetch(input as string, init),
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
          const kind = world.pick(['sound', 'repeated', 'zeros'], 'random source')
          if (kind === 1 && lastRandom !== undefined) bytes = lastRandom
          if (kind === 2) bytes = new Uint8Array(size)
          if (kind > 0) world.harm = 'random'
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
      await world.gate('the verifier answers', waiting.gates)
      return world.elsewhere(() => parties.verify(copy, asked, clock.wall))
    },
    binding: async ({ publicKey }) => {
      await world.gate('the key is found', waiting.gates)
      return publicKey as Bytes
    },
    onState: (event) => {
      world.touch()
      states.push(event.code === undefined ? event.state : `${event.state}: ${event.code}`)
      monitor.onState(event)
    },
    upload: scenario.upload ?? 'stream',
    ...(scenario.isMutual === true && { attest: () => clientEvidence }),
  }

  const inner = createClient(
    origin,
    sabotage.options?.(options, parties) ?? options,
    sabotage.runtime?.(runtime) ?? runtime,
  )
  const client: Client = sabotage.client?.(inner, runtime) ?? inner
  const caller = createCaller(world, client)
  const adversary = createAdversary(world, network)

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
    const isOpen = calls.some(({ state }) => state === 'started' || state === 'answered')
    const isFirst = scenario.isTogether || !isOpen
    const starts = caller.starts()
    const certain = [
      ...(isFirst ? starts : []),
      ...take(waiting.gates),
      ...caller.pulls(),
      ...adversary(),
      ...take(waiting.reads),
      ...(isFirst ? [] : starts),
      ...take(waiting.held),
    ]
    // Where nothing else can happen, the next timer goes off; elsewhere it may.
    if (certain.length === 0) {
      const next = caller.timers()
      return next.length === 0 ? [] : [...next, ...caller.deeds()]
    }
    return [...certain, ...(scenario.deeds.includes('timer') ? caller.timers() : []), ...caller.deeds()]
  }

  /** What left since the last step, opened. */
  async function inspect(): Promise<void> {
    for (const { post, sent } of network.exchanges) {
      if (post === undefined || post.opened !== undefined) continue
      monitor.onBytes(sent)
      const opened = await world.elsewhere(() => parties.open(sent))
      if (opened !== undefined) monitor.onOpened(post, opened)
    }
  }

  async function run(): Promise<void> {
    for (let steps = 0; ; steps++) {
      await world.drain()
      await inspect()
      if (monitor.violation !== undefined) return
      monitor.step(client.result, client.state)
      if (rejections.length > 0) throw new Violation('no other error', `unhandled rejection: ${String(rejections[0])}`)
      const possible = enabled()
      if (possible.length === 0) break
      if (steps > maximumSteps) throw new Violation('no hang', 'the schedule has no end')
      const option = possible[possible.length === 1 ? 0 : choose(possible.length)] as Option
      trace.push(option.label)
      await option.run()
    }
    checkEnd()
  }

  /** Nothing is left that could happen: callers must have what they wait for. */
  function checkEnd(): void {
    for (const { sent, post } of network.exchanges) {
      if (post === undefined) continue
      monitor.onBytes(sent)
      if (post.opened === undefined && sent.length > 100)
        throw new Violation('no wrong key', `${sent.length} bytes of post ${post.number} that no known key opens`)
    }
    const missing = caller.missing()
    if (missing !== undefined) throw new Violation('no hang', missing)
    if (timers.size > 0) throw new Violation('no hang', 'a timer is left')
    const failure = calls.find(({ state }) => state === 'failed')
    if (world.harm === '' && failure !== undefined)
      throw new Violation('no failure without a cause', `request ${failure.number}: ${String(failure.failure)}`)
  }

  const rejections: unknown[] = []
  const onRejection = (error: unknown): void => {
    rejections.push(error)
  }
  process.on('unhandledRejection', onRejection)
  let thrown: Violation | undefined
  try {
    await run()
  } catch (error) {
    if (!(error instanceof Violation)) throw error
    thrown = error
  } finally {
    process.off('unhandledRejection', onRejection)
    control.point = () => undefined
  }
  return { violation: monitor.violation ?? thrown, trace, states, ends: calls.map(endOf) }
}

/** In one word. */
function endOf({ state, failure, reason, broken }: Call): string {
  if (state !== 'failed') return state
  if (failure === reason) return 'aborted'
  if (failure === broken) return 'broken'
  return failure instanceof Error && 'code' in failure ? String(failure.code) : String(failure)
}
