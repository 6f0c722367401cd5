/**
 * What a gate says to its page: the answer to a request that it refuses, its news, and the one word
 * that marks both as its own.
 */
import type { ClientState } from '../client/options.ts'

/**
 * Header of the gate's refusals, and name of its messages. The gate takes this header from
 * everything that an enclave answers, so that only the gate can say it.
 */
export const marker = 'veritee-gate'

/** Why the gate refused a request. */
export interface GateRefusal {
  /**
   * Of the error that kept the request from the enclave, or `gate-address`, `gate-request`,
   * `gate-expired`, `gate-redirect`, `gate-failed`.
   */
  readonly code: string
  /** What the response says: 400, 421, 500, 502, 503 or 504. */
  readonly status: number
}

/** What a gate tells its pages. */
export interface GateNews {
  /**
   * What the news is of: the session with the enclave, a request that was refused, or an answer
   * that broke off.
   */
  readonly of: 'session' | 'request' | 'response'
  /** The state of the session. */
  readonly state: ClientState
  /**
   * Why it was refused, or broke off. `policy-…` is an enclave that is genuine and runs another
   * build; `client-transport` is the network.
   */
  readonly code: string | undefined
  /** The policy of the worker that says so, and the name that it answers to. */
  readonly policyVersion: number
  readonly name: string
}

/**
 * Tells a refusal of the gate from an answer of the enclave. The body of a refusal is
 * `application/problem+json` (RFC 9457) with `code` and, for people, `detail`. It proves nothing of
 * responses from other addresses than the gate's name.
 * @returns `undefined` for what the enclave answered
 * @example
 * ```ts
 * const response = await fetch('https://payments.invalid/pay', { method: 'POST', body })
 * const refusal = gateRefusalOf(response)
 * if (refusal?.code.startsWith('policy-')) show('The service was updated. Please reload.')
 * else if (refusal?.status === 503) show('No network.')
 * ```
 */
export function gateRefusalOf({ headers, status }: Response): GateRefusal | undefined {
  const code = headers.get(marker)
  return code === null ? undefined : { code, status }
}

/** What a message says, where it is one of a gate. */
export function newsOf(data: unknown): GateNews | undefined {
  return (Object(data) as { readonly [marker]?: GateNews })[marker]
}

/** A response that only a gate makes. */
export function refusalFor(error: unknown): Response {
  const code = reasonOf(error)
  const status = statusOf(code)
  const { message } = Object(error) as Partial<Error>
  return new Response(JSON.stringify({ status, code, detail: message }), {
    status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', [marker]: code },
  })
}

/** The code of an error, from any copy of the library. */
export function reasonOf(error: unknown): string {
  const { code } = Object(error) as { readonly code?: unknown }
  if (typeof code === 'string' && /^[a-z\d-]+$/.test(code)) return code
  return error instanceof TypeError ? 'gate-request' : 'gate-failed'
}

function statusOf(code: string): number {
  // The page asked for what cannot be sealed.
  if (code === 'gate-request') return 400
  // Misdirected: the enclave's own address, or one that is almost the gate's name.
  if (code === 'gate-address') return 421
  if (code === 'gate-failed') return 500
  // No network, or nothing to use it with.
  if (/^(?:client-transport|client-closed|gate-expired)$/.test(code)) return 503
  // There is no answer in time, or it is not the answer of the enclave that is expected.
  return code === 'client-timeout' ? 504 : 502
}
