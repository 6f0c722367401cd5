/**
 * The attestation document of the Nitro Security Module: a COSE_Sign1 that AWS signs for enclaves
 * (key `pcrs`) and, as NitroTPM, for instances (key `nitrotpm_pcrs`). Shared by `nitro` and
 * `nitro-tpm`; not exported.
 *
 * Source: aws-nitro-enclaves-nsm-api, docs/attestation_process.md sections 2.2, 3.1 and 3.2.2, and
 * what AWS really signs where that differs: unused fields are null, user data and nonce go up to
 * 1024 bytes, a public key may be empty, the payload map may be of indefinite length.
 */
import { ES384 } from '../../crypto/algorithms.ts'
import type { Bytes } from '../../encoding/bytes.ts'
import { type CborMap, cborType, type CborValue, decodeCbor, isCborMap } from '../../encoding/cbor.ts'
import { type CoseSign1, decodeSign1 } from '../../encoding/cose.ts'
import { VerificationError } from '../../core/errors.ts'
import type { AttestationErrorCode } from '../../core/codes.ts'
import type { CheckRecorder } from '../../core/record.ts'
import { lastMoment } from '../../core/time.ts'
import type { NamedCertificate } from '../../x509/path.ts'

/** `enclave`: a Nitro Enclave. `tpm`: a whole EC2 instance with NitroTPM. */
export type NsmKind = 'enclave' | 'tpm'

/**
 * Registers by name: `PCR0` to `PCR31`, 48 bytes each (SHA-384). Only locked registers are there.
 */
export type Pcrs = Readonly<Record<`PCR${number}`, Uint8Array<ArrayBuffer>>>

/**
 * A key of the payload that the NSM did not write when this library was made: signed, not
 * understood, without influence.
 */
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
  /**
   * Application data, each at most 1024 bytes; `undefined` when the document has null or nothing
   * there.
   */
  readonly publicKey: Uint8Array<ArrayBuffer> | undefined
  readonly userData: Uint8Array<ArrayBuffer> | undefined
  readonly nonce: Uint8Array<ArrayBuffer> | undefined
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
  readonly pcrs: ReadonlyMap<string, Bytes>
  readonly certificate: Bytes
  readonly cabundle: readonly Bytes[]
  readonly claims: NsmClaims
}

const maximumPayload = 16_384
const maximumCertificate = 1024
const maximumUserBytes = 1024
/** Real documents carry 4. */
const maximumCabundle = 8
const pcrSize = 48

/** @throws VerificationError `outer-cbor`, `cose-…`, `payload-…` */
export function decodeDocument(evidence: Bytes, checks: CheckRecorder): NsmDocument {
  // Headers, signature and the heads around them need far less than the 256 bytes allowed here.
  checkSize('evidence', evidence.length, maximumPayload + 256, checks)
  const sign1 = checks.decodes('cose-shape', 'COSE_Sign1', () => decodeSign1(evidence))
  checkHeaders(sign1, checks)
  checkSize('payload', sign1.payload.length, maximumPayload, checks)
  const payload = checks.decodes('payload-cbor', 'payload', () => decodePayload(sign1.payload))
  return checks.decodes('payload-field-type', 'fields', () => ({
    sign1,
    ...readFields(payload),
  }))
}

/** The chain of a document in the order AWS gives it: root first, leaf last. */
export function chainOf({ cabundle, certificate }: NsmDocument): NamedCertificate[] {
  return [...cabundle.map((der, i) => ({ name: `cabundle[${i}]`, der })), { name: 'certificate', der: certificate }]
}

/** The document for display. */
export function evidenceOf({ kind, claims, certificate, cabundle }: NsmDocument): NsmEvidence {
  return Object.freeze({ kind, ...claims, certificate, cabundle: Object.freeze([...cabundle]) })
}

function checkSize(name: string, length: number, maximum: number, checks: CheckRecorder): void {
  checks.decodes('payload-size', `bytes of ${name}`, {
    holds: length > 0 && length <= maximum,
    expected: `1 to ${maximum}`,
    found: `${length}`,
  })
}

/**
 * AWS writes exactly {1: -35} and an empty map. The unprotected header is not signed: others could
 * have written what it holds.
 */
function checkHeaders({ protectedHeader, unprotectedHeader, signature }: CoseSign1, checks: CheckRecorder): void {
  const demand = (id: AttestationErrorCode, subject: string, expected: number | undefined, found: CborValue): void => {
    checks.decodes(id, subject, {
      holds: found === expected,
      expected: `${expected}`,
      found: typeof found === 'number' ? `${found}` : cborType(found),
    })
  }
  demand('cose-alg', 'alg', ES384.cose, protectedHeader.get(1))
  demand('cose-protected', 'protected headers', 1, protectedHeader.size)
  demand('cose-unprotected', 'unprotected headers', 0, unprotectedHeader.size)
  demand('cose-signature-length', 'signature bytes', 2 * ES384.key.coordinateSize, signature.length)
}

function decodePayload(payload: Bytes): CborMap {
  // Real documents have about 100 items. The rest of the budget is for a refusal that names the
  // field that is too long.
  const map = decodeCbor(payload, { name: 'payload', code: 'payload-cbor' }, false, { items: 2048 })
  // A tag in front would be another encoding of the same; anything else is simply not a document.
  if (cborType(map) === 'tag')
    throw new VerificationError('payload-cbor', { subject: 'payload', expected: 'map', found: 'tag' })
  return typed(map, 'payload', 'map')
}

/** Takes every field that it knows out of the map; what stays is unknown. */
function readFields(payload: CborMap): Omit<NsmDocument, 'sign1'> {
  const isTpm = payload.has('nitrotpm_pcrs')
  const digest = field(payload, 'digest', 'tstr')
  if (digest !== 'SHA384')
    throw new VerificationError('payload-digest', {
      subject: 'digest',
      expected: 'SHA384',
      found: JSON.stringify(digest.slice(0, 16)),
    })
  const pcrs = readPcrs(field(payload, isTpm ? 'nitrotpm_pcrs' : 'pcrs', 'map', [1, 32]))
  return {
    kind: isTpm ? 'tpm' : 'enclave',
    pcrs,
    certificate: field(payload, 'certificate', 'bstr', [1, maximumCertificate]),
    cabundle: field(payload, 'cabundle', 'array', [1, maximumCabundle]).map((certificate, i) =>
      typed(certificate, `cabundle[${i}]`, 'bstr', [1, maximumCertificate]),
    ),
    claims: Object.freeze({
      moduleId: field(payload, 'module_id', 'tstr', [1]),
      digest,
      timestamp: new Date(field(payload, 'timestamp', 'uint', [1, lastMoment])),
      pcrs: Object.freeze(Object.fromEntries(pcrs)),
      publicKey: optionalBytes(payload, 'public_key'),
      userData: optionalBytes(payload, 'user_data'),
      nonce: optionalBytes(payload, 'nonce'),
      unknownFields: Object.freeze([...payload].map(unknownField)),
    }),
  }
}

function unknownField([key, value]: [number | string, CborValue]): UnknownField {
  // Instances have no use for `pcrs`, and a document with both kinds would be read differently by
  // different verifiers.
  if (key === 'pcrs')
    throw new VerificationError('payload-pcr', {
      subject: 'registers',
      expected: 'pcrs or nitrotpm_pcrs',
      found: 'both',
    })
  return Object.freeze({ key: typed(key, 'payload key', 'tstr'), value })
}

function readPcrs(registers: CborMap): ReadonlyMap<string, Bytes> {
  const pcrs = new Map<string, Bytes>()
  for (const [index, value] of registers) {
    const { length = 0 } = (value ?? []) as { length?: number }
    if (typeof index !== 'number' || index < 0 || index > 31 || !(value instanceof Uint8Array) || length !== pcrSize) {
      const wanted = `0 to 31 with a bstr of ${pcrSize}`
      throw new VerificationError('payload-pcr', {
        subject: 'PCR',
        expected: wanted,
        found: `${JSON.stringify(index)} with a ${cborType(value)} of ${length}`,
      })
    }
    pcrs.set(`PCR${index}`, value.slice())
  }
  return pcrs
}

/** The types that fields have, by the words of {@link cborType}. */
interface FieldTypes {
  readonly tstr: string
  readonly uint: number
  readonly bstr: Bytes
  readonly array: readonly CborValue[]
  readonly map: CborMap
}

/** The least and the greatest length, count or number. */
type Bounds = readonly [minimum: number, maximum?: number]

/**
 * Takes out a mandatory field. Null counts as missing: AWS writes null for what is not there, and
 * never in these.
 */
function field<Type extends keyof FieldTypes>(
  payload: CborMap,
  key: string,
  type: Type,
  bounds?: Bounds,
): FieldTypes[Type] {
  const value = payload.get(key)
  if (value === null || !payload.delete(key))
    throw new VerificationError('payload-field-missing', {
      subject: key,
      expected: type,
      found: value === null ? 'null' : 'nothing',
    })
  return typed(value, key, type, bounds)
}

/** Takes out an optional field; null is how AWS writes that it is not there. */
function optionalBytes(payload: CborMap, key: string): Bytes | undefined {
  if (payload.get(key) === null) payload.delete(key)
  return payload.has(key) ? field(payload, key, 'bstr', [0, maximumUserBytes]) : undefined
}

/** A value of one type, of a length, count or size within bounds. */
function typed<Type extends keyof FieldTypes>(
  value: CborValue,
  name: string,
  type: Type,
  [minimum, maximum = Infinity]: Bounds = [0],
): FieldTypes[Type] {
  const found = cborType(value)
  if (found !== type) throw new VerificationError('payload-field-type', { subject: name, expected: type, found })
  const size = typeof value === 'number' ? value : isCborMap(value) ? value.size : (value as Bytes).length
  if (size < minimum || size > maximum) {
    throw new VerificationError('payload-field-size', {
      subject: name,
      expected: `${type} of ${minimum} to ${maximum}`,
      found: `${size}`,
    })
  }
  // Bytes of their own: `.buffer` of a key must not be the whole document.
  return (value instanceof Uint8Array ? value.slice() : value) as FieldTypes[Type]
}
