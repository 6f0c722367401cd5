/**
 * Counts calls of WebCrypto. The library takes its functions when it is loaded: count first, load
 * then.
 */
import { AsyncLocalStorage } from 'node:async_hooks'

export interface SubtleCalls {
  /** The names of the functions that were called, in order. */
  readonly calls: string[]
  /** Calls whose promises are pending. */
  readonly underWay: ReadonlySet<Promise<unknown>>
  /** Runs `body`, and counts nothing that it calls. */
  readonly uncounted: <T>(body: () => T) => T
  /** Gives `crypto.subtle` its own functions back. */
  readonly restore: () => void
}

/** Replaces every function of `crypto.subtle`, until `restore`. */
export function countSubtleCalls(): SubtleCalls {
  const isUncounted = new AsyncLocalStorage<boolean>()
  const calls: string[] = []
  const underWay = new Set<Promise<unknown>>()
  const replaced: string[] = []
  for (const name of Object.getOwnPropertyNames(SubtleCrypto.prototype) as (keyof SubtleCrypto)[]) {
    const original: unknown = crypto.subtle[name]
    if (name === ('constructor' as never) || typeof original !== 'function') continue
    Object.defineProperty(crypto.subtle, name, {
      value: (...parameters: unknown[]) => {
        const work = (original as (...given: unknown[]) => Promise<unknown>).apply(crypto.subtle, parameters)
        if (isUncounted.getStore() !== true) calls.push(name)
        const noted: Promise<unknown> = Promise.resolve(work).then(
          () => underWay.delete(noted),
          () => underWay.delete(noted),
        )
        underWay.add(noted)
        return work
      },
      configurable: true,
    })
    replaced.push(name)
  }
  // They are inherited: what is taken away here is only what was put in front of them.
  const restore = (): void => {
    for (const name of replaced) Reflect.deleteProperty(crypto.subtle, name)
  }
  return { calls, underWay, uncounted: (body) => isUncounted.run(true, body), restore }
}
