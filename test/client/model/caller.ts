/**
 * Who uses the client: makes requests, reads responses, aborts, closes, and has clocks that go
 * wrong.
 */
import { type Call, marker } from './monitor.ts'
import type { Deed } from './scenario.ts'
import type { Client } from './schedule.ts'
import type { Option, World } from './world.ts'

export interface Caller {
  /** The next request, if there is one. */
  readonly starts: () => Option[]
  /** Bodies that go on. */
  readonly pulls: () => Option[]
  /** The next timer, if there is one. */
  readonly timers: () => Option[]
  /** What may be done at any time. */
  readonly deeds: () => Option[]
  /** What the caller still waits for. */
  readonly missing: () => string | undefined
}

const hour = 3_600_000

export function createCaller(world: World, client: Client): Caller {
  const { scenario, monitor, clock, timers, waiting, calls } = world
  const controllers = calls.map(() => new AbortController())
  const readers = new Map<Call, ReadableStreamDefaultReader<Uint8Array>>()
  const pulls: Option[] = []
  const reattests: { isOver: boolean }[] = []
  const done = new Set<Deed>()

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
        world.touch()
        call.state = 'answered'
        call.status = response.status
        call.headers = response.headers
        world.guard(() => {
          monitor.onResponse(call)
        })
        void read(call, response)
      },
      (error: unknown) => {
        failed(call, error)
      },
    )
  }
  function failed(call: Call, error: unknown): void {
    if (call.state === 'read' || call.state === 'failed') return
    world.touch()
    call.state = 'failed'
    call.failure = error
    world.guard(() => {
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
        if (scenario.isLazy === true) await world.gate(`request ${call.number}: the caller reads`, waiting.reads)
        if (isOver()) return
        const next = (await reader?.read()) ?? { done: true, value: undefined }
        world.touch()
        if (isOver()) return
        if (next.value !== undefined) call.text += decoder.decode(next.value, { stream: true })
        world.guard(() => {
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
          world.touch()
          world.guard(() => {
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
                world.harm = 'body'
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

  function timerOptions(): Option[] {
    const next = Math.min(...timers.values())
    if (next === Infinity) return []
    return [
      {
        label: 'the next timer goes off',
        run: () => {
          world.harm ||= 'timer'
          world.pass(Math.max(0, next - clock.steady), { wall: true })
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
        world.pass(hour + 1000, { wall: true })
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
        world.pass(hour + 1000, { wall: false })
      },
    ],
  ]

  function reattest(): void {
    const one = { isOver: false }
    reattests.push(one)
    monitor.onReattest()
    client.reattest().then(
      () => {
        world.touch()
        one.isOver = true
      },
      (error: unknown) => {
        world.touch()
        one.isOver = true
        world.guard(() => {
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
            world.harm ||= 'abort'
            call.isAborted = true
            ;(controllers[call.number - 1] as AbortController).abort(call.reason)
          },
        })
      const reader = readers.get(call)
      if (call.state === 'answered' && reader !== undefined && kinds.includes('cancel'))
        made.push({
          label: `request ${call.number}: its caller cancels the body`,
          run: () => {
            world.harm ||= 'cancel'
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
          world.harm ||= kind
          run()
        },
      })
    }
    return made
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

  return {
    starts() {
      const call = calls.find(({ state }) => state === 'waiting')
      if (call === undefined) return []
      const run = (): void => {
        begin(call)
      }
      return [{ label: `request ${call.number} is made`, run }]
    },
    pulls: pullOptions,
    timers: timerOptions,
    deeds: deedOptions,
    missing() {
      const call = calls.find(({ state }) => state !== 'read' && state !== 'failed')
      if (call !== undefined) return `request ${call.number} is ${call.state} for ever`
      return reattests.some(({ isOver }) => !isOver) ? 'reattest() waits for ever' : undefined
    },
  }
}
