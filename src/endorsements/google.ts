/**
 * Fetches Google's list of certificates of Android phones that are no longer to be trusted. Nothing
 * signs the list: its deliverer decides which keys pass, so ask Google itself, or a server
 * that you trust as much.
 *
 * Source: "Verify hardware-backed key pairs with key attestation", developer.android.com.
 */
import { knownOptions, requireOption } from '../core/options.ts'
import { readTime } from '../core/time.ts'
import type { AndroidStatus } from '../formats/android/key/options.ts'
import { decodeStatusList, maximumStatusList } from '../formats/android/key/status-list.ts'
import { malformed } from '../encoding/reader.ts'
import { type Answer, type Fetch, getAll, readUrl } from './http.ts'

/** Google's own service. It sends no CORS headers: let a server of yours fetch. */
export const androidAttestationUrl = 'https://android.googleapis.com/attestation'

/** Whom to ask. */
export interface AndroidStatusRequest {
  /** {@link androidAttestationUrl}, or a proxy with the same paths. */
  readonly baseUrl: string
  /** `globalThis.fetch`, or something of its shape. Must not follow redirects when asked not to. */
  readonly fetch: Fetch
  /** When it is asked. Default: the clock, read once. */
  readonly now?: Date
  /** Ends what is under way, for time limits of yours: there is none here. */
  readonly signal?: AbortSignal
}

/** Whatever the service allows, a list is used no longer than this. */
const day = 86_400

/**
 * Asks for the list, once, and reads it as strictly as `verifyAndroidKey` does. Keep the object
 * until `validUntil`: that is how long the service lets its answer be kept (`Cache-Control:
 * max-age`, less `Age`), and a day at most. `verifyAndroidKey` refuses it after that.
 *
 * ```ts
 * const endorsements = await fetchAndroidStatus({ baseUrl: androidAttestationUrl, fetch: globalThis.fetch })
 * ```
 * @throws VerificationError `endorsement-fetch` when the service cannot be reached, redirects, or
 *   does not answer 200 within the size that is allowed; `endorsement-format` when the answer is no
 *   such list
 * @throws TypeError for a mistake in the request
 * @throws the reason of `signal` when it aborts
 */
export async function fetchAndroidStatus(request: AndroidStatusRequest): Promise<Required<AndroidStatus>> {
  const own = knownOptions<AndroidStatusRequest>(request, ['baseUrl', 'fetch', 'now', 'signal'])
  const { fetch, now, signal } = own
  requireOption('fetch', 'a function', typeof fetch === 'function')
  requireOption('signal', 'an AbortSignal', signal === undefined || signal instanceof AbortSignal)
  requireOption('now', 'a Date', now === undefined || now instanceof Date)
  const asked = readTime(now)
  const url = `${readUrl(own.baseUrl, 'baseUrl').replace(/\/$/, '')}/status`
  const [answer] = (await getAll([[url, maximumStatusList]], fetch as Fetch, signal)) as [Answer]
  const statusList = textOf(answer)
  decodeStatusList(statusList)
  return Object.freeze({ statusList, validUntil: new Date(asked + 1000 * lifetimeOf(answer)) })
}

function textOf({ body }: Answer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)
  } catch {
    throw malformed({ name: 'status list', code: 'endorsement-format' }, 'not UTF-8')
  }
}

/** In seconds (RFC 9111 section 4.2.1). */
function lifetimeOf({ headers }: Answer): number {
  const [, seconds = day] = /(?:^|[\s,])max-age=(\d+)(?:$|[\s,])/i.exec(headers.get('cache-control') ?? '') ?? []
  const age = Number(headers.get('age') ?? 0) || 0
  return Math.min(day, Math.max(0, Number(seconds) - age))
}
