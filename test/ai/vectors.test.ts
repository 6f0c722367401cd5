/**
 * The open vectors of private-AI providers: every case of the manifest, with its verdict and one of
 * its codes.
 */
import { describe, expect, test } from 'vitest'
import { findVectors } from '../support/vectors.ts'
import { type Case, outcomeOf, unexpectedIn } from './vector-case.ts'

const vectors = findVectors('private-ai')
if (!vectors.found) test.skip(vectors.skipLine, () => undefined)
else {
  const { read: bytesOf, manifest } = vectors
  const files = { bytesOf, textOf: (file: string) => new TextDecoder().decode(bytesOf(file)) }

  describe('vectors of private-AI providers', () => {
    test.each((manifest as { readonly cases: readonly Case[] }).cases.map((one) => [one.id, one] as const))(
      '%s',
      async (_id, one) => {
        expect(unexpectedIn(one, await outcomeOf(one, files))).toEqual([])
      },
    )
  })
}

describe('what is judged of a case', () => {
  const one = (expected: object): Case => ({ id: 'x', kind: 'compose', expect: expected }) as never
  const outcome = { verdict: 'accept', codes: [], message: '', found: { hash: 'aa' } } as const
  const refused = { ...outcome, verdict: 'reject', codes: ['report-key'] } as const
  test.each([
    ['another verdict', one({ verdict: 'reject', codes: ['report-key'] }), outcome],
    ['another code', one({ verdict: 'reject', codes: ['report-json'] }), refused],
    ['a refusal', one({ verdict: 'accept' }), refused],
    ['another value', one({ verdict: 'accept', hash: 'ab' }), outcome],
    ['a channel that is not expected', one({ verdict: 'accept' }), { ...outcome, found: { channel: {} } }],
    ['what is no error of the library', one({ verdict: 'either' }), { ...outcome, verdict: 'other' as const }],
  ])('%s is not as expected', (_name, given, found) => {
    expect(unexpectedIn(given, found)).toHaveLength(1)
  })
})
