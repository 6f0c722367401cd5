/**
 * Our CBOR and COSE readers beside those of the second opinion (`cbor-x`), on every document there
 * is.
 */
import { describe, expect, test } from 'vitest'
import { decodeCbor } from '../../src/encoding/cbor.ts'
import { decodeSign1 } from '../../src/encoding/cose.ts'
import { decodeNitroEvidence } from '../../src/formats/aws/nitro/index.ts'
import { decodeNitroTpmEvidence } from '../../src/formats/aws/nitro-tpm/index.ts'
import { readDocument } from '../../src/second-opinion/formats/nsm.ts'
import { type Bytes, documents, type Item, skipLine } from './corpus.ts'
import { compare, expectAgreement, type KnownDifferences } from './differences.ts'
import { notation, secondCbor, secondEnvelope } from './second-readers.ts'

/** Payloads, each under the name of its document. */
const payloads: readonly Item[] = documents.flatMap(({ name, bytes }): Item[] => {
  try {
    return [{ name, bytes: secondEnvelope(bytes).payload }]
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
          () => notation(secondCbor(bytes)),
        ),
      ),
      known,
    )
  })
})

describe('COSE_Sign1', () => {
  const known: KnownDifferences = []
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
            const { protectedHeader, unprotectedHeader, payload, signature } = secondEnvelope(bytes)
            return notation([protectedHeader, unprotectedHeader, payload, signature])
          },
        ),
      ),
      known,
    )
  })
})

describe('payloads as CBOR', () => {
  const known: KnownDifferences = []
  test('agree', () => {
    const source = { name: 'payload', code: 'payload-cbor' } as const
    expectAgreement(
      payloads.map(({ name, bytes }) =>
        compare(
          name,
          () => notation(decodeCbor(bytes, source)),
          () => notation(secondCbor(bytes)),
        ),
      ),
      known,
    )
  })
})

describe('what a payload says', () => {
  const known: KnownDifferences = [
    [/^cose-alg: alg: expected -35, found -7/, 'an algorithm: the second opinion looks at headers elsewhere'],
    [/^cose-protected: protected headers: expected 1/, 'a second header, likewise'],
    [/^cose-unprotected: unprotected headers: expected 0/, 'an unprotected header, likewise'],
    [/^cose-signature-length: signature bytes: expected 96/, 'a signature of another length, likewise'],
    [/^payload-size: bytes of evidence/, 'too long for the NSM, likewise'],
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
    const { kind, certificate, cabundle, ...claims } = isTpm
      ? decodeNitroTpmEvidence(bytes)
      : decodeNitroEvidence(bytes)
    return notation([kind === 'tpm', certificate, cabundle, claims])
  }

  function theirClaims(bytes: Bytes): string {
    const { isInstance, certificate, cabundle, claims } = readDocument(secondEnvelope(bytes).payload)
    return notation([isInstance, certificate, cabundle, claims])
  }
})
