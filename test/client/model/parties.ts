/**
 * Who takes part beside the client: the enclave, and an attacker with enclaves of other code, a
 * root of certificates, and keys. All evidence is signed for real and verified for real, once for
 * each text; schedules share what came of it.
 */
import { control } from './deterministic-crypto.ts'
import { decodeRequest, encodeResponse, type HeaderField, type RequestHead } from '../../../src/channel/binary-http.ts'
import { createGatewayKey, type GatewayKey } from '../../../src/channel/key-config.ts'
import { openRequest } from '../../../src/channel/ohttp.ts'
import type { Pieces } from '../../../src/channel/pieces.ts'
import { concatBytes, toHex } from '../../../src/encoding/bytes.ts'
import { skipFreshness, skipReferenceValues, verifyNitro } from '../../../src/formats/aws/nitro/index.ts'
import type { AttestationResult } from '../../../src/core/result.ts'
import { createNitroAttester, productionPcrs } from '../../attester/nitro.ts'

export type Bytes = Uint8Array<ArrayBuffer>

export const startedAt = Date.parse('2026-06-01T00:00:00Z')
const suite = { kem: 'P-256', aead: 'AES-128-GCM' } as const
/** Of one schedule: more than it can ask for. */
const enclaveKeys = 16

/** A key that a request may be sealed to. */
export interface PartyKey {
  readonly owner: 'enclave' | 'attacker'
  readonly name: string
  readonly key: GatewayKey
}

/**
 * What passes for an answer to "who are you?". `fresh` is the enclave's own. `other build` is an
 * enclave of the same vendor with other code, `other root` is signed by an attacker's own
 * authority, `other key` is the enclave's with the key replaced: all three are for a key of the
 * attacker's, and answer the nonce.
 */
export type EvidenceKind = 'fresh' | 'other build' | 'other root' | 'other key'

export interface Evidence {
  readonly kind: EvidenceKind
  /** In hexadecimal. */
  readonly nonce: string
  readonly key: PartyKey
  readonly bytes: Bytes
}

/** A request, opened with the key that it was sealed to. */
export interface OpenedPost {
  readonly key: PartyKey
  readonly enc: string
  readonly head: RequestHead
  /** Fails when the seal is broken before its end. */
  readonly body: () => Promise<Bytes>
  readonly answer: (
    status: number,
    headers: readonly HeaderField[],
    parts: readonly string[],
  ) => Promise<readonly Bytes[]>
}

export interface Parties {
  readonly keys: readonly PartyKey[]
  readonly attackerKeys: readonly PartyKey[]
  readonly evidence: (kind: EvidenceKind, nonce: string, key: PartyKey) => Promise<Evidence>
  /**
   * Verifies as the page's policy says: the enclave's code, the vendor's root, and the nonce,
   * unless that is `undefined`: then what was verified once counts.
   */
  readonly verify: (
    evidence: Bytes,
    nonce: Bytes | undefined,
    wall: number,
    builds?: 'any build',
  ) => Promise<AttestationResult>
  /** A result with other claims, which no verifier returned. */
  readonly changed: (result: AttestationResult, claims: unknown) => AttestationResult
  /** Where a result came from. */
  readonly originOf: (result: AttestationResult) => Evidence | undefined
  /**
   * Opens as much as there is, with whatever key it takes. `undefined` when there is too little, or
   * none of the keys opens it.
   */
  readonly open: (sealed: Bytes) => Promise<OpenedPost | undefined>
}

let made: Promise<Parties> | undefined
/** Made once for each file of tests. */
export const parties = (): Promise<Parties> => (made ??= createParties())

async function createParties(): Promise<Parties> {
  const now = new Date(startedAt)
  const attester = await createNitroAttester({ now })
  const impostor = await createNitroAttester({ now })
  const pcrs = await productionPcrs()
  const [PCR0, PCR1, PCR2] = [pcrs[0], pcrs[1], pcrs[2]] as [Bytes, Bytes, Bytes]
  const otherPcrs = { ...pcrs, 0: PCR1 }
  control.restart('keys of gateways')
  const keys: PartyKey[] = []
  for (let id = 1; id <= enclaveKeys; id++)
    keys.push({ owner: 'enclave', name: `enclave ${id}`, key: await createGatewayKey(id, suite) })
  // An attacker takes the number of an honest key, or another one.
  const attackerKeys: PartyKey[] = []
  for (const id of [1, 200])
    attackerKeys.push({ owner: 'attacker', name: `attacker ${id}`, key: await createGatewayKey(id, suite) })
  const documents = new Map<string, Evidence>()
  const byBytes = new Map<string, Evidence>()
  const verdicts = new Map<string, { readonly result: AttestationResult } | { readonly error: unknown }>()
  const origins = new WeakMap<AttestationResult, Evidence>()

  async function documentOf(kind: EvidenceKind, nonce: string, { key }: PartyKey): Promise<Bytes> {
    const fields = { nonce: Buffer.from(nonce, 'hex'), publicKey: key.config }
    if (kind === 'other root') return impostor.document(fields)
    if (kind === 'other build') return attester.document({ ...fields, pcrs: otherPcrs })
    if (kind === 'fresh') return attester.document(fields)
    // As long as the key that it replaces; the signature is of the document before.
    const sound = await attester.document({ ...fields, publicKey: (keys[0] as PartyKey).key.config })
    const at = Buffer.from(sound).indexOf((keys[0] as PartyKey).key.config)
    sound.set(key.config, at)
    return sound
  }

  const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

  return {
    keys,
    attackerKeys,
    async evidence(kind, nonce, key) {
      const name = `${kind} ${nonce} ${key.name}`
      const known = documents.get(name)
      if (known !== undefined) return known
      const evidence: Evidence = { kind, nonce, key, bytes: await documentOf(kind, nonce, key) }
      documents.set(name, evidence)
      byBytes.set(textOf(evidence.bytes), evidence)
      return evidence
    },
    async verify(evidence, nonce, wall, builds) {
      const text = textOf(evidence)
      const name = `${builds ?? 'our build'} ${nonce === undefined ? 'any' : toHex(nonce)} ${nonce === undefined ? '' : wall} ${text}`
      let verdict = verdicts.get(name)
      if (verdict === undefined) {
        try {
          const result = await verifyNitro(evidence, {
            referenceValues: builds === undefined ? { PCR0, PCR1, PCR2 } : skipReferenceValues,
            freshness: nonce === undefined ? skipFreshness : { nonce },
            trustAnchors: [attester.root],
            // What is remembered was verified at the start.
            now: new Date(nonce === undefined ? startedAt : wall),
          })
          verdict = { result }
          const origin = byBytes.get(text)
          if (origin !== undefined) origins.set(result, origin)
        } catch (error) {
          verdict = { error }
        }
        verdicts.set(name, verdict)
      }
      if ('error' in verdict) throw verdict.error
      return verdict.result
    },
    changed(result, claims) {
      const made = { ...result, claims }
      origins.set(made, origins.get(result) as Evidence)
      return made
    },
    originOf: (result) => origins.get(result),
    async open(sealed) {
      const keyId = sealed[0]
      // Those with this number first: the others would be the work of a client that mixes them up.
      const all = [...keys, ...attackerKeys]
      const sorted = [...all.filter(({ key }) => key.keyId === keyId), ...all.filter(({ key }) => key.keyId !== keyId)]
      for (const key of sorted) {
        const opened = await openWith(key, sealed)
        if (opened === 'too short') return undefined
        if (opened !== 'another key') return opened
      }
      return undefined
    },
  }
}

async function openWith(key: PartyKey, sealed: Bytes): Promise<OpenedPost | 'too short' | 'another key'> {
  try {
    const opened = await openRequest(() => key.key, piecesOf([sealed]))
    const { head, body } = await decodeRequest(opened.message)
    return {
      key,
      enc: toHex(opened.enc),
      head,
      async body() {
        const parts: Bytes[] = []
        for await (const piece of body) parts.push(piece.slice())
        return concatBytes(...parts)
      },
      async answer(status, headers, parts) {
        const pieces: Bytes[] = []
        const message = encodeResponse({ status, headers }, slowly(parts))
        for await (const piece of opened.sealResponse(message)) pieces.push(piece.slice())
        // The nonce and the head of the response come together.
        const [nonce, first, ...more] = pieces as [Bytes, Bytes, ...Bytes[]]
        return [concatBytes(nonce, first), ...more]
      },
    }
  } catch (error) {
    const { code } = error as { code?: unknown }
    return code === 'ohttp-incomplete' || code === 'bhttp-format' ? 'too short' : 'another key'
  }
}

// eslint-disable-next-line @typescript-eslint/require-await -- as pieces come
export async function* piecesOf(pieces: readonly Bytes[]): Pieces {
  yield* pieces
}

/** Parts that are not there at once, so that each becomes a chunk of its own. */
async function* slowly(parts: readonly string[]): Pieces {
  for (const part of parts) {
    for (let turn = 0; turn < 40; turn++) await Promise.resolve()
    yield new TextEncoder().encode(part)
  }
}
