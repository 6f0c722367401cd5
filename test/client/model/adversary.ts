/**
 * What is between the client and the enclave: passes on, or does anything else that the scenario
 * lets it do.
 */
import { concatBytes, equalBytes } from '../../../src/encoding/bytes.ts'
import { bodyOf, type Post } from './monitor.ts'
import type { Delivery, Exchange, Network } from './network.ts'
import type { Bytes, Evidence, EvidenceKind, PartyKey } from './parties.ts'
import type { DataAnswer, EvidenceAnswer, ResponseFault } from './scenario.ts'
import type { Option, World } from './world.ts'

/** A response of the enclave's. */
interface Answered {
  readonly post: Post
  readonly pieces: readonly Bytes[]
}

/** Only a request that is there to its end can be executed. */
const needsAll: readonly DataAnswer[] = ['fails later', '422 later', 'date', 'twice']
const cmw = 'application/cmw+json'
const sealedType = 'message/ohttp-chunked-res'
const problem = 'application/problem+json'

const wrap = ({ bytes }: Evidence): Bytes =>
  new TextEncoder().encode(`["application/cbor","${Buffer.from(bytes).toString('base64url')}",4]`)

/**
 * What may become of everything that is on its way. In each case, first what would happen if
 * nothing went wrong.
 */
export function createAdversary(world: World, network: Network): () => Option[] {
  const { scenario, parties, monitor, clock } = world
  const answers = { evidence: [] as Evidence[], responses: [] as Answered[] }
  /** What the enclave has opened, by its encapsulated key, and executed, by its identifier. */
  const seen = new Set<string>()
  const executed = new Set<string>()

  function harmful<Way extends string>(
    ways: readonly Way[],
    prefix: string,
    acts: Readonly<Record<Way, () => void | Promise<void>>>,
  ): Option[] {
    return ways.map((way) => ({
      label: prefix + way,
      run: () => {
        world.harm = way
        return acts[way]()
      },
    }))
  }

  function enclaveKey(): PartyKey {
    const at = scenario.isKeyNew === false ? 0 : answers.evidence.length % parties.keys.length
    return parties.keys[at] as PartyKey
  }

  function evidenceOptions(exchange: Exchange): Option[] {
    const nonce = exchange.evidenceNonce as string
    const attacker = parties.attackerKeys[nonce.charCodeAt(1) % 2] as PartyKey
    const give = async (kind: EvidenceKind, about: string, key: PartyKey): Promise<void> => {
      const evidence = await world.elsewhere(() => parties.evidence(kind, about, key))
      if (kind === 'fresh') answers.evidence.push(evidence)
      network.answer(exchange, 200, cmw, wrap(evidence))
    }
    const ways: Record<EvidenceAnswer, () => void | Promise<void>> = {
      'other build': () => give('other build', nonce, attacker),
      'other root': () => give('other root', nonce, attacker),
      'other key': () => give('other key', nonce, attacker),
      old: () => give('fresh', 'ee'.repeat(32), parties.keys.at(-1) as PartyKey),
      previous() {
        network.answer(exchange, 200, cmw, wrap(answers.evidence.at(-1) as Evidence))
      },
      'no answer'() {
        exchange.isOver = true
      },
      fails() {
        exchange.settle(new TypeError('fetch failed'))
      },
      '422'() {
        network.answer(exchange, 422, problem, '{}')
      },
      '500'() {
        network.answer(exchange, 500, 'text/plain', 'no')
      },
      redirect() {
        network.answer(exchange, 307, cmw, '')
      },
      garbage() {
        network.answer(exchange, 200, cmw, '["application/cbor","AAAA",4]')
      },
      async cut() {
        const evidence = await world.elsewhere(() => parties.evidence('fresh', nonce, enclaveKey()))
        network.answer(exchange, 200, cmw, wrap(evidence).slice(0, 1000))
      },
      async breaks() {
        const evidence = await world.elsewhere(() => parties.evidence('fresh', nonce, enclaveKey()))
        const { controller } = network.open(exchange, cmw)
        controller.enqueue(wrap(evidence).slice(0, 1000))
        controller.error(new TypeError('terminated'))
      },
      stalls() {
        network.open(exchange, cmw)
      },
    }
    const allowed = scenario.evidence.filter((way) => way !== 'previous' || answers.evidence.length > 0)
    return [
      { label: 'evidence: the enclave answers', run: () => give('fresh', nonce, enclaveKey()) },
      ...harmful(allowed, 'evidence: ', ways),
    ]
  }
  /**
   * The enclave's answer to what was sealed for it; `undefined` when it refuses in the clear. It
   * executes each identifier once, whatever the key.
   */
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
    world.guard(() => {
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
    const others = network.exchanges.filter(
      (one) => one !== exchange && one.post !== undefined && one.isSent && !one.isOver,
    )
    const earlier = answers.responses.filter((one) => one.post !== post)
    const pass = async (): Promise<void> => {
      const pieces = await world.elsewhere(() => execute(exchange))
      if (pieces === undefined) network.answer(exchange, 400, 'text/plain', 'The request was refused.')
      else {
        monitor.onAnswer(post, 'answered')
        network.deliver(exchange, pieces)
      }
    }
    const ways: Record<DataAnswer, () => void | Promise<void>> = {
      '422'() {
        monitor.onAnswer(post, 'key unknown')
        network.answer(exchange, 422, problem, '{}')
      },
      async '422 later'() {
        await world.elsewhere(() => execute(exchange))
        monitor.onAnswer(post, 'key unknown')
        network.answer(exchange, 422, problem, '{}')
      },
      async date() {
        const pieces = await world.elsewhere(() => execute(exchange, false))
        monitor.onAnswer(post, 'date')
        network.deliver(exchange, pieces ?? [])
      },
      '500'() {
        network.answer(exchange, 500, 'text/plain', 'no')
      },
      redirect() {
        network.answer(exchange, 307, sealedType, '')
      },
      plain() {
        network.answer(exchange, 200, 'text/plain', 'yes, of course')
      },
      garbage() {
        network.answer(exchange, 200, sealedType, new Uint8Array(200).fill(7))
      },
      empty() {
        network.answer(exchange, 200, sealedType, new Uint8Array())
      },
      'no answer'() {
        exchange.isOver = true
      },
      fails() {
        exchange.settle(new TypeError('fetch failed'))
      },
      async 'fails later'() {
        await world.elsewhere(() => execute(exchange))
        exchange.settle(new TypeError('fetch failed'))
      },
      async swapped() {
        const other = others[0] as Exchange
        network.deliver(exchange, (await world.elsewhere(() => execute(other))) ?? [])
      },
      replayed() {
        network.deliver(exchange, (earlier.at(-1) as Answered).pieces)
      },
      async twice() {
        await world.elsewhere(() => execute(exchange))
        await pass()
      },
    }
    const isPossible = (way: DataAnswer): boolean => {
      if (way === 'swapped') return others.length > 0
      if (way === 'replayed') return earlier.length > 0
      // Of a request that is not dated, no date is wrong.
      if (way === 'date' && post.opened?.head.headers.some(([name]) => name === 'date') !== true) return false
      return exchange.isSent || !needsAll.includes(way)
    }
    return [
      ...(exchange.isSent ? [{ label: `${exchange.label}: the enclave answers`, run: pass }] : []),
      ...harmful(scenario.data.filter(isPossible), `${exchange.label}: `, ways),
    ]
  }

  function responseOptions(delivery: Delivery): Option[] {
    const { controller, label } = delivery
    const [next, ...more] = delivery.pieces
    const give = (piece: Bytes): void => {
      delivery.came.push(piece)
      controller.enqueue(piece)
    }
    const end = (): void => {
      delivery.isOver = true
      // Two faults may undo each other.
      const isWhole = equalBytes(concatBytes(...delivery.came), concatBytes(...delivery.whole))
      if (!isWhole && delivery.post !== undefined) monitor.onDamage(delivery.post)
      controller.close()
    }
    const go = (piece: Bytes | undefined, rest: readonly Bytes[]): void => {
      delivery.pieces = rest
      if (piece === undefined) end()
      else give(piece)
      if (piece !== undefined && rest.length === 0) end()
    }
    if (next === undefined) return [{ label: `${label}: its response ends`, run: end }]
    const other = answers.responses.find(({ pieces }) => !pieces.includes(next))
    const ways: Record<ResponseFault, () => void> = {
      cut: end,
      'cut inside'() {
        give(next.slice(0, next.length - 1))
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
        const [first, ...rest] = (other as Answered).pieces
        go(first, rest)
      },
      longer() {
        go(next, [...more, new Uint8Array(20)])
      },
    }
    const possible = scenario.response.filter((way) => way !== 'spliced' || other !== undefined)
    return [
      {
        label: `${label}: its response goes on`,
        run: () => {
          go(next, more)
        },
      },
      ...harmful(possible, `${label}: its response is `, ways),
    ]
  }

  return () => [
    ...network.exchanges
      .filter(({ isOver }) => !isOver)
      .flatMap((one) => (one.post === undefined ? evidenceOptions(one) : dataOptions(one))),
    ...network.deliveries.filter(({ isOver }) => !isOver).flatMap(responseOptions),
  ]
}
