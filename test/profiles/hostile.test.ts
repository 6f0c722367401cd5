/**
 * Reports and profiles that someone has tampered with, at random: whatever they are, they are
 * accepted or refused in the words of this library, and a tampered report is never accepted for
 * another key.
 */
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { type ProviderReportOptions, readProviderProfile, verifyProviderReport } from '../../src/ai/index.ts'
import { AttestationError } from '../../src/core/errors.ts'
import { createProvider, type FakeProvider, nonce, soundProfile } from '../attester/provider.ts'

const now = new Date('2026-06-01T12:00:00Z')
let provider: FakeProvider
let options: ProviderReportOptions
let sound: string
beforeAll(async () => {
  provider = await createProvider(now)
  options = await provider.options()
  sound = await provider.report(nonce)
})

/** Cuts, repeats and replaces pieces of a text. */
const tampered = (text: () => string): fc.Arbitrary<string> =>
  fc
    .array(
      fc.tuple(
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.nat({ max: 12 }),
        fc.constantFrom(
          '',
          '"',
          '{',
          '}',
          '[',
          ']',
          ',',
          ':',
          '\\',
          '0',
          'f',
          'null',
          '1e999',
          '\u0000',
          '"a":1,',
          '\ud800',
        ),
      ),
      { minLength: 1, maxLength: 3 },
    )
    .map((edits) =>
      edits.reduce((made, [where, cut, piece]) => {
        const at = Math.floor(where * made.length)
        return made.slice(0, at) + piece + made.slice(at + cut)
      }, text()),
    )

test('a tampered report', async () => {
  await fc.assert(
    fc.asyncProperty(
      tampered(() => sound),
      async (text) => {
        const outcome = await verifyProviderReport(soundProfile, { report: text }, options).catch(
          (error: unknown) => error,
        )
        if (outcome instanceof AttestationError) return
        expect((outcome as { channel?: unknown }).channel).toEqual({
          kind: 'ohttp',
          key: provider.key.config,
          vouchedBy: 'ed25519',
        })
      },
    ),
    { numRuns: 150 },
  )
})

test('a member of every kind in the place of each', async () => {
  const report = JSON.parse(sound) as Record<string, unknown>
  const gateway = report.gateway as Record<string, unknown>
  const values = [null, true, 0, -1, '', '00', '{}', '[]', '{', [], {}, [[]], { '': 0 }]
  const made = [
    ...Object.keys(report).flatMap((name) => values.map((value) => ({ ...report, [name]: value }))),
    ...Object.keys(gateway).flatMap((name) =>
      values.map((value) => ({ ...report, gateway: { ...gateway, [name]: value } })),
    ),
  ]
  for (const one of made) {
    const outcome = await verifyProviderReport(soundProfile, { report: JSON.stringify(one) }, options).catch(
      (error: unknown) => error,
    )
    expect(outcome).toBeInstanceOf(AttestationError)
  }
})

test('a value of every kind in the place of each of a profile’s', () => {
  const values = [
    null,
    true,
    0,
    '',
    'a',
    '/a',
    '#report',
    '+/a',
    [],
    {},
    [{}],
    { nonce: 'raw' },
    { in: 1 },
    { by: 'report-data' },
  ]
  const read = (profile: unknown): void => {
    try {
      readProviderProfile(profile)
    } catch (error) {
      expect(error).toBeInstanceOf(TypeError)
    }
  }
  /** Replaces each value in turn, at every depth. */
  const walk = (value: unknown, rebuild: (inner: unknown) => unknown): void => {
    for (const other of values) read(rebuild(other))
    if (Object(value) !== value) return
    for (const [name, inner] of Object.entries(value as object))
      walk(inner, (changed) =>
        rebuild(
          Array.isArray(value)
            ? (value as unknown[]).map((item) => (item === inner ? changed : item))
            : { ...(value as object), [name]: changed },
        ),
      )
  }
  walk(soundProfile, (changed) => changed)
})

test('texts without end cost no more than their length', async () => {
  const bombs = ['[', '{"a":', '"', '\\', '"\\u0061', ' ', '[1,', '{"gateway":{"gpus":"', '{"":{'].map((bomb) =>
    bomb.repeat(Math.floor(1_000_000 / bomb.length)),
  )
  const nested = JSON.stringify({ ...(JSON.parse(sound) as object), more: 'x'.repeat(1_000_000) })
  for (const text of bombs) {
    const outcome = await verifyProviderReport(soundProfile, { report: text }, options).catch((error: unknown) => error)
    expect(outcome).toBeInstanceOf(AttestationError)
    expect((outcome as AttestationError).code).toBe('report-json')
  }
  const { channel } = await verifyProviderReport(soundProfile, { report: nested }, options)
  expect(channel?.vouchedBy).toBe('ed25519')
  const digits = JSON.stringify({
    ...(JSON.parse(sound) as { gateway: object }),
    gateway: { ...(JSON.parse(sound) as { gateway: object }).gateway, quote: '00'.repeat(500_000) },
  })
  expect(
    await verifyProviderReport(soundProfile, { report: digits }, options).catch((error: unknown) => error),
  ).toMatchObject({ code: 'quote-format' })
})
