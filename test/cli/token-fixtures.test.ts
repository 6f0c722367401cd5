/**
 * Every fixture of CCA and PSA through the command: the exit code is the class of the error, the
 * verdict names its code, and nothing is wider than a terminal.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { ExpectedToken } from '../../fixtures/expected-token.ts'
import { repository, useCommand, veritee, written } from './run.ts'

useCommand()

const cases = ['cca', 'psa'].flatMap((format) =>
  readdirSync(`${repository}fixtures/${format}`, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `fixtures/${format}/${name}`),
)

/** `expected.json` as it would be typed. JSON files have `any` for the symbol. */
function argumentsOf(expected: ExpectedToken): string[] {
  const { format, now, trustAnchors, freshness, referenceValues, platform, acceptedLifecycles = [] } = expected
  const json = (name: string, value: unknown): string =>
    written(name, JSON.stringify(value).replaceAll('"anyValue"', '"any"'))
  return [
    ...['--format', format, '--at', now, '--anchor', json('anchors.json', trustAnchors)],
    ...(freshness === 'skipFreshness' ? ['--skip-freshness'] : ['--nonce', freshness.nonce]),
    ...(referenceValues === 'skipReferenceValues'
      ? ['--skip-reference-values']
      : ['--measurements', json('measurements.json', referenceValues)]),
    ...(format === 'psa'
      ? []
      : platform === 'skipPlatformReferenceValues'
        ? ['--skip-firmware']
        : ['--firmware', json('firmware.json', platform)]),
    ...acceptedLifecycles.flatMap((state) => ['--accept-lifecycle', state]),
  ]
}

describe('fixtures of tokens on the command line', () => {
  it('are there', () => {
    expect(cases).toEqual(expect.arrayContaining(['fixtures/cca/valid', 'fixtures/psa/valid']))
  })

  it.each(cases)('%s', (path) => {
    const expected = JSON.parse(readFileSync(`${repository}${path}/expected.json`, 'utf8')) as ExpectedToken
    const { verdict } = expected
    const { code, stdout, stderr } = veritee(['verify', `${path}/evidence.bin`, ...argumentsOf(expected)])
    expect(stderr).toBe('')
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
    // Every check has a sentence of its own.
    expect(stdout).not.toMatch(/^ {2}[✓·!] [a-z-]+( |$)/m)
    if (verdict === 'valid') {
      expect(stdout.replaceAll('\n', ' ')).toMatch(new RegExp(`VERIFIED: ${expected.format}(;| $)`))
      expect(code).toBe(0)
    } else {
      expect(stdout).toMatch(new RegExp(`^REFUSED: .*\\(${verdict.code}(, |\\)\n$)`, 'm'))
      expect(code).toBe({ VerificationError: 2, AppraisalError: 3 }[verdict.error])
    }
  })
})
