/**
 * Our CBOR and COSE readers beside `cbor-x`, on every document there is.
 */
import { describe, expect, test } from 'vitest'
import { decodeCbor } from '../../src/encoding/cbor.ts'
import { decodeSign1 } from '../../src/encoding/cose.ts'
import { decodeNitroEvidence } from '../../src/formats/aws/nitro/index.ts'
import { decodeNitroTpmEvidence } from '../../src/formats/aws/nitro-tpm/index.ts'
import { decodeTheirs, isTheirTag, notation } from './cbor-x.ts'
import { type Bytes, documents, type Item, skipLine } from './corpus.ts'
import { compare, expectAgreement, type KnownDifferences } from './differences.ts'

/** The four items of the envelope, as `cbor-x` has them. */
function theirItems(bytes: Uint8Array): unknown[] {
  const outer = decodeTheirs(bytes)
  const items: unknown = isTheirTag(outer) ? outer.value : outer
  if (!Array.isArray(items) || items.length !== 4) throw new Error('no COSE_Sign1')
  return items as unknown[]
}

const theirPayload = (bytes: Uint8Array): Bytes => {
  const [, , payload] = theirItems(bytes)
  if (!(payload instanceof Uint8Array)) throw new Error('no payload')
  return new Uint8Array(payload)
}

/** Payloads, each under the name of its document. */
const payloads: readonly Item[] = documents.flatMap(({ name, bytes }): Item[] => {
  try {
    return [{ name, bytes: theirPayload(bytes) }]
  } catch {
    return []
  }
})

if (skipLine !== undefined) test.skip(skipLine)

test('there is something to compare', () => {
  expect(documents.length).toBeGreaterThan(20)
  expect(payloads.length).toBeGreaterThan(20)
})

describe('whole documents as CBOR', () => {
  const known: KnownDifferences = []
  test('agree', () => {
    const source = { name: 'document', code: 'outer-cbor' } as const
    expectAgreement(
      documents.map(({ name, bytes }) =>
        compare(
          name,
          () => notation(decodeCbor(bytes, source)),
          () => notation(decodeTheirs(bytes)),
        ),
      ),
      known,
    )
  })
})

describe('COSE_Sign1', () => {
  const known: KnownDifferences = [
    [
      /^cose-shape: COSE_Sign1: must be a definite array of 4/,
      'an indefinite array: nothing signs the envelope, so it has one form only',
    ],
    [/^cose-shape: COSE_Sign1: unprotected header must be a map/, 'cbor-x knows no COSE'],
    [
      /^cose-shape: COSE_Sign1: payload must be a bstr with shortest head/,
      'a detached payload, another type, or another form of the same: cbor-x knows no COSE',
    ],
    [/^cose-tag: tag: expected 18 in one byte, or none, found 1[78]/, 'another tag, or tag 18 in two bytes'],
    [/^cose-protected: protected header: duplicate key 1/, 'cbor-x lets the last one win'],
  ]
  test('agree', () => {
    expectAgreement(
      documents.map(({ name, bytes }) =>
        compare(
          name,
          () => {
            const { protectedHeader, unprotectedHeader, payload, signature } = decodeSign1(bytes)
            return notation([protectedHeader, unprotectedHeader, payload, signature])
          },
          () => {
            const [protectedHeader, ...rest] = theirItems(bytes)
            return notation([decodeTheirs(protectedHeader as Uint8Array), ...rest])
          },
        ),
      ),
      known,
    )
  })
})

describe('payloads as CBOR', () => {
  const known: KnownDifferences = [
    [/duplicate key/, 'cbor-x lets the last one win'],
    [/invalid UTF-8/, 'cbor-x replaces it'],
  ]
  test('agree', () => {
    const source = { name: 'payload', code: 'payload-cbor' } as const
    expectAgreement(
      payloads.map(({ name, bytes }) =>
        compare(
          name,
          () => notation(decodeCbor(bytes, source)),
          () => notation(decodeTheirs(bytes)),
        ),
      ),
      known,
    )
  })
})

describe('what a document says', () => {
  const known: KnownDifferences = [
    [/^cose-(shape|tag|protected): /, 'the envelope: see COSE_Sign1 above'],
    [/^cose-alg: alg: expected -35, found -7/, 'an algorithm is for us to refuse'],
    [/^cose-unprotected: unprotected headers: expected 0/, 'an unprotected header: AWS has none, and nothing signs it'],
    [/^cose-signature-length: signature bytes: expected 96/, 'a signature of another length or form'],
    [/^payload-size: bytes of evidence/, 'too long for the NSM'],
    [/^payload-cbor: payload: duplicate key/, 'cbor-x lets the last one win'],
    [/^payload-cbor: payload: invalid UTF-8/, 'cbor-x replaces it'],
    [/^payload-cbor: payload: expected map, found tag/, 'cbor-x drops the mark of self-described CBOR'],
    [/^payload-digest: digest: expected SHA384/, 'a digest that AWS does not use'],
    [/^payload-field-missing: /, 'cbor-x knows no fields'],
    [/^payload-field-type: /, 'cbor-x knows no types'],
    [/^payload-field-size: /, 'cbor-x knows no limits'],
    [/^payload-pcr: PCR: expected 0 to 31 with a bstr of 48/, 'cbor-x knows no registers'],
  ]
  test('agree', () => {
    expectAgreement(
      documents.map(({ name, bytes }) =>
        compare(
          name,
          () => ourClaims(bytes),
          () => theirClaims(bytes),
        ),
      ),
      known,
    )
  })

  function ourClaims(bytes: Bytes): string {
    const isTpm = Buffer.from(bytes).includes('nitrotpm_pcrs')
    const claims = isTpm ? decodeNitroTpmEvidence(bytes) : decodeNitroEvidence(bytes)
    return notation([
      claims.kind === 'tpm',
      claims.moduleId,
      claims.digest,
      claims.timestamp.getTime(),
      new Map(Object.entries(claims.pcrs)),
      claims.certificate,
      claims.cabundle,
      ...[claims.publicKey, claims.userData, claims.nonce].map((value) => value ?? null),
    ])
  }

  function theirClaims(bytes: Bytes): string {
    const fields = decodeTheirs(theirPayload(bytes)) as Map<string, unknown>
    const pcrs = (fields.get('pcrs') ?? fields.get('nitrotpm_pcrs')) as Map<number, unknown>
    return notation([
      fields.has('nitrotpm_pcrs'),
      ...['module_id', 'digest'].map((key) => fields.get(key)),
      Number(fields.get('timestamp')),
      new Map([...pcrs].sort(([a], [b]) => a - b).map(([index, value]) => [`PCR${index}`, value])),
      ...['certificate', 'cabundle'].map((key) => fields.get(key)),
      ...['public_key', 'user_data', 'nonce'].map((key) => fields.get(key) ?? null),
    ])
  }
})
