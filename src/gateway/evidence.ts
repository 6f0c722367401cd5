/**
 * The evidence endpoint: a nonce comes in, evidence goes out that answers it and vouches for the
 * gateway's key.
 *
 *     POST /.well-known/attestation        content-type: application/json
 *     { "nonce": "<base64url, 32 bytes>" }                                            at most 64 KiB
 *     { "nonce": …, "role": "client", "evidence": "<base64url>" }                     from a client that proves itself as well
 *
 *     200                                  content-type: application/cmw+json         see rats/cmw-evidence.ts
 *
 * How a client's proof is tied to what it sends later: its nonce is the SHA-256 of a secret of 32
 * bytes, which it then sends inside each sealed request (`veritee-client-secret`). The evidence
 * travels in the clear, and a copy of it is of no use.
 *
 * Whether the evidence answers that nonce is the gateway's own question: it compares what the
 * verified claims say, not by what `verifyClient` was told to check.
 */
import { fromBase64Url, toBase64Url } from '../encoding/base64url.ts'
import { keyConfigDigest, reportDataIn, reportDataOf } from '../channel/binding.ts'
import { hash } from '../crypto/digest.ts'
import { type Bytes, copyBytes, equalBytes, isBytes } from '../encoding/bytes.ts'
import { decodeJson, isJsonObject } from '../encoding/json.ts'
import { type AttestationResult, isAttestationResult } from '../core/result.ts'
import { answer, type RefusalReason, refuse } from './answers.ts'
import { within } from './clock.ts'
import { cmwMediaType, wrapEvidence } from '../rats/cmw-evidence.ts'
import { isMediaType } from '../rats/cmw-record.ts'
import { collect, receive } from './inbound.ts'
import type { KeyRing, LiveKey } from './key-ring.ts'
import type { Attestation, GatewayPolicy } from './options.ts'
import { reasonOf } from './reasons.ts'
import { createSlots } from './slots.ts'
import type { Telemetry } from './telemetry.ts'

const maximumBody = 65_536
const empty = /* @__PURE__ */ new Uint8Array()

/** What a client asks. */
interface Question {
  readonly nonce: Bytes
  readonly clientEvidence: Bytes | undefined
}

export function createEvidenceEndpoint(
  policy: GatewayPolicy,
  ring: KeyRing,
  telemetry: Telemetry,
): (request: Request) => Promise<Response> {
  const { limits, clock } = policy
  const slots = createSlots(limits.concurrentAttestations, policy.perClient)
  const patience = limits.attestSeconds * 1000

  /** The text of the answer, or why there is none. */
  async function attest(request: Request, signal: AbortSignal): Promise<string | { refused: RefusalReason }> {
    // 1. The question.
    const deadline = clock.now() + limits.headSeconds * 1000
    const reception = { pace: policy.pace, clock, until: () => deadline }
    let question: Question | undefined
    try {
      question = readQuestion(await collect(receive(request.body, reception, signal), maximumBody))
    } catch (error) {
      return { refused: reasonOf(error) }
    }
    if (question === undefined) return { refused: 'malformed' }
    const { nonce, clientEvidence } = question
    try {
      const live = await within(clock, patience, ring.current(), late)
      // 2. Who asks, where that matters.
      if (policy.verifyClient && !(await isProven(live, nonce, clientEvidence))) return { refused: 'client-refused' }
      // 3. Evidence for the key that is in force now.
      const { config } = live.key
      const parts = { role: 'server', nonce, keyConfig: config } as const
      const [digest, reportData] = await Promise.all([keyConfigDigest(config), reportDataOf(parts)])
      const work = policy.attest({
        nonce: copyBytes(nonce),
        keyConfig: copyBytes(config),
        keyConfigDigest: digest,
        reportData,
      })
      const made = checkAttestation(await within(clock, patience, Promise.resolve(work), late))
      // The gateway's own words must not have come from the client.
      if (clientEvidence && equalBytes(made.evidence, clientEvidence)) return { refused: 'client-refused' }
      return wrapEvidence({
        mediaType: made.mediaType,
        evidence: made.evidence,
        keyConfig: made.holdsKeyConfig === true ? undefined : config,
        endorsements: made.endorsements,
      })
    } catch (error) {
      policy.onError(error)
      return { refused: 'attest-failed' }
    }
  }

  /** Whether the client is what it must be. Notes it with the key that it is about to learn. */
  async function isProven(live: LiveKey, nonce: Bytes, evidence: Bytes | undefined): Promise<boolean> {
    if (policy.verifyClient === undefined || evidence === undefined) return false
    const reportData = await reportDataOf({ role: 'client', nonce, keyConfig: empty })
    let client: AttestationResult
    try {
      const work = policy.verifyClient({ evidence: copyBytes(evidence), nonce: copyBytes(nonce), reportData })
      client = await within(clock, patience, Promise.resolve(work), late)
    } catch (error) {
      policy.onError(error)
      return false
    }
    if (!isAttestationResult(client) || !answersOffer(client, nonce, reportData)) return false
    // A verifier may have remembered its verdict: what has passed since then counts.
    const left = client.validUntil.getTime() - Math.max(client.verifiedAt.getTime(), clock.wall())
    return live.admitClient(toBase64Url(nonce), client, left) === 'admitted'
  }

  return async (request) => {
    const end = (outcome: RefusalReason | 'answered', response: Response): Response => {
      span.end(outcome)
      telemetry.count('attestations', outcome)
      return response
    }
    const span = telemetry.start('attest')
    if (request.method !== 'POST') return end('method', refuse('method'))
    if (!/^application\/json(?:\s*;|$)/i.test(request.headers.get('content-type') ?? ''))
      return end('media-type', refuse('media-type'))
    const release = slots(policy.clientOf(request))
    if (release === undefined) return end('busy', refuse('busy'))
    const stop = new AbortController()
    try {
      const made = await attest(request, stop.signal)
      return typeof made === 'string'
        ? end('answered', answer(200, cmwMediaType, made))
        : end(made.refused, refuse(made.refused))
    } finally {
      stop.abort()
      release()
    }
  }
}

/**
 * Whether verified evidence was made for this offer. A verifier that skips freshness, goes by age
 * or remembers its verdicts does not say so; one in archive mode proves the past only.
 */
function answersOffer({ claims, timeSource }: AttestationResult, nonce: Bytes, reportData: Bytes): boolean {
  const said = Object(claims) as { readonly nonce?: unknown }
  const [found, wanted] = said.nonce === undefined ? [reportDataIn(claims), reportData] : [said.nonce, nonce]
  return timeSource === 'clock' && isBytes(found) && equalBytes(found, wanted)
}

/** The nonce that belongs to a client's secret. */
export async function nonceOfSecret(secret: string | null): Promise<string | undefined> {
  const bytes = fromBase64Url(secret)
  return bytes?.length === 32 ? toBase64Url(await hash('SHA-256', bytes)) : undefined
}

/**
 * `undefined` for what is no question. @throws VerificationError `gateway-body` for what is no
 * strict JSON
 */
function readQuestion(body: Bytes): Question | undefined {
  const value = decodeJson(readUtf8(body), { name: 'question', code: 'gateway-body' })
  if (!isJsonObject(value)) return undefined
  const { nonce, role, evidence, ...unknown } = value
  const nonceBytes = fromBase64Url(nonce)
  if (nonceBytes?.length !== 32 || Object.keys(unknown).length > 0) return undefined
  // Only clients ask: evidence with another label, or none, is not a client's.
  if (evidence === undefined) return role === undefined ? { nonce: nonceBytes, clientEvidence: undefined } : undefined
  const clientEvidence = fromBase64Url(evidence)
  if (role !== 'client' || clientEvidence === undefined || clientEvidence.length === 0) return undefined
  return { nonce: nonceBytes, clientEvidence }
}

/** What is no UTF-8 is text that is no JSON. */
function readUtf8(body: Bytes): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)
  } catch {
    return ''
  }
}

/**
 * @throws TypeError for what is no attestation: the operator's mistake, which clients see as "no
 * evidence"
 */
function checkAttestation(value: unknown): Attestation {
  const { mediaType, evidence, holdsKeyConfig, endorsements } = { ...(value as Attestation) }
  const isSound = isMediaType(mediaType) && isBytes(evidence) && evidence.length > 0
  if (!isSound) throw new TypeError('attest must return { mediaType, evidence }')
  return {
    mediaType,
    evidence: copyBytes(evidence),
    holdsKeyConfig: (holdsKeyConfig as unknown) === true,
    endorsements,
  }
}

function late(): Error {
  return new TypeError('evidence must be made, and clients be verified, in time')
}
