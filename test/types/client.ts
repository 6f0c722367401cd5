/**
 * The types of `veritee/client`: where report data decides, the challenge has it, and nowhere else.
 * Nothing here runs; see `nitro.ts`.
 */
import { expectTypeOf } from 'vitest'
import {
  attestedFetch,
  type AttestedFetch,
  type AttestedFetchOptions,
  type AttestationResult,
  type Bytes,
  type KeyBinding,
  keyHashInReportData,
  keyHashInUserData,
} from '../../src/client/index.ts'
import { verifyTdx } from '../../src/formats/intel/tdx/index.ts'

declare const endorsements: Parameters<typeof verifyTdx>[1]['endorsements']
declare const result: AttestationResult
const referenceValues = { mrTd: 'ab' } as never
const common = { allowLoopbackHttp: true } as const

// Report data goes to the verifier as it is.
const send = attestedFetch('https://td.example', {
  ...common,
  binding: keyHashInReportData,
  relay: 'https://relay.example',
  verify: (evidence, { reportData, keyConfig, nonce }) => {
    expectTypeOf(evidence).toEqualTypeOf<Bytes>()
    expectTypeOf(nonce).toEqualTypeOf<Bytes>()
    expectTypeOf(reportData).toEqualTypeOf<Bytes>()
    expectTypeOf(keyConfig).toEqualTypeOf<Bytes>()
    return verifyTdx(evidence, { endorsements, referenceValues, reportData })
  },
})
expectTypeOf(send).toEqualTypeOf<AttestedFetch>()

// With any other binding it may be missing.
for (const binding of [keyHashInUserData, (() => new Uint8Array()) as KeyBinding])
  attestedFetch('https://td.example', {
    binding,
    verify: (_, { reportData, keyConfig }) => {
      expectTypeOf(reportData).toEqualTypeOf<Bytes | undefined>()
      expectTypeOf(keyConfig).toEqualTypeOf<Bytes | undefined>()
      return Promise.resolve(result)
    },
  })
attestedFetch('https://td.example', {
  verify: (_, { reportData }) => {
    expectTypeOf(reportData).toEqualTypeOf<Bytes | undefined>()
    return Promise.resolve(result)
  },
})

// A source of the caller's has no report data to read.
// @ts-expect-error it would be refused
attestedFetch('https://td.example', {
  binding: keyHashInReportData,
  evidenceSource: () => Promise.resolve({ evidence: new Uint8Array() }),
  verify: (_, { reportData }) => Promise.resolve(reportData.length > 0 ? result : result),
})

// A binding of the same shape is none that reads report data.
const lookalike: KeyBinding = (found, challenge) => keyHashInReportData(found, challenge)
attestedFetch('https://td.example', {
  binding: lookalike,
  verify: (_, { reportData }) => {
    expectTypeOf(reportData).toEqualTypeOf<Bytes | undefined>()
    return Promise.resolve(result)
  },
})

// Options that are put together elsewhere fit as before.
declare const options: AttestedFetchOptions
attestedFetch('https://td.example', options)

// @ts-expect-error a verifier is required
attestedFetch('https://td.example', { binding: keyHashInReportData })
// @ts-expect-error an option that there is not
attestedFetch('https://td.example', { verify: () => Promise.resolve(result), plaintext: true })
