/**
 * Every fixture through the command: the exit code is the class of the error, the verdict names its
 * code, and nothing is wider than a terminal.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Expected } from '../../fixtures/expected.ts'
import { repository, root, useCommand, veritee, written } from './run.ts'

useCommand()

const folder = 'fixtures/nitro'
const cases = readdirSync(`${repository}${folder}`, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)

describe('fixtures on the command line', () => {
  it('are there', () => {
    expect(cases).toContain('valid')
  })

  it.each(cases)('%s', (name) => {
    const path = `${folder}/${name}`
    const expected = JSON.parse(readFileSync(`${repository}${path}/expected.json`, 'utf8')) as Expected
    const { code, stdout, stderr } = veritee(['verify', `${path}/evidence.bin`, ...root, ...argumentsOf(expected)])
    const { verdict } = expected
    expect(stderr).toBe('')
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
    if (verdict === 'valid') {
      expect(stdout).toMatch(new RegExp(`^VERIFIED: ${expected.format}(;|$)`, 'm'))
      expect(code).toBe(0)
    } else {
      expect(stdout).toMatch(new RegExp(`^REFUSED: .*\\(${verdict.code}(, |\\)\n$)`, 'm'))
      expect(code).toBe({ VerificationError: 2, AppraisalError: 3 }[verdict.error])
    }
  })
})

/** `expected.json` as somebody would type it. */
function argumentsOf(expected: Expected): string[] {
  const { format, now, clockSkewSeconds, freshness, referenceValues, userData, publicKey, debug, signedImages } =
    expected
  const builds = referenceValues === 'skipReferenceValues' ? [] : [referenceValues].flat()
  return [
    ...['--format', format, '--skew', `${clockSkewSeconds}s`],
    ...['--at', now === 'atEvidenceTime' ? 'evidence' : now],
    ...(builds.length === 0 ? ['--skip-reference-values'] : []),
    ...builds.flatMap((build, i) => ['--measurements', written(`measurements-${i}.json`, JSON.stringify(build))]),
    ...(freshness === 'skipFreshness'
      ? ['--skip-freshness']
      : 'nonce' in freshness
        ? [
            ...['--nonce', freshness.nonce],
            ...(freshness.maxAgeSeconds === undefined ? [] : ['--max-age', `${freshness.maxAgeSeconds}s`]),
          ]
        : ['--max-age', `${freshness.maxAgeSeconds}s`]),
    ...(userData === undefined ? [] : ['--user-data', userData]),
    ...(publicKey === undefined ? [] : ['--public-key', publicKey]),
    ...(debug === undefined ? [] : ['--allow-debug']),
    ...(signedImages === undefined ? [] : ['--allow-signed-images']),
  ]
}
