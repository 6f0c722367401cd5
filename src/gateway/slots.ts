/**
 * Limits on how many things go on at once, in all and for one client. There is no waiting for a
 * slot: a queue would only hide that there is too much to do.
 */

/**
 * Takes a slot and returns the function that gives it back, which may be called more than once;
 * `undefined` when none is free.
 * @param client what the operator calls the client. Clients without a name count as one, so that
 * having none is no advantage
 */
export type Slots = (client: string | undefined) => (() => void) | undefined

/** @param maximumPerClient `Infinity` where clients are not told apart */
export function createSlots(maximum: number, maximumPerClient: number): Slots {
  let taken = 0
  /** Only clients that have a slot, so no more than there are slots. */
  const takenBy = new Map<string | undefined, number>()
  return (client) => {
    const own = takenBy.get(client) ?? 0
    if (taken >= maximum || own >= maximumPerClient) return undefined
    taken++
    takenBy.set(client, own + 1)
    let isMine = true
    return () => {
      if (!isMine) return
      isMine = false
      taken--
      const left = (takenBy.get(client) ?? 0) - 1
      if (left > 0) takenBy.set(client, left)
      else takenBy.delete(client)
    }
  }
}
