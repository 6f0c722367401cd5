/**
 * The page hears what its gate has to tell: for a user interface, and for monitoring.
 */
import { requireOption } from '../core/options.ts'
import { type GateNews, marker, newsOf } from './answer.ts'
import { pageWorld, type PageWorld } from './install.ts'

/**
 * Calls `listener` with the state of the gate that controls this page, now and at each change, and
 * with the reason of everything that is refused. Start it after `installGate`. It proves nothing:
 * it says what the worker says.
 * @returns what ends it
 * @throws TypeError when `listener` is no function; VerificationError `unsupported` without service
 *   workers
 * @example
 * ```ts
 * const stop = watchGate(({ of, state, code }) => {
 *   if (code?.startsWith('policy-')) show('The service runs another build.')
 *   else if (code === 'client-transport') show('The network is down.')
 *   else show(state)
 * })
 * ```
 */
export function watchGate(listener: (news: GateNews) => void): () => void {
  return watchIn(pageWorld(), listener)
}

/** {@link watchGate} in a world of its own: for tests. */
export function watchIn({ workers }: Pick<PageWorld, 'workers'>, listener: (news: GateNews) => void): () => void {
  requireOption('listener', 'a function', typeof listener === 'function')
  const end = new AbortController()
  workers.addEventListener(
    'message',
    ({ data, source }) => {
      const news = newsOf(data)
      if (news && source === workers.controller) listener(news)
    },
    end,
  )
  workers.startMessages()
  workers.controller?.postMessage(marker)
  return () => {
    end.abort()
  }
}
