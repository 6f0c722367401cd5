/**
 * Waiting, with an end: nothing that others do or leave undone may keep a caller waiting for ever.
 */
import { VerificationError } from '../core/errors.ts'
import type { Runtime } from './runtime.ts'

/** How long, and who may end it before. */
export interface Wait {
  readonly milliseconds: number
  readonly signal: AbortSignal
  /** What it is waited for, for the message. */
  readonly what: string
}

/**
 * What `work` comes to, if it comes within `milliseconds` and no caller aborts. The first outcome
 * counts; whatever `work` comes to later is ignored.
 * @param work gets a signal that is aborted when no caller waits any more, and a function that starts
 *   the time anew
 * @throws VerificationError `client-timeout`; the reason of `signal`
 */
export async function within<T>(
  { after }: Runtime,
  { milliseconds, signal, what }: Wait,
  work: (signal: AbortSignal, progress: () => void) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted()
  const own = new AbortController()
  return new Promise<T>((resolve, reject) => {
    let isSettled = false
    const settle = (act: () => void): void => {
      isSettled = true
      stop()
      signal.removeEventListener('abort', abort)
      act()
    }
    const giveUp = (reason: unknown): void => {
      settle(() => {
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- callers abort with whatever reason they like
        reject(reason)
      })
      own.abort(reason)
    }
    const abort = (): void => {
      giveUp(signal.reason)
    }
    const arm = (): (() => void) =>
      milliseconds === Infinity
        ? () => undefined
        : after(milliseconds, () => {
            giveUp(new VerificationError('client-timeout', `${what} took longer than ${milliseconds / 1000} s`))
          })
    let stop = arm()
    const progress = (): void => {
      stop()
      if (!isSettled) stop = arm()
    }
    signal.addEventListener('abort', abort)
    work(own.signal, progress).then(
      (value) => {
        settle(() => {
          resolve(value)
        })
      },
      (error: unknown) => {
        settle(() => {
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- as it came
          reject(error)
        })
      },
    )
  })
}
