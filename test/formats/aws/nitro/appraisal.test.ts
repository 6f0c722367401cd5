/**
 * What a verification says: of everything that was checked and in which order, of what was not
 * asked for, and of all failed appraisals together.
 */
import { refusalOf } from '../../../support/refusal.ts'
import { expect, test } from 'vitest'
import { AppraisalError } from '../../../../src/core/errors.ts'
import {
  allowDebug,
  atEvidenceTime,
  type Check,
  isAttestationResult,
  skipFreshness,
  skipReferenceValues,
  verifyNitro,
} from '../../../../src/formats/aws/nitro/index.ts'
import { hex, pattern, unhex } from '../../../attester/bytes.ts'
import * as cbor from '../../../attester/cbor.ts'
import { debugPcrs, encodePcrs, instanceId, moduleIds, testNonce } from '../../../attester/nitro.ts'
import { make, now, PCR0, pcrs, second } from './made.ts'

const appraisals = [
  'policy-kind',
  'policy-debug',
  'policy-pcr',
  'policy-nonce',
  'policy-freshness',
  'policy-user-data',
  'policy-public-key',
]

test('every appraisal is made, and all that fail are reported together, the first one as the error', async () => {
  const { evidence, options } = await make({
    document: {
      // A NitroTPM document whose PCR0 is zero, dated ahead, bound to other things.
      fields: { pcrs: undefined, nitrotpm_pcrs: encodePcrs(await debugPcrs()) },
      nonce: pattern(32, 1),
      timestamp: now.getTime() + 301 * second,
      userData: unhex('00'),
      publicKey: unhex('00'),
    },
    options: { userData: unhex('01'), publicKey: unhex('01') },
  })
  const refusal = await refusalOf(verifyNitro(evidence, options))
  expect(refusal).toBeInstanceOf(AppraisalError)
  if (!(refusal instanceof AppraisalError)) throw refusal
  const { failures, checks, code, message } = refusal
  expect(failures.map(({ id }) => id)).toEqual(appraisals)
  expect(checks.slice(-appraisals.length)).toEqual(failures)
  expect(checks.slice(0, -appraisals.length).every(({ outcome }) => outcome === 'pass')).toBe(true)
  expect(code).toBe('policy-kind')
  expect(message).toContain(failures[0]?.summary)
  expect(Object.isFrozen(failures) && Object.isFrozen(checks)).toBe(true)
})

test('an appraisal is not made before everything is authentic', async () => {
  const { evidence, options } = await make({
    document: { signature: () => new Uint8Array(96), pcrs: await debugPcrs() },
  })
  const { code, checks } = await refusalOf(verifyNitro(evidence, options))
  expect(code).toBe('cose-signature')
  expect(checks.filter(({ stage }) => stage === 'appraise')).toEqual([])
})

test('the checks of a success, in order', async () => {
  const { evidence, options } = await make({ document: { userData: pattern(3) }, options: { userData: pattern(3) } })
  const { checks } = await verifyNitro(evidence, options)
  const decoded = checks.filter(({ stage }) => stage === 'decode').map(({ id }) => id)
  expect(decoded).toEqual(expect.arrayContaining(['cose-shape', 'cose-alg', 'payload-cbor', 'payload-field-type']))
  expect(checks.slice(decoded.length).map(({ stage, id, outcome }) => `${stage} ${id} ${outcome}`)).toEqual([
    'verify root-mismatch pass',
    'verify cert-parse pass',
    'verify cert-algorithm pass',
    'verify cert-extension pass',
    'verify cert-path-length pass',
    'verify cert-chain-name pass',
    'verify cert-validity pass',
    'verify cert-chain-signature pass',
    'verify cose-signature pass',
    'appraise policy-kind pass',
    'appraise policy-debug pass',
    'appraise policy-pcr pass',
    'appraise policy-nonce pass',
    'appraise policy-freshness pass',
    'appraise policy-user-data pass',
    'appraise policy-public-key not-requested',
  ])
  for (const { summary, startedAt, durationMs } of checks) {
    expect(summary).not.toBe('')
    expect(startedAt).toBeGreaterThan(0)
    expect(durationMs).toBeGreaterThanOrEqual(0)
  }
})

test('trace is told each check as it is made, and the same ones', async () => {
  for (const change of [
    {},
    { options: { userData: pattern(3) } },
    { document: { signature: () => new Uint8Array(96) } },
  ]) {
    const { evidence, options } = await make(change)
    const traced: Check[] = []
    const outcome = await verifyNitro(evidence, { ...options, trace: (check) => traced.push(check) }).catch(
      (error: unknown) => error as AppraisalError,
    )
    expect(traced.length).toBeGreaterThan(10)
    expect(outcome.checks).toEqual(traced)
    expect(traced.every((check) => Object.isFrozen(check))).toBe(true)
  }
})

test('T-V3 what trace throws, the verifier throws: nothing is swallowed', async () => {
  const { evidence, options } = await make()
  const stop = new Error('stop here')
  const trace = ({ id }: Check): void => {
    if (id === 'policy-pcr') throw stop
  }
  await expect(verifyNitro(evidence, { ...options, trace })).rejects.toBe(stop)
})

test('T-V1 a result is frozen, branded, and of one kind', async () => {
  const { evidence, options } = await make({ document: { publicKey: pattern(32) } })
  const result = await verifyNitro(evidence, options)
  expect(isAttestationResult(result)).toBe(true)
  expect(isAttestationResult({ ...result })).toBe(false)
  for (const part of [
    result,
    result.claims,
    result.claims.pcrs,
    result.claims.unknownFields,
    result.checks,
    ...result.checks,
  ]) {
    expect(Object.isFrozen(part)).toBe(true)
  }
  expect(result).not.toHaveProperty('ok')
})

test('what a result says', async () => {
  const { evidence, options } = await make({
    document: { publicKey: pattern(32), userData: pattern(3), timestamp: now.getTime() - 1500 },
    options: { referenceValues: [{ PCR0: 'ab'.repeat(48) }, { PCR0 }] },
  })
  const result = await verifyNitro(evidence, options)
  expect(result).toMatchObject({
    format: 'nitro',
    matched: 1,
    timeSource: 'clock',
    verifiedAt: now,
    attestedAt: new Date(now.getTime() - 1500),
    clockOffsetSeconds: -1.5,
    // The leaf: three hours and three seconds from a minute before.
    validUntil: new Date('2026-06-01T14:59:03Z'),
    claims: { moduleId: moduleIds.enclave, digest: 'SHA384', timestamp: new Date(now.getTime() - 1500), debug: false },
  })
  expect([result.publicKey, result.claims.publicKey].map((key) => hex(key as Uint8Array))).toEqual([
    hex(pattern(32)),
    hex(pattern(32)),
  ])
  expect(hex(result.claims.userData as Uint8Array)).toBe('000102')
  expect(hex(result.claims.nonce as Uint8Array)).toBe(hex(testNonce))
  expect(Object.entries(result.claims.pcrs).map(([name, value]) => [name, hex(value)])).toEqual(
    Object.entries(pcrs).map(([index, value]) => [`PCR${index}`, hex(value)]),
  )
  expect(moduleIds.enclave.startsWith(instanceId)).toBe(true)
})

test('a reference value that matched goes by its name, else by its place', async () => {
  const matchedBy = async (referenceValues: unknown): Promise<unknown> => {
    const { evidence, options } = await make({ options: { referenceValues } })
    return (await verifyNitro(evidence, options)).matched
  }
  const other = { PCR0: 'ab'.repeat(48) }
  expect(await matchedBy({ PCR0 })).toBe(0)
  expect(await matchedBy({ PCR0, name: 'v1' })).toBe('v1')
  expect(await matchedBy([other, other, { PCR0, name: 'v3' }])).toBe('v3')
  expect(
    await matchedBy([
      { ...other, PCR1: pcrs[1] },
      { PCR0, PCR1: pcrs[1] },
    ]),
  ).toBe(1)
  expect(await matchedBy({ Measurements: { HashAlgorithm: 'Sha384 { ... }', PCR0: hex(PCR0) } })).toBe(0)
  const described = {
    EifVersion: 4,
    Measurements: { HashAlgorithm: 'Sha384 { ... }', PCR0: hex(PCR0) },
    IsSigned: false,
    CheckCRC: true,
    Metadata: { BuildTool: 'nitro-cli' },
    name: 'as described',
  }
  expect(await matchedBy(described)).toBe('as described')
  expect(await matchedBy(skipReferenceValues)).toBeUndefined()
})

test('what was not asked for is not-requested, what the caller skips is skipped, and neither is a pass', async () => {
  const { evidence, options } = await make({
    document: { nonce: null },
    options: { referenceValues: skipReferenceValues, freshness: skipFreshness },
  })
  const { checks, matched } = await verifyNitro(evidence, options)
  const outcomes = Object.fromEntries(checks.map(({ id, outcome }) => [id, outcome]))
  expect(outcomes).toMatchObject({
    'policy-pcr': 'skipped',
    'policy-nonce': 'not-requested',
    'policy-freshness': 'skipped',
    'policy-user-data': 'not-requested',
    'policy-public-key': 'not-requested',
  })
  expect(matched).toBeUndefined()
})

test('T-N27 an archive is verified at its own time, and says that it proves the past only', async () => {
  const { evidence, options } = await make({ options: { now: atEvidenceTime } })
  const result = await verifyNitro(evidence, options)
  expect(result).toMatchObject({ timeSource: 'evidence', verifiedAt: now, attestedAt: now })
  expect(result.clockOffsetSeconds).toBeUndefined()
  const age = result.checks.find(({ id }) => id === 'policy-freshness')
  expect(age).toMatchObject({ outcome: 'skipped', summary: expect.stringContaining('past') as string })
})

test('T-N27 in archive mode the nonce, the registers and the bindings are still appraised', async () => {
  const { evidence, options } = await make({
    options: {
      now: atEvidenceTime,
      freshness: { nonce: pattern(9) },
      referenceValues: { PCR0: 'ab'.repeat(48) },
      userData: pattern(1),
    },
  })
  const { checks } = await refusalOf(verifyNitro(evidence, options))
  const failures = checks.filter(({ outcome }) => outcome === 'fail')
  expect(failures.map(({ id }) => id)).toEqual(['policy-pcr', 'policy-nonce', 'policy-user-data'])
})

test('T-N4 a debug enclave is accepted when the caller allows it by name, and the result says so', async () => {
  const { evidence, options } = await make({
    document: { pcrs: await debugPcrs() },
    options: { referenceValues: { PCR3: pcrs[3] }, debug: allowDebug },
  })
  const { claims, checks } = await verifyNitro(evidence, options)
  expect(claims.debug).toBe(true)
  expect(checks.find(({ id }) => id === 'policy-debug')).toMatchObject({
    outcome: 'pass',
    actual: expect.stringMatching(/on|debug/) as string,
  })
})

test('T-N4 allowing debug does not make zeros match', async () => {
  const { evidence, options } = await make({ document: { pcrs: await debugPcrs() }, options: { debug: allowDebug } })
  expect((await refusalOf(verifyNitro(evidence, options))).code).toBe('policy-pcr')
})

test('T-N12 user data of 513 to 1024 bytes is what the NSM really signs', async () => {
  for (const size of [512, 513, 1024]) {
    const { evidence, options } = await make({
      document: { userData: pattern(size) },
      options: { userData: pattern(size) },
    })
    expect((await verifyNitro(evidence, options)).claims.userData).toHaveLength(size)
  }
})

test('T-N20 a field that is not known yet has no influence, and is told', async () => {
  const { evidence, options } = await make({
    document: { fields: { later: cbor.unsigned(7), PCRS: encodePcrs({ 0: pattern(48) }) } },
  })
  const { claims } = await verifyNitro(evidence, options)
  expect(claims.unknownFields.map(({ key }) => key)).toEqual(['later', 'PCRS'])
  expect(claims.unknownFields[0]?.value).toBe(7)
})

test('T-N21 fields may stand in any order', async () => {
  const { evidence, options } = await make({ document: { entries: (entries) => [...entries].reverse() } })
  expect((await verifyNitro(evidence, options)).claims.moduleId).toBe(moduleIds.enclave)
})

test('T-N22 maps and arrays of the payload may be of definite or indefinite length', async () => {
  for (const indefinite of [true, false]) {
    const { evidence, options } = await make({
      document: {
        indefinite,
        entries: (entries) =>
          entries.map(([key, value]) =>
            hex(key) === hex(cbor.text('pcrs'))
              ? [key, cbor.indefiniteMap([[cbor.unsigned(0), cbor.bytes(PCR0)]])]
              : [key, value],
          ),
      },
    })
    expect((await verifyNitro(evidence, options)).matched).toBe(0)
  }
})

test('T-N23 tag 18 may stand in front or not', async () => {
  const { evidence, options } = await make()
  expect(evidence[0]).toBe(0x84)
  for (const bytes of [evidence, cbor.tag(18, evidence)]) expect((await verifyNitro(bytes, options)).matched).toBe(0)
})

test('null, absent and empty: an empty field is there, the other two are not', async () => {
  for (const [publicKey, expected] of [
    [cbor.nothing, undefined],
    [undefined, undefined],
    [cbor.bytes(new Uint8Array()), 0],
  ] as const) {
    const { evidence, options } = await make({ document: { fields: { public_key: publicKey } } })
    const { claims, publicKey: key } = await verifyNitro(evidence, options)
    expect([claims.publicKey?.length, key?.length]).toEqual([expected, expected])
  }
})

test('registers need not be contiguous, nor be 16', async () => {
  const sparse = { 0: PCR0, 8: pattern(48), 31: pattern(48, 9) }
  const { evidence, options } = await make({
    document: { pcrs: sparse },
    options: { referenceValues: { PCR31: pattern(48, 9), PCR0 } },
  })
  expect(Object.keys((await verifyNitro(evidence, options)).claims.pcrs)).toEqual(['PCR0', 'PCR8', 'PCR31'])
})
