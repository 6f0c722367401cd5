/**
 * The root: formats are told apart, loaded when met, and refused without options.
 */
import { describe, expect, test } from 'vitest'
import {
  detectFormat,
  type EvidenceOptions,
  skipFreshness,
  skipReferenceValues,
  verifyEvidence,
  VerificationError,
} from '../src/index.ts'
import { formats } from '../src/formats/table.ts'
import { type Cmw, encodeCmw } from '../src/rats/cmw.ts'
import { createNitroAttester } from './attester/nitro.ts'
import { makeSgx, makeTdx } from './formats/intel/made.ts'

/** In the order of the table: so messages name them. */
const names = formats.map(({ name }) => name).join(', ')
const now = new Date('2026-06-01T00:00:00Z')
const enclave = await createNitroAttester({ now })
const instance = await createNitroAttester({ now, kind: 'tpm' })
const document = await enclave.document()
const tpmDocument = await instance.document()
const common = { referenceValues: skipReferenceValues, freshness: skipFreshness, now } as const
const nitro = { ...common, trustAnchors: [enclave.root] }
const nitroTpm = { ...common, trustAnchors: [instance.root] }

describe('detectFormat', () => {
  test('tells an enclave from an instance', () => {
    expect(detectFormat(document)).toBe('nitro')
    expect(detectFormat(tpmDocument)).toBe('nitro-tpm')
  })

  test('tells quotes of TDX from quotes of SGX, old ones included', async () => {
    expect(detectFormat((await makeTdx()).evidence)).toBe('tdx')
    expect(detectFormat((await makeTdx({ quote: { version: 5 } })).evidence)).toBe('tdx')
    expect(detectFormat((await makeSgx()).evidence)).toBe('sgx')
    expect(detectFormat((await makeSgx({ quote: { version: 4 } })).evidence)).toBe('sgx')
    const epid = (await makeSgx({ quote: { header: [[0, [2, 0, 1, 0, 0xaa, 0xbb]]] } })).evidence
    expect(detectFormat(epid)).toBe('sgx')
    // Other versions, other kinds of TEE, other kinds of keys: nothing that is known here.
    for (const [at, byte] of [
      [0, 6],
      [1, 1],
      [3, 1],
      [4, 0x82],
    ] as const) {
      const other = (await makeTdx({ quote: { header: [[at, [byte]]] } })).evidence
      expect(detectFormat(other)).toBeUndefined()
    }
  })

  test.each([
    ['nothing', new Uint8Array()],
    ['the beginning of a quote', Uint8Array.of(4, 0, 2, 0, 0x81, 0, 0, 0)],
    ['noise', Uint8Array.from({ length: 5000 }, (_, i) => i * 7)],
    ['a document cut short', document.subarray(0, -1)],
    ['more than any document', new Uint8Array(40_000)],
  ])('knows no format of %s', (_what, bytes) => {
    expect(detectFormat(bytes)).toBeUndefined()
  })

  test('takes bytes only', () => {
    expect(() => detectFormat('84' as never)).toThrow(new TypeError('evidence must be a Uint8Array'))
  })
})

describe('verifyEvidence', () => {
  test('verifies each format with its own options', async () => {
    const options: EvidenceOptions = { nitro, 'nitro-tpm': nitroTpm }
    await expect(verifyEvidence(document, options)).resolves.toMatchObject({ format: 'nitro' })
    await expect(verifyEvidence(tpmDocument, options)).resolves.toMatchObject({ format: 'nitro-tpm' })
  })

  const record = (value: Uint8Array, more: object = {}): Cmw => ({
    kind: 'record',
    type: 'application/eat+cwt; eat_profile="x"',
    value,
    ...more,
  })
  test.each<[string, Uint8Array]>([
    ['a record in JSON', encodeCmw(record(document, { indicator: 4 }), 'json')],
    ['a record in CBOR', encodeCmw(record(document), 'cbor')],
    ['a content format', encodeCmw(record(document, { type: 263, indicator: 12 }), 'cbor')],
    [
      'the type that CCA had before',
      encodeCmw(record(document, { type: 'Application/eat-collection; profile="x"' }), 'json'),
    ],
    // RFC 9277: content format 263, 1668546817 + 256 + 8.
    [
      'a tag',
      Uint8Array.of(0xda, 0x63, 0x74, 0x02, 0x09, 0x59, document.length >> 8, document.length & 255, ...document),
    ],
  ])('takes evidence out of %s', async (_, wrapped) => {
    await expect(verifyEvidence(wrapped, { nitro })).resolves.toMatchObject({ format: 'nitro' })
  })

  test.each<[string, Uint8Array, string]>([
    [
      'a record of another type',
      encodeCmw(record(document, { type: 'a/b' }), 'json'),
      'record (CMW): expected evidence, application/eat+cwt or application/eat-collection or application/psa-attestation-token, found a/b',
    ],
    [
      'another content format',
      encodeCmw(record(document, { type: 264 }), 'cbor'),
      'record (CMW): expected evidence, application/eat+cwt or application/eat-collection or application/psa-attestation-token, found 264',
    ],
    [
      'endorsements',
      encodeCmw(record(document, { indicator: 2 }), 'cbor'),
      'record (CMW): expected evidence, application/eat+cwt or application/eat-collection or application/psa-attestation-token, found another kind of message',
    ],
    ['no wrapper', Uint8Array.of(0x82, 0), 'the evidence is no format, and no wrapper: CMW: 2 entries at 1 in 1 bytes'],
    [
      'a wrapper in a wrapper',
      encodeCmw(record(encodeCmw(record(document), 'cbor')), 'cbor'),
      'the evidence is none of ',
    ],
    [
      'a collection',
      encodeCmw({ kind: 'collection', entries: new Map([['a', record(document)]]) }, 'cbor'),
      'the evidence is none of ',
    ],
  ])('refuses %s', async (_, wrapped, message) => {
    const error: unknown = await verifyEvidence(wrapped, { nitro }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ name: 'VerificationError', code: 'format-unknown' })
    expect((error as Error).message.slice(0, message.length)).toBe(message)
  })

  test('refuses a format without options', async () => {
    await expect(verifyEvidence(document, { 'nitro-tpm': nitroTpm })).rejects.toMatchObject({
      name: 'VerificationError',
      code: 'format-refused',
      message: 'the evidence is of format nitro, which the options have no entry for',
    })
    await expect(verifyEvidence(tpmDocument, { nitro })).rejects.toMatchObject({ code: 'format-refused' })
  })

  test('refuses what is no known format', async () => {
    const failure = await verifyEvidence(new Uint8Array(100), { nitro }).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(VerificationError)
    expect(failure).toMatchObject({
      code: 'format-unknown',
      message: `the evidence is none of ${names}`,
    })
  })

  test.each([undefined, null, {}, [], { 'no-such-format': {} }, { freshness: skipFreshness }, { nitro, now }])(
    'takes entries of formats only: %s',
    async (options) => {
      await expect(verifyEvidence(document, options as never)).rejects.toThrow(
        new RegExp(`^options must be (a plain object|entries for formats: ${names})$`),
      )
    },
  )

  test('verifies quotes with their own options', async () => {
    const [tdx, sgx] = [await makeTdx(), await makeSgx()]
    const options: EvidenceOptions = { nitro, tdx: tdx.options, sgx: sgx.options }
    await expect(verifyEvidence(tdx.evidence, options)).resolves.toMatchObject({ format: 'tdx' })
    await expect(verifyEvidence(sgx.evidence, options)).resolves.toMatchObject({ format: 'sgx' })
    await expect(verifyEvidence(tdx.evidence, { sgx: sgx.options })).rejects.toMatchObject({ code: 'format-refused' })
    await expect(verifyEvidence(sgx.evidence, { tdx: tdx.options })).rejects.toMatchObject({ code: 'format-refused' })
    const epid = (await makeSgx({ quote: { header: [[0, [2, 0, 1, 0]]] } })).evidence
    await expect(verifyEvidence(epid, { sgx: sgx.options })).rejects.toMatchObject({ code: 'quote-version-epid' })
  })

  test('what the caller changes while a format is being loaded has no effect', async () => {
    const { evidence, options } = await makeTdx()
    const endorsements: Record<string, string> = { ...options.endorsements }
    const lent = evidence.slice()
    const verification = verifyEvidence(lent, { tdx: { ...options, endorsements: endorsements as never } })
    for (const name of Object.keys(endorsements)) endorsements[name] = 'changed'
    lent.fill(0)
    await expect(verification).resolves.toMatchObject({ format: 'tdx' })
  })

  test("passes the format's own TypeErrors on", async () => {
    await expect(verifyEvidence(document, { nitro: {} as never })).rejects.toThrow(TypeError)
  })
})
