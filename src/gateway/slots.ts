/**
 * A limit on how many things go on at once. Nobody waits for a slot: a queue would only hide that there is too much to do.
 */

/** Takes a slot and returns the function that gives it back, which may be called more than once; `undefined` when none is free. */
export type Slots = () => (() => void) | undefined

export function createSlots(maximum: number): Slots {
  let taken = 0
  return () => {
    if (taken >= maximum) return undefined
    taken++
    let isMine = true
    return () => {
      if (isMine) taken--
      isMine = false
    }
  }
}
