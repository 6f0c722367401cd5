/**
 * One attested session: from a fresh nonce to a key that verified evidence vouches for. It belongs
 * to one client, and so to one origin and one policy; nothing else can get hold of its key.
 *
 *     idle → challenging (nonce) → evidence (bytes) → verified (key, until) → for each request: sealed → live? → sent → streaming → done
 *                                                     any of them → failed: nothing was sent, or nothing more is
 *
 * A session is plain data and keys. It holds no promise, timer or signal: in a Worker the next
 * request would not be allowed to wait for them.
 */
import { toBase64Url } from '../encoding/base64url.ts'
import { reportDataOf } from '../channel/binding.ts'
import { decodeKeyConfig, type KeyConfig } from '../channel/key-config.ts'
import type { HybridKem } from '../channel/suite.ts'
import { hash } from '../crypto/digest.ts'
import { type Bytes, equalBytes, isBytes } from '../encoding/bytes.ts'
import { VerificationError } from '../core/errors.ts'
import type { AttestationResult } from '../core/result.ts'
import { type Challenge, readsReportData, requireReportData } from './binding.ts'
import { askForEvidence } from './evidence.ts'
import { type Answered, askSource } from './evidence-source.ts'
import { requireFresh } from './freshness.ts'
import type { ClientPolicy } from './options.ts'
import { randomOf, type Runtime } from './runtime.ts'

export interface Session {
  readonly result: AttestationResult
  /** For a channel of the caller's: as the binding found it. */
  readonly key: KeyConfig | Bytes
  readonly nonce: Bytes
  /** What a channel of the caller's agreed on with the other end. */
  readonly begun: unknown
  /** What a gateway that asks for it tells this client by; travels only inside the seal. */
  readonly secret: string | undefined
  /** Whether it may still be used: by the wall clock, which may jump, and by one that cannot. */
  readonly isLive: () => boolean
}

const nonceSize = 32

/** Makes sessions, each with a nonce that no other had. */
export function createAttester(
  policy: ClientPolicy,
  runtime: Runtime,
  send: typeof fetch,
): (signal: AbortSignal) => Promise<Session> {
  let last: Bytes = new Uint8Array()
  let isWarm = false

  function freshBytes(): Bytes {
    const bytes = randomOf(runtime, nonceSize)
    if (equalBytes(bytes, last)) throw new VerificationError('client-random', 'the random source repeats itself')
    last = bytes.slice()
    return bytes
  }

  return async (signal) => {
    const { channel, suite } = policy
    // What this runtime does not have, it need not ask for.
    await (channel ?? (suite.kem as Partial<HybridKem>)).requireRuntime?.()
    // challenging
    const secret = policy.attest && freshBytes()
    const nonce = secret === undefined ? freshBytes() : await hash('SHA-256', secret)
    const own = await ownEvidence(policy, nonce)
    signal.throwIfAborted()
    const { evidenceSource: source, evidenceUrl, maximumEvidence } = policy
    // Meanwhile, for the verifier. A later attestation finds it done.
    if (!isWarm) void runtime.warmUp?.()
    isWarm = true
    const answered: Answered = await (source === undefined
      ? askForEvidence(send, evidenceUrl, { nonce, evidence: own }, { maximum: maximumEvidence, signal })
      : askSource(source, nonce, { policy, send, signal }))
    // evidence
    const { evidence, keyConfig, mediaType, endorsements, context } = answered
    if (own !== undefined && equalBytes(own, evidence))
      throw new VerificationError('client-evidence', 'the evidence is what this client had sent')
    const reportData = source || !keyConfig ? undefined : await reportDataOf({ role: 'server', nonce, keyConfig })
    // Copies for each of the caller's functions: what one of them changes is not compared with.
    const challengeFor = (): Challenge =>
      Object.freeze({
        nonce: nonce.slice(),
        keyConfig: keyConfig?.slice(),
        reportData: reportData?.slice(),
        suite,
        mediaType,
        endorsements,
        context,
      })
    signal.throwIfAborted()
    if (readsReportData(policy.binding)) requireReportData(challengeFor())
    const result = await verified(policy, evidence, challengeFor())
    signal.throwIfAborted()
    requireFresh(result, { nonce, reportData, isOwnRule: source === undefined })
    // verified: the key is the object that is imported here, from bytes that the evidence vouches
    // for, and it is never read again.
    const bound = await policy.binding(result, challengeFor())
    if (!isBytes(bound))
      throw new VerificationError('client-key', {
        subject: 'key configuration',
        expected: 'bytes',
        found: typeof bound,
      })
    const key = channel === undefined ? await decodeKeyConfig(bound, suite) : new Uint8Array(bound)
    const isLive = lifetimeOf(policy, runtime, result)
    const sealing = { nonce, now: runtime.now(), begun: undefined, fetch: send, signal }
    const begun = await channel?.begin?.(bound, sealing)
    signal.throwIfAborted()
    return { result, key, nonce, begun, secret: secret && toBase64Url(secret), isLive }
  }
}

async function ownEvidence({ attest }: ClientPolicy, nonce: Bytes): Promise<Uint8Array | undefined> {
  if (attest === undefined) return undefined
  const reportData = await reportDataOf({ role: 'client', nonce, keyConfig: new Uint8Array() })
  const evidence: unknown = await attest({ nonce: nonce.slice(), reportData })
  if (!isBytes(evidence) || evidence.length === 0) throw new TypeError('attest must return evidence, as bytes')
  return new Uint8Array(evidence)
}

/** What the caller's verifier says, if it says it in the one way that counts. */
async function verified(
  { verify, isResult }: ClientPolicy,
  evidence: Bytes,
  challenge: Challenge,
): Promise<AttestationResult> {
  let result: unknown
  try {
    result = await verify(evidence.slice(), challenge)
  } catch (error) {
    if (error instanceof Error) throw error
    throw new VerificationError('client-verifier', 'the verifier threw what is no error', {
      cause: error,
    })
  }
  if (!isResult(result))
    throw new VerificationError('client-verifier', {
      subject: 'the verifier returned',
      expected: 'an AttestationResult',
      found: typeof result,
    })
  return result as AttestationResult
}

function lifetimeOf(
  { sessionMs }: ClientPolicy,
  { now, elapsed }: Runtime,
  { validUntil }: AttestationResult,
): () => boolean {
  const [wall, steady] = [now(), elapsed()]
  const lifetime = Math.min(sessionMs, validUntil.getTime() - wall)
  if (!(lifetime > 0))
    throw new VerificationError('client-expired', {
      subject: 'validity of the result',
      expected: 'beyond now',
      found: validUntil.toISOString(),
    })
  const isWithin = (passed: number): boolean => passed >= 0 && passed < lifetime
  return () => isWithin(now() - wall) && isWithin(elapsed() - steady)
}
