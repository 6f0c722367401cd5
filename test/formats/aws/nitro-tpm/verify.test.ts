/**
 * NitroTPM documents: the same envelope, payload and chain as an enclave's, verified by the same
 * code. Here is what differs.
 */
import { refusalOf } from '../../../support/refusal.ts'
import { describe, expect, test } from 'vitest'
import { allowDebug } from '../../../../src/index.ts'
import { AppraisalError } from '../../../../src/core/errors.ts'
import {
  decodeNitroTpmEvidence,
  type NitroTpmOptions,
  skipFreshness,
  skipReferenceValues,
  verifyNitroTpm,
} from '../../../../src/formats/aws/nitro-tpm/index.ts'
import { verifyNitro } from '../../../../src/formats/aws/nitro/index.ts'
import { hex, pattern } from '../../../attester/bytes.ts'
import { encodePcrs, moduleIds, tpmPcrs } from '../../../attester/nitro.ts'
import { type Change, make, now } from '../nitro/made.ts'
import { negativeCases } from '../nitro/negative-cases.ts'

const pcrs = await tpmPcrs()
const zeros = new Uint8Array(48)
const boot = { PCR4: pcrs[4], PCR7: pcrs[7], PCR12: zeros }

async function makeTpm(change: Change = {}): Promise<{ evidence: Uint8Array; options: NitroTpmOptions }> {
  const { evidence, options } = await make({
    ...change,
    attester: { kind: 'tpm', ...change.attester },
    options: { referenceValues: boot, ...change.options },
  })
  return { evidence, options: options as unknown as NitroTpmOptions }
}

test('an instance that booted what is expected', async () => {
  const { evidence, options } = await makeTpm({ document: { publicKey: pattern(32) } })
  const result = await verifyNitroTpm(evidence, options)
  expect(result).toMatchObject({ format: 'nitro-tpm', matched: 0, claims: { moduleId: moduleIds.tpm } })
  expect(Object.keys(result.claims.pcrs)).toEqual(Array.from({ length: 24 }, (_, i) => `PCR${i}`))
  expect(hex(result.publicKey as Uint8Array)).toBe(hex(pattern(32)))
  expect(result.claims).not.toHaveProperty('debug')
  expect(decodeNitroTpmEvidence(evidence)).toMatchObject({ kind: 'tpm', moduleId: moduleIds.tpm })
})

test('its checks are those of an enclave, but for debug mode', async () => {
  const { evidence, options } = await makeTpm()
  const { checks } = await verifyNitroTpm(evidence, options)
  expect(checks.filter(({ stage }) => stage === 'appraise').map(({ id }) => id)).toEqual([
    'policy-kind',
    'policy-pcr',
    'policy-nonce',
    'policy-freshness',
    'policy-user-data',
    'policy-public-key',
  ])
})

test('policy-kind: an enclave does not pass for an instance, nor an instance for an enclave', async () => {
  const enclave = await make({ options: { referenceValues: skipReferenceValues } })
  const tpm = await makeTpm({ options: { referenceValues: skipReferenceValues } })
  for (const verify of [
    () => verifyNitroTpm(enclave.evidence, enclave.options),
    () => verifyNitro(tpm.evidence, tpm.options),
  ]) {
    const refusal = await refusalOf(verify())
    expect(refusal).toBeInstanceOf(AppraisalError)
    expect(refusal.code).toBe('policy-kind')
    expect(refusal.message).toMatch(/kind.*(tpm.*enclave|enclave.*tpm)/i)
  }
})

describe('all other refusals are those of an enclave', () => {
  // What is about the registers or the kind itself is tested above and below.
  const shared = negativeCases.filter(
    ({ code, rule }) =>
      !['policy-kind', 'policy-debug', 'policy-pcr', 'payload-pcr'].includes(code) && !/pcr/i.test(rule),
  )
  const oneOfEach = [...new Map(shared.map((entry) => [entry.code, entry])).values()]

  test.each(oneOfEach.map((entry) => [entry.code, entry.rule, entry] as const))(
    '%s: %s',
    async (code, _rule, entry) => {
      const { evidence, options } = await makeTpm(entry)
      const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
      const refusal = await refusalOf(verifyNitroTpm(evidence, given as unknown as NitroTpmOptions))
      expect({ code: refusal.code, message: refusal.message }).toEqual({
        code,
        message: expect.stringMatching(entry.message) as string,
      })
    },
  )
})

describe('registers', () => {
  test.each([
    ['policy-pcr', 'another kernel', { options: { referenceValues: { ...boot, PCR4: pattern(48) } } }],
    ['policy-pcr', 'a command line where none is expected', { document: { pcrs: { ...pcrs, 12: pattern(48) } } }],
    ['payload-pcr', 'index 32', { document: { pcrs: { ...pcrs, 32: pattern(48) } } }],
    ['payload-pcr', '32 bytes', { document: { pcrs: { ...pcrs, 4: pattern(32) } } }],
    ['payload-pcr', 'both kinds', { document: { fields: { pcrs: encodePcrs(pcrs) } } }],
    ['payload-field-missing', 'none of either kind', { document: { fields: { nitrotpm_pcrs: undefined } } }],
    ['payload-field-missing', 'null', { document: { fields: { nitrotpm_pcrs: Uint8Array.of(0xf6) } } }],
    ['payload-field-type', 'a list', { document: { fields: { nitrotpm_pcrs: Uint8Array.of(0x80) } } }],
    ['payload-field-size', 'no registers', { document: { pcrs: {} } }],
  ] as [string, string, Change][])('%s: %s', async (code, _what, change) => {
    const { evidence, options } = await makeTpm(change)
    const refusal = await refusalOf(verifyNitroTpm(evidence, options))
    expect(refusal.code).toBe(code)
    expect(refusal.message).toMatch(/PCR|pcrs/)
  })

  test('zero is a value of PCR8 and above, where nothing was measured', async () => {
    for (const register of [8, 9, 12, 15, 16]) {
      const { evidence, options } = await makeTpm({
        options: { referenceValues: { PCR4: pcrs[4], [`PCR${register}`]: zeros } },
      })
      expect((await verifyNitroTpm(evidence, options)).matched).toBe(0)
    }
  })

  test.each([0, 1, 2, 3, 4, 5, 6, 7])(
    'T-N4 zero is no value of PCR%i, which the firmware always extends',
    async (register) => {
      const { evidence, options } = await makeTpm({
        options: { referenceValues: { PCR12: pcrs[12], [`PCR${register}`]: zeros } },
      })
      await expect(verifyNitroTpm(evidence, options)).rejects.toThrow(TypeError)
    },
  )

  test('T-N4 zeros alone would match anything', async () => {
    const { evidence, options } = await makeTpm({ options: { referenceValues: { PCR12: zeros, PCR8: zeros } } })
    await expect(verifyNitroTpm(evidence, options)).rejects.toThrow(/^referenceValues\[0\]/)
  })
})

test('there is no debug mode to allow', async () => {
  const { evidence, options } = await makeTpm()
  await expect(verifyNitroTpm(evidence, { ...options, debug: allowDebug } as NitroTpmOptions)).rejects.toThrow(
    /^option "debug"/,
  )
})

test('T-N5 reference values and freshness are required here too', async () => {
  const { evidence, options } = await makeTpm()
  for (const referenceValues of [undefined, {}, [], '']) {
    await expect(
      verifyNitroTpm(evidence, { ...options, referenceValues } as unknown as NitroTpmOptions),
    ).rejects.toThrow(/^referenceValues/)
  }
  await expect(verifyNitroTpm(evidence, { ...options, freshness: {} } as unknown as NitroTpmOptions)).rejects.toThrow(
    /^freshness/,
  )
})

test('skips say that they are skips', async () => {
  const { evidence, options } = await makeTpm({
    options: { referenceValues: skipReferenceValues, freshness: skipFreshness, now },
  })
  const { checks } = await verifyNitroTpm(evidence, options)
  expect(checks.filter(({ outcome }) => outcome === 'skipped').map(({ id }) => id)).toEqual([
    'policy-pcr',
    'policy-freshness',
  ])
})
