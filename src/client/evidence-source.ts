/**
 * Where evidence comes from, when a provider has a way of its own to be asked for it. A source gets
 * a nonce, and nothing of any request; what it returns is unverified. Only what the verifier
 * returns and what the binding finds counts.
 */
import { AttestationError, VerificationError } from '../core/errors.ts'
import { type Bytes, copyBytes, isBytes } from '../encoding/bytes.ts'
import type { ClientPolicy } from './options.ts'
import type { EvidenceAnswer, EvidenceQuestion } from './question.ts'
import { ask, piecesOf } from './transport.ts'

/** An answer, in bytes of this client's own. */
export interface Answered {
  readonly evidence: Bytes
  readonly mediaType: string
  readonly keyConfig: Bytes | undefined
  readonly endorsements: unknown
  readonly context?: unknown
}

/**
 * Asks the caller's source, once. @throws VerificationError `client-evidence`; an error of this
 * library that the source throws
 */
export async function askSource(
  source: (question: EvidenceQuestion) => Promise<EvidenceAnswer>,
  nonce: Bytes,
  {
    policy,
    send,
    signal,
  }: { readonly policy: ClientPolicy; readonly send: typeof fetch; readonly signal: AbortSignal },
): Promise<Answered> {
  const own = new AbortController()
  const end = (): void => {
    own.abort(new VerificationError('client-closed', 'the evidence source has settled'))
  }
  signal.addEventListener('abort', end)
  let answer: unknown
  try {
    const limited = limitedFetch(send, policy, own.signal)
    answer = await source(Object.freeze({ nonce: nonce.slice(), signal, fetch: limited }))
  } catch (cause) {
    if (cause instanceof AttestationError) throw cause
    throw new VerificationError('client-evidence', 'the evidence source failed', { cause })
  } finally {
    end()
    signal.removeEventListener('abort', end)
  }
  const { evidence, mediaType = '', keyConfig, endorsements, context } = Object(answer) as Partial<EvidenceAnswer>
  const isKey = keyConfig === undefined || isBytes(keyConfig)
  if (!isBytes(evidence) || evidence.length === 0 || !isKey || typeof mediaType !== 'string')
    throw new VerificationError('client-evidence', 'the evidence source did not return evidence, as bytes')
  refuseMore(evidence.length + (keyConfig?.length ?? 0), policy.maximumEvidence)
  return {
    evidence: copyBytes(evidence),
    mediaType,
    keyConfig: keyConfig && copyBytes(keyConfig),
    endorsements,
    context,
  }
}

/** @throws VerificationError `client-evidence` */
function refuseMore(length: number, maximum: number): void {
  if (length > maximum)
    throw new VerificationError('client-evidence', {
      subject: 'bytes of the answer of the evidence endpoint',
      expected: `at most ${maximum}`,
      found: 'more',
    })
}

/** The fetch of one question. */
function limitedFetch(
  send: typeof fetch,
  { maximumEvidence, mayAsk }: ClientPolicy,
  signal: AbortSignal,
): typeof fetch {
  let length = 0
  return async (input, init = {}) => {
    signal.throwIfAborted()
    const url = input instanceof URL ? input.href : input
    const method = (init.method ?? 'GET').toUpperCase()
    if (typeof url !== 'string' || !mayAsk(url) || !/^(?:GET|POST)$/.test(method))
      throw new TypeError('an evidence source asks absolute https addresses, with GET or POST')
    const { headers, body = null, signal: given } = init
    const one = new AbortController()
    for (const by of [signal, given])
      by?.addEventListener('abort', () => {
        one.abort(by.reason)
      })
    given?.throwIfAborted()
    const response = await ask(send, {
      method,
      url: new URL(url).href,
      headers: new Headers(headers),
      body,
      signal: one.signal,
    })
    const bytes = await readAll(response, one.signal, maximumEvidence - length)
    length += bytes.length
    const { status, headers: fields } = response
    return new Response(response.body && bytes, { status, headers: fields })
  }
}

/**
 * The whole body. @throws VerificationError `client-evidence` for more than `maximum` bytes,
 * `client-transport`
 */
export async function readAll(response: Response, signal: AbortSignal, maximum: number): Promise<Bytes> {
  const parts: Bytes[] = []
  let length = 0
  // The deadline of the whole attestation is the caller's.
  for await (const piece of piecesOf(response.body, signal)) {
    refuseMore((length += piece.length), maximum)
    parts.push(piece)
  }
  signal.throwIfAborted()
  return new Uint8Array(await new Blob(parts).arrayBuffer())
}
