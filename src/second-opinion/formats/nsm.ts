/**
 * The second opinion on documents of the Nitro Security Module: what enclaves and instances have in
 * common.
 *
 * Source: aws-nitro-enclaves-nsm-api, docs/attestation_process.md, read a second time.
 */
import { areSame, areZeros, demand, digitsOf, digitsOfEither, isOctets, type Octets } from '../readers/bytes.ts'
import { readStrictCbor } from '../readers/cbor.ts'
import { readCertificate } from '../readers/certificate.ts'
import { readEnvelope } from '../readers/cose.ts'
import { holdsRaw } from '../readers/engine.ts'
import { ecdsaWithSha384, endOf, p384Key, pointOf, provePath, uniform } from '../readers/path.ts'
import {
  type Answer,
  bytesOf,
  matchOf,
  momentsOf,
  type Options,
  type Question,
  trustedRoots,
  type Wanted,
} from '../question.ts'
import type { Notes } from '../record.ts'
import { isSymbol } from '../symbols.ts'

/** SHA-256 of the root of the commercial AWS partitions ("G1"), as AWS publishes it. */
const awsRoot = '641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b'
const longestPayload = 16_384

/** What a document says. */
export interface Document {
  readonly isInstance: boolean
  readonly certificate: Octets
  readonly cabundle: readonly Octets[]
  readonly timestamp: number
  readonly claims: {
    readonly moduleId: string
    readonly digest: string
    readonly timestamp: Date
    readonly pcrs: Readonly<Record<string, Octets>>
    readonly publicKey: Octets | undefined
    readonly userData: Octets | undefined
    readonly nonce: Octets | undefined
    readonly unknownFields: readonly { readonly key: string; readonly value: unknown }[]
  }
}

/** The second opinion on a document of one kind. @throws AttestationError where it refuses */
export async function opineOnDocument(question: Question, isInstance: boolean, notes: Notes): Promise<Answer> {
  const { evidence, options, now } = question
  // 1. The bytes.
  const envelope = notes.reads('cose-shape', 'COSE_Sign1', () => {
    demand(evidence.length <= longestPayload + 256, 'too many bytes')
    const read = readEnvelope(evidence)
    demand(
      read.protectedHeader.size === 1 && read.protectedHeader.get(1) === -35,
      'a protected header other than ES384',
    )
    demand(read.unprotectedHeader.size === 0, 'an unprotected header')
    demand(read.signature.length === 96, 'a signature that is not 96 bytes long')
    demand(read.payload.length > 0 && read.payload.length <= longestPayload, 'no payload, or too long')
    return read
  })
  const document = notes.reads('payload-cbor', 'payload', () => readDocument(envelope.payload))

  // 2. The chain, at the verifier's time and at the document's; in an archive at the latter alone.
  const chain = notes.reads('cert-parse', 'certificates', () =>
    [...document.cabundle, document.certificate].map((der, i) => readCertificate(der, `certificate ${i}`)),
  )
  const isArchive = isSymbol(options['now'], 'atEvidenceTime')
  const moments = isArchive ? { at: [document.timestamp], skewMs: 0 } : momentsOf(question, document.timestamp)
  const roots = await trustedRoots(options, [awsRoot])
  await provePath(chain, uniform(ecdsaWithSha384, p384Key), { roots, moments }, notes)

  // 3. The document is signed by the last key.
  const leaf = chain.at(-1)
  demand(leaf !== undefined, 'no certificate')
  const answer = holdsRaw(['P-384', 'SHA-384'], pointOf(leaf, 48), envelope.signature, envelope.signed)
  await notes.awaits('cose-signature', 'document signed by the leaf key', answer)

  // 4. What the caller expects.
  notes.expects('policy-kind', 'kind of evidence', document.isInstance === isInstance, 'is the other')
  const { claims } = document
  const isDebug = !isInstance && areZeros(claims.pcrs['PCR0'] ?? new Uint8Array())
  notes.expects('policy-debug', 'debug mode', !isDebug || isSymbol(options['debug'], 'allowDebug'), 'on')
  const matched = matchOf(wantedPcrs(options), new Map(Object.entries(claims.pcrs)), 'policy-pcr', notes)
  expectFresh(document, options, isArchive ? undefined : { now, skewMs: moments.skewMs }, notes)
  expectBytes('policy-user-data', claims.userData, [options, 'userData'], notes)
  expectBytes('policy-public-key', claims.publicKey, [options, 'publicKey'], notes)
  return {
    claims: isInstance ? claims : { ...claims, debug: isDebug },
    validUntil: endOf(chain),
    timestamp: document.timestamp,
    matched,
    publicKey: claims.publicKey,
  }
}

/** What a payload says. @throws Error */
export function readDocument(payload: Octets): Document {
  const fields = readStrictCbor(payload, { items: 2048, isDeterministic: false })
  demand(fields instanceof Map, 'a payload that is no map')
  const left = new Map(fields as Map<unknown, unknown>)
  /** AWS writes null for what is not there. */
  const take = (key: string): unknown => {
    const value = left.get(key)
    demand(value !== undefined || !left.has(key), `${key} is undefined, which is no value of AWS's`)
    left.delete(key)
    return value ?? undefined
  }
  const bytes = (key: string, least: number, most: number): Octets | undefined => {
    const value = take(key)
    if (value === undefined) return undefined
    demand(isOctets(value) && value.length >= least && value.length <= most, `${key} is not ${least} to ${most} bytes`)
    return value as Octets
  }
  const isInstance = left.has('nitrotpm_pcrs')
  demand(!isInstance || !left.has('pcrs'), 'registers of both kinds')
  const pcrs = readPcrs(take(isInstance ? 'nitrotpm_pcrs' : 'pcrs'))
  const certificate = bytes('certificate', 1, 1024)
  const cabundle = take('cabundle')
  const [moduleId, digest, timestamp] = [take('module_id'), take('digest'), take('timestamp')]
  demand(certificate !== undefined, 'no certificate')
  demand(Array.isArray(cabundle) && cabundle.length > 0 && cabundle.length <= 8, 'not 1 to 8 certificates in cabundle')
  for (const der of cabundle as unknown[])
    demand(isOctets(der) && der.length > 0 && der.length <= 1024, 'a certificate of another size')
  demand(typeof moduleId === 'string' && moduleId !== '', 'no module_id')
  demand(digest === 'SHA384', 'a digest other than SHA384')
  demand(typeof timestamp === 'number' && timestamp > 0 && timestamp < 253_402_300_800_000, 'no timestamp')
  // One after another: what is taken is not unknown.
  const [publicKey, userData, nonce] = ['public_key', 'user_data', 'nonce'].map((key) => bytes(key, 0, 1024))
  return {
    isInstance,
    certificate,
    cabundle: cabundle as Octets[],
    timestamp,
    claims: {
      moduleId,
      digest,
      timestamp: new Date(timestamp),
      pcrs,
      publicKey,
      userData,
      nonce,
      unknownFields: [...left].map(([key, value]) => {
        demand(typeof key === 'string', 'a key that is no text')
        return { key, value }
      }),
    },
  }
}

function readPcrs(registers: unknown): Record<string, Octets> {
  demand(registers instanceof Map && registers.size > 0 && registers.size <= 32, 'not 1 to 32 registers')
  const pcrs = [...(registers as Map<unknown, unknown>)].map(([index, value]) => {
    demand(typeof index === 'number' && index >= 0 && index < 32, 'a register beyond 0 to 31')
    demand(isOctets(value) && value.length === 48, 'a register that is not 48 bytes long')
    return [`PCR${index}`, value as Octets] as const
  })
  return Object.fromEntries(pcrs)
}

/** Registers by name, or what AWS's tools print. */
function wantedPcrs({ referenceValues }: Options): readonly Wanted[] | undefined {
  if (isSymbol(referenceValues, 'skipReferenceValues')) return undefined
  const list: readonly unknown[] = [referenceValues].flat()
  demand(list.length > 0, 'no reference values')
  return list.map((entry) => {
    const { name, Measurements: printed, ...own } = entry as Options
    const values = Object.entries((printed ?? own) as Options).filter(([register]) => register !== 'HashAlgorithm')
    return { name, registers: new Map(values.map(([register, value]) => [register, digitsOfEither(value)])) }
  })
}

function expectFresh(
  { claims, timestamp }: Document,
  { freshness }: Options,
  clock: { readonly now: number; readonly skewMs: number } | undefined,
  notes: Notes,
): void {
  const skips = isSymbol(freshness, 'skipFreshness')
  const { nonce, maxAgeSeconds } = (skips ? {} : freshness) as {
    readonly nonce?: unknown
    readonly maxAgeSeconds?: unknown
  }
  demand(skips || nonce !== undefined || maxAgeSeconds !== undefined, 'no freshness')
  if (nonce !== undefined) {
    const isAnswered = claims.nonce !== undefined && areSame(claims.nonce, bytesOf(nonce))
    notes.expects('policy-nonce', 'nonce', isAnswered)
  }
  if (clock === undefined) {
    demand(maxAgeSeconds === undefined, 'an age at its own time')
    return
  }
  const age = clock.now - timestamp
  notes.expects('policy-freshness', 'age', age >= -clock.skewMs, 'the document is of the future')
  if (maxAgeSeconds === undefined) return
  notes.expects('policy-freshness', 'age', age / 1000 <= (maxAgeSeconds as number), `${age / 1000} seconds`)
}

function expectBytes(
  code: 'policy-user-data' | 'policy-public-key',
  found: Octets | undefined,
  [options, name]: readonly [options: Options, name: string],
  notes: Notes,
): void {
  if (!Object.hasOwn(options, name)) return
  notes.expects(code, name, found !== undefined && digitsOf(found) === digitsOf(bytesOf(options[name])))
}
