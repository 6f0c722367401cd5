/**
 * `veritee verify --second-opinion`: the same verdicts, borne out by another implementation, for
 * people and for machines.
 */
import { existsSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { asAsked } from '../../src/cli/second-opinion.ts'
import { type NitroOptions, verifyNitro } from '../../src/formats/aws/nitro/index.ts'
import type { EvidenceResult } from '../../src/index.ts'
import { fixture } from '../second-opinion/corpus.ts'
import { formats } from './second-opinion-formats.ts'
import { file, lastLine, nonce, pcr0, repository, root, then, useCommand, veritee, written } from './run.ts'

useCommand()

const asked = ['verify', file, ...root, ...pcr0, ...nonce, ...then]

it('exits with 0, and says that it agrees', () => {
  const outcome = veritee([...asked, '--second-opinion'])
  expect(outcome.stderr).toBe('')
  expect(outcome.stdout).toMatch(/^ {2}2nd opinion agrees$/m)
  expect(lastLine(outcome)).toBe('VERIFIED: nitro; under a root that you named')
  expect(outcome.code).toBe(0)
})

it('says nothing of it where it is not asked for', () => {
  expect(veritee(asked).stdout).not.toContain('opinion')
})

it('tells machines', () => {
  const json = (args: readonly string[]): unknown => JSON.parse(veritee([...args, '--json']).stdout)
  expect(json([...asked, '--second-opinion'])).toMatchObject({ verdict: 'verified', secondOpinion: 'agrees' })
  expect(json(asked)).toMatchObject({ verdict: 'verified', secondOpinion: null })
})

it('leaves refusals as they are', () => {
  const outcome = veritee(['verify', file, ...pcr0, ...nonce, ...then, '--second-opinion'])
  expect(lastLine(outcome)).toBe('REFUSED: not authentic (root-mismatch)')
  expect(outcome.code).toBe(2)
})

it('is for quotes too', () => {
  const { options } = fixture('tdx/valid')
  const { endorsements, referenceValues } = options as {
    readonly endorsements: object
    readonly referenceValues: readonly Record<string, string>[]
  }
  const { mrTd = '', rtmr0 = '', rtmr1 = '', rtmr2 = '' } = referenceValues[0] ?? {}
  const collateral = written('second-opinion-collateral.json', JSON.stringify(endorsements))
  const outcome = veritee([
    ...['verify', 'fixtures/tdx/valid/evidence.bin', '--root', 'fixtures/tdx/root.pem', '--collateral', collateral],
    ...[
      '--skip-report-data',
      '--mrtd',
      mrTd,
      '--rtmr0',
      rtmr0,
      '--rtmr1',
      rtmr1,
      '--rtmr2',
      rtmr2,
      ...then,
      '--second-opinion',
    ],
  ])
  expect(outcome.stdout).toMatch(/^ {2}2nd opinion agrees$/m)
  expect(outcome.code).toBe(0)
})

it.each(formats)('agrees with what is sound: $format', ({ format, path, args }) => {
  const { stdout, stderr, code } = veritee(['verify', `fixtures/${path}/evidence.bin`, ...args, '--second-opinion'])
  expect(stderr).toBe('')
  expect(stdout).toMatch(/^ {2}2nd opinion agrees$/m)
  expect(stdout.replaceAll('\n', ' ')).toContain(`VERIFIED: ${format};`)
  expect(code).toBe(0)
})

it('is never passed over: a format without one is refused', async () => {
  const sound = fixture('nitro/valid')
  const other = async (evidence: Uint8Array, options: NitroOptions): Promise<EvidenceResult> => {
    const result = await verifyNitro(evidence, options)
    return { ...result, format: 'of tomorrow' } as unknown as EvidenceResult
  }
  const verify = await asAsked({ 'second-opinion': true }, other, sound.options as NitroOptions)
  await expect(verify(sound.evidence)).rejects.toMatchObject({ code: 'second-opinion-unavailable' })
  for (const family of ['amd', 'android', 'apple', 'arm', 'aws', 'intel']) {
    const files = [`${family}.ts`, `${family}/arguments.ts`].map((path) => `${repository}src/cli/formats/${path}`)
    const text = files.map((path) => (existsSync(path) ? readFileSync(path, 'utf8') : '')).join('')
    expect(text, family).toContain('asAsked(values, ')
  }
})
