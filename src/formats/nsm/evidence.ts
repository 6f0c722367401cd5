/**
 * The attestation document of the Nitro Security Module: a COSE_Sign1 that AWS signs for enclaves (key `pcrs`) and, as NitroTPM, for
 * instances (key `nitrotpm_pcrs`). Shared by `nitro` and `nitro-tpm`; not exported.
 *
 * Source: aws-nitro-enclaves-nsm-api, docs/attestation_process.md sections 2.2, 3.1 and 3.2.2, and what AWS really signs where that differs:
 * unused fields are null, user data and nonce go up to 1024 bytes, a public key may be empty, the payload map may be of indefinite length.
 */
import { ES384 } from '../../crypto/algorithms.ts'
import type { Bytes } from '../../encoding/bytes.ts'
import { type CborMap, type CborValue, decodeCbor, isCborMap } from '../../encoding/cbor.ts'
import { type CoseSign1, decodeSign1 } from '../../encoding/cose.ts'
import { VerificationError } from '../../errors.ts'
import type { CheckRecorder } from '../../trace.ts'
import type { NamedCertificate } from '../../x509/path.ts'

/** `enclave`: a Nitro Enclave. `tpm`: a whole EC2 instance with NitroTPM. */
export type NsmKind = 'enclave' | 'tpm'

/** Registers by name: `PCR0` to `PCR31`, 48 bytes each (SHA-384). Only locked registers are there. */
export type Pcrs = Readonly<Record<`PCR${number}`, Uint8Array>>

/** A key of the payload that the NSM did not write when this library was made: signed, not understood, without influence. */
export interface UnknownField {
  readonly key: string
  readonly value: unknown
}

/** What a document says, before or after it is verified. */
export interface NsmClaims {
  /** `i-<instance>-enc<enclave>` for enclaves, `i-<instance>-tpm…` for NitroTPM. */
  readonly moduleId: string
  readonly digest: 'SHA384'
  /** When the document was made, by the Nitro system's clock. */
  readonly timestamp: Date
  readonly pcrs: Pcrs
  /** Application data, each at most 1024 bytes; absent when the document has null or nothing there. */
  readonly publicKey?: Uint8Array
  readonly userData?: Uint8Array
  readonly nonce?: Uint8Array
  readonly unknownFields: readonly UnknownField[]
}

/** A decoded document. Not verified: for display only. */
export interface NsmEvidence extends NsmClaims {
  readonly kind: NsmKind
  /** The leaf certificate, DER. */
  readonly certificate: Uint8Array
  /** The certificates above it, DER, root first. */
  readonly cabundle: readonly Uint8Array[]
}

/** A decoded document with what its verification needs. */
export interface NsmDocument {
  readonly sign1: CoseSign1
  readonly kind: NsmKind
  /** Unix milliseconds. */
  readonly timestamp: number
  readonly moduleId: string
  readonly pcrs: ReadonlyMap<string, Bytes>
  readonly certificate: Bytes
  readonly cabundle: readonly Bytes[]
  readonly publicKey: Bytes | undefined
  readonly userData: Bytes | undefined
  readonly nonce: Bytes | undefined
  readonly unknownFields: readonly UnknownField[]
}

const maximumPayload = 16_384
const maximumCertificate = 1024
const maximumUserBytes = 1024
/** Real documents carry 4; the longest chain that could be read within the payload is no use to anybody. */
const maximumCabundle = 8
/** The last millisecond of the year 9999. */
const maximumTimestamp = 253_402_300_799_999
const pcrSize = 48
const knownFields: readonly string[] = [
  'module_id',
  'digest',
  'timestamp',
  'pcrs',
  'nitrotpm_pcrs',
  'certificate',
  'cabundle',
  'public_key',
  'user_data',
  'nonce',
]

/** @throws VerificationError `outer-cbor`, `cose-…`, `payload-…` */
export function decodeDocument(evidence: Bytes, checks: CheckRecorder): NsmDocument {
  const sign1 = checks.run('decode', 'cose-shape', `a COSE_Sign1 of ${evidence.length} bytes`, () =>
    decodeEnvelope(evidence),
  )
  checks.run('decode', 'cose-alg', 'signed with ES384, nothing else in the headers', () => {
    checkHeaders(sign1)
  })
  const payload = checks.run(
    'decode',
    'payload-cbor',
    ({ size }) => `the payload is one CBOR map of ${size} fields`,
    () => decodePayload(sign1.payload),
  )
  return checks.run(
    'decode',
    'payload-field-type',
    ({ kind, moduleId }) =>
      `${kind === 'enclave' ? 'an enclave' : 'a NitroTPM'} document of ${moduleId}, every field within its limits`,
    () => ({ sign1, ...readFields(payload) }),
  )
}

/** The chain of a document in the order AWS gives it: root first, leaf last. */
export function chainOf({ cabundle, certificate }: NsmDocument): NamedCertificate[] {
  return [...cabundle.map((der, i) => ({ name: `cabundle[${i}]`, der })), { name: 'certificate', der: certificate }]
}

/** The claims of a document, frozen. */
export function claimsOf({
  moduleId,
  timestamp,
  pcrs,
  publicKey,
  userData,
  nonce,
  unknownFields,
}: NsmDocument): NsmClaims {
  return Object.freeze({
    moduleId,
    digest: 'SHA384',
    timestamp: new Date(timestamp),
    pcrs: Object.freeze(Object.fromEntries(pcrs)),
    ...(publicKey && { publicKey }),
    ...(userData && { userData }),
    ...(nonce && { nonce }),
    unknownFields,
  })
}

/** The document for display. */
export function evidenceOf(document: NsmDocument): NsmEvidence {
  const { kind, certificate, cabundle } = document
  return Object.freeze({ kind, ...claimsOf(document), certificate, cabundle: Object.freeze([...cabundle]) })
}

function decodeEnvelope(evidence: Bytes): CoseSign1 {
  // The protected header, the signature and the heads around them need far less than the 256 bytes allowed here.
  if (evidence.length > maximumPayload + 256) {
    const payload = evidence.length > 2 * maximumPayload ? 'outer-cbor' : 'payload-size'
    throw new VerificationError(
      payload,
      `a document has at most ${maximumPayload} bytes of payload, this one is ${evidence.length} bytes long`,
    )
  }
  const sign1 = decodeSign1(evidence)
  const { length } = sign1.payload
  if (length === 0 || length > maximumPayload) {
    throw new VerificationError('payload-size', `payload must be 1 to ${maximumPayload} bytes, found ${length}`)
  }
  return sign1
}

/** AWS writes exactly {1: -35} and an empty map. The unprotected header is not signed: whatever stands there was put in by somebody else. */
function checkHeaders({ protectedHeader, unprotectedHeader, signature }: CoseSign1): void {
  const algorithm = protectedHeader.get(1)
  if (algorithm !== ES384.cose) {
    throw new VerificationError('cose-alg', `alg must be ${ES384.name} (${ES384.cose}), found ${described(algorithm)}`)
  }
  if (protectedHeader.size !== 1) {
    throw new VerificationError(
      'cose-protected',
      `protected header must hold alg only, found ${protectedHeader.size} parameters`,
    )
  }
  if (unprotectedHeader.size !== 0) {
    throw new VerificationError(
      'cose-unprotected',
      `unprotected header must be empty, found ${unprotectedHeader.size} parameters`,
    )
  }
  const size = 2 * ES384.key.coordinateSize
  if (signature.length !== size) {
    throw new VerificationError(
      'cose-signature-length',
      `an ${ES384.name} signature is ${size} bytes, found ${signature.length}`,
    )
  }
}

function decodePayload(payload: Bytes): CborMap {
  const map = decodeCbor(payload, { name: 'payload', code: 'payload-cbor' })
  if (!isCborMap(map)) {
    // A tag in front would be a re-encoding that AWS does not make; anything else is simply not a document.
    const tagged = described(map) === 'a tag'
    throw new VerificationError(
      tagged ? 'payload-cbor' : 'payload-field-type',
      `payload must be a map, found ${described(map)}`,
    )
  }
  return map
}

function readFields(payload: CborMap): Omit<NsmDocument, 'sign1'> {
  for (const key of payload.keys()) {
    if (typeof key !== 'string')
      throw new VerificationError('payload-field-type', `payload keys must be text, found ${key}`)
  }
  const kind = payload.has('nitrotpm_pcrs') ? 'tpm' : 'enclave'
  if (kind === 'tpm' && payload.has('pcrs')) {
    throw new VerificationError('payload-pcr', 'pcrs and nitrotpm_pcrs must not stand in one document')
  }
  checkDigest(payload)
  return {
    kind,
    moduleId: readModuleId(payload),
    timestamp: readTimestamp(payload),
    pcrs: readPcrs(payload, kind === 'tpm' ? 'nitrotpm_pcrs' : 'pcrs'),
    certificate: asBytes(required(payload, 'certificate'), 'certificate', 1, maximumCertificate),
    cabundle: readCabundle(payload),
    publicKey: optionalBytes(payload, 'public_key'),
    userData: optionalBytes(payload, 'user_data'),
    nonce: optionalBytes(payload, 'nonce'),
    unknownFields: Object.freeze(
      [...payload]
        .filter(([key]) => !knownFields.includes(key as string))
        .map(([key, value]) => Object.freeze({ key: key as string, value })),
    ),
  }
}

function readModuleId(payload: CborMap): string {
  const value = required(payload, 'module_id')
  if (typeof value !== 'string') throw wrongType('module_id', 'text', value)
  if (value.length === 0) throw new VerificationError('payload-field-size', 'module_id must not be empty')
  return value
}

function checkDigest(payload: CborMap): void {
  const value = required(payload, 'digest')
  if (typeof value !== 'string') throw wrongType('digest', 'text', value)
  if (value !== 'SHA384') {
    throw new VerificationError('payload-digest', `digest must be SHA384, found ${JSON.stringify(value.slice(0, 16))}`)
  }
}

function readTimestamp(payload: CborMap): number {
  const value = required(payload, 'timestamp')
  if (typeof value !== 'number' && typeof value !== 'bigint') throw wrongType('timestamp', 'an unsigned integer', value)
  if (value < 0) throw wrongType('timestamp', 'an unsigned integer', value)
  if (value === 0 || value > maximumTimestamp) {
    throw new VerificationError(
      'payload-field-size',
      `timestamp must be 1 to ${maximumTimestamp} milliseconds, found ${value}`,
    )
  }
  return Number(value)
}

function readPcrs(payload: CborMap, field: string): ReadonlyMap<string, Bytes> {
  const value = required(payload, field)
  if (!isCborMap(value)) throw wrongType(field, 'a map', value)
  if (value.size === 0 || value.size > 32) throw badPcr(`${field} must have 1 to 32 entries, found ${value.size}`)
  const pcrs = new Map<string, Bytes>()
  for (const [index, digest] of value) {
    if (typeof index !== 'number' || index < 0 || index > 31)
      throw badPcr(`${field} has the index ${JSON.stringify(String(index))}, expected 0 to 31`)
    if (!(digest instanceof Uint8Array)) throw badPcr(`PCR${index} must be a byte string, found ${described(digest)}`)
    if (digest.length !== pcrSize) throw badPcr(`PCR${index} must be ${pcrSize} bytes, found ${digest.length}`)
    pcrs.set(`PCR${index}`, digest)
  }
  return pcrs
}

function readCabundle(payload: CborMap): Bytes[] {
  const value = required(payload, 'cabundle')
  if (!Array.isArray(value)) throw wrongType('cabundle', 'an array', value)
  const items = value as readonly CborValue[]
  if (items.length === 0 || items.length > maximumCabundle) {
    throw new VerificationError(
      'payload-field-size',
      `cabundle must have 1 to ${maximumCabundle} certificates, found ${items.length}`,
    )
  }
  return items.map((item, i) => asBytes(item, `cabundle[${i}]`, 1, maximumCertificate))
}

/** Null counts as missing: AWS writes null for what is not there, and never in these fields. */
function required(payload: CborMap, field: string): CborValue {
  const value = payload.get(field)
  if (value === null || !payload.has(field)) {
    throw new VerificationError('payload-field-missing', `${field} is ${value === null ? 'null' : 'missing'}`)
  }
  return value
}

function optionalBytes(payload: CborMap, field: string): Bytes | undefined {
  const value = payload.get(field)
  if (value === null || !payload.has(field)) return undefined
  return asBytes(value, field, 0, maximumUserBytes)
}

function asBytes(value: CborValue, field: string, minimum: number, maximum: number): Bytes {
  if (!(value instanceof Uint8Array)) throw wrongType(field, 'a byte string', value)
  if (value.length < minimum || value.length > maximum) {
    throw new VerificationError(
      'payload-field-size',
      `${field} must be ${minimum} to ${maximum} bytes, found ${value.length}`,
    )
  }
  return value
}

function badPcr(message: string): VerificationError {
  return new VerificationError('payload-pcr', message)
}

function wrongType(field: string, wanted: string, value: CborValue): VerificationError {
  return new VerificationError('payload-field-type', `${field} must be ${wanted}, found ${described(value)}`)
}

/** A decoded value in two or three words, never its content: it may be long. */
function described(value: CborValue): string {
  switch (typeof value) {
    case 'number':
    case 'bigint':
      return `the integer ${value}`
    case 'string':
      return 'text'
    case 'object':
      if (value === null) return 'null'
      if (value instanceof Uint8Array) return 'a byte string'
      if (Array.isArray(value)) return 'an array'
      if (isCborMap(value)) return 'a map'
      return 'tag' in value ? 'a tag' : 'a float'
    default:
      return String(value)
  }
}
