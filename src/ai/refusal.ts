/**
 * What an AI client makes of a refusal, undone: SDKs wrap what their `fetch` throws, and some ask
 * for it again and again.
 */
import { AttestationError } from '../core/errors.ts'

/**
 * A function shaped like `fetch` that attests first: what `attestedFetch` of `veritee/client`
 * returns.
 */
interface Attesting {
  readonly result: unknown
  reattest(): Promise<unknown>
}

const maximumSteps = 8

/**
 * The refusal inside what an SDK threw: the very error of this library, found by its class behind
 * `cause`, `lastError` or `error`.
 *
 * ```ts
 * await client.chat.completions.create(request).catch((error: unknown) => { throw refusalOf(error) ?? error })
 * ```
 * @returns `undefined` where there is none: some SDKs drop it (`send.refusal` then has it)
 */
export function refusalOf(error: unknown): AttestationError | undefined {
  let layer: readonly unknown[] = [error]
  for (let step = 0; step <= maximumSteps && layer.length > 0; step++) {
    const own = layer.find((one) => one instanceof AttestationError)
    if (own !== undefined) return own
    layer = layer.flatMap(within).slice(0, maximumSteps)
  }
  return undefined
}

/** What an error holds; a getter that throws holds nothing. */
function within(error: unknown): readonly unknown[] {
  if (Object(error) !== error) return []
  return ['cause', 'lastError', 'error'].flatMap((name) => {
    try {
      return [(error as Readonly<Record<string, unknown>>)[name]]
    } catch {
      return []
    }
  })
}

/**
 * A subclass of an SDK's client (OpenAI's and Anthropic's) that attests before it prepares a
 * request: a refusal is then thrown as itself, once, and not wrapped and tried again. It says no
 * more than `fetch: send` does alone, which remains what keeps a prompt from leaving.
 *
 * ```ts
 * const client = new (verifiedFirst(OpenAI))({ apiKey, baseURL: 'https://enclave.example/v1', fetch: send, maxRetries: 0 })
 * ```
 * @param Client its constructor takes `{ fetch }`, which must be an `attestedFetch`; else
 *   constructing it is a `TypeError`
 * @throws TypeError when `Client` is no class with `prepareOptions`
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- what TypeScript wants of a class that is extended
export function verifiedFirst<Class extends new (...args: any[]) => object>(Client: Class): Class {
  if (
    typeof Client !== 'function' ||
    typeof (Client.prototype as { prepareOptions?: unknown }).prepareOptions !== 'function'
  )
    throw new TypeError('Client must be a class with prepareOptions, as those of OpenAI and Anthropic are')
  // A subclass: what makes other instances out of this one (`withOptions`) makes them of this
  // class.
  return class extends Client {
    readonly #send: Attesting

    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as above
    constructor(...args: any[]) {
      super(...(args as unknown[]))
      const { fetch: send } = Object(args[0]) as { readonly fetch?: unknown }
      const isAttesting = typeof send === 'function' && 'result' in send && 'reattest' in send
      if (!isAttesting) throw new TypeError('fetch must be what attestedFetch returns')
      this.#send = send as unknown as Attesting
    }

    async prepareOptions(...args: unknown[]): Promise<void> {
      if (this.#send.result === undefined) await this.#send.reattest()
      const { prepareOptions } = Client.prototype as { prepareOptions(...args: unknown[]): Promise<void> }
      await prepareOptions.apply(this, args)
    }
  }
}
