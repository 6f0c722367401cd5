/**
 * Whether an opened request may run now. It has the last word before the app sees anything, and
 * what it notes, it notes at once: two copies of a request cannot both pass.
 *
 * A key remembers what it has opened, so that the same bytes never run twice (`key-ring.ts`). This
 * is about two other things:
 *
 * - **A request that was withheld.** An attacker keeps it and delivers it hours later. It says when
 *   it was made, and runs only near that time.
 * - **A request that was sent again under another key.** It has a name (`veritee-request-id`), and
 *   runs once.
 *
 * Memory is bounded and nothing is forgotten early. A name is kept for twice the window: no copy of
 * the request that was made within a window of the first can then still pass by its date. When
 * there is no room, dated requests with names are refused as busy.
 *
 * A clock that is set back reopens nothing: no date up to the latest one that was forgotten is
 * accepted again.
 */
import type { Clock } from './clock.ts'
import type { InnerHead } from './inner-request.ts'
import type { KeyRing } from './key-ring.ts'
import type { GatewayPolicy } from './options.ts'

/** Says why a request must not run, or notes that it does. */
export type Admission = (head: Pick<InnerHead, 'date' | 'id'>) => 'date' | 'repeated' | 'busy' | undefined

/** How long a full memory is not searched again for what can be forgotten. */
const breathMs = 1000

export function createAdmission({ limits, clock }: GatewayPolicy, { names }: Pick<KeyRing, 'names'>): Admission {
  const windowMs = limits.requestAgeSeconds * 1000
  const dated = createDatedNames(2 * windowMs, limits.requestIds, clock)
  return ({ date, id }) => {
    // First, because a client takes `date` for "has not run".
    if (id !== undefined && (names.has(id) || dated.has(id))) return 'repeated'
    if (date === undefined) {
      if (limits.requireDated) return 'date'
      if (id !== undefined) names.add(id)
      return undefined
    }
    // Written so that a clock that says nothing refuses.
    if (!(Math.abs(clock.wall() - date) <= windowMs && date > dated.latestForgotten())) return 'date'
    return id === undefined || dated.add(id, date) ? undefined : 'busy'
  }
}

interface DatedNames {
  readonly has: (id: string) => boolean
  /** False when there is no room. */
  readonly add: (id: string, date: number) => boolean
  readonly latestForgotten: () => number
}

/** @param keepMs how long after its date a name is kept */
function createDatedNames(keepMs: number, maximum: number, { wall }: Clock): DatedNames {
  const dates = new Map<string, number>()
  let latestForgotten = -Infinity
  let searchedAt = wall()

  function forgetOld(): void {
    const now = wall()
    // All are looked at, so not each time.
    if (Math.abs(now - searchedAt) < (dates.size < maximum ? keepMs : breathMs)) return
    searchedAt = now
    for (const [id, date] of dates) {
      if (now - date <= keepMs) continue
      dates.delete(id)
      latestForgotten = Math.max(latestForgotten, date)
    }
  }

  return {
    has: (id) => dates.has(id),
    add(id, date) {
      forgetOld()
      if (dates.size >= maximum) return false
      dates.set(id, date)
      return true
    },
    latestForgotten: () => latestForgotten,
  }
}
