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
import { createNitroAttester } from './attester/nitro.ts'

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

  test.each([
    ['nothing', new Uint8Array()],
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
    expect(failure).toMatchObject({ code: 'format-unknown', message: 'the evidence is none of nitro, nitro-tpm' })
  })

  test.each([undefined, null, {}, [], { tdx: {} }, { freshness: skipFreshness }, { nitro, now }])(
    'takes entries of formats only: %s',
    async (options) => {
      await expect(verifyEvidence(document, options as never)).rejects.toThrow(
        /^options must be (a plain object|entries for formats: nitro, nitro-tpm)$/,
      )
    },
  )

  test("passes the format's own TypeErrors on", async () => {
    await expect(verifyEvidence(document, { nitro: {} as never })).rejects.toThrow(TypeError)
  })
})
