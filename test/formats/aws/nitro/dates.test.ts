/**
 * Dates to the millisecond: the edges of validity, of the tolerated skew, and of an age.
 */
import { refusalOf } from '../../../support/refusal.ts'
import { describe, expect, test } from 'vitest'
import { atEvidenceTime, skipFreshness, verifyNitro } from '../../../../src/formats/aws/nitro/index.ts'
import { pattern } from '../../../attester/bytes.ts'
import { type Change, make, minute, now, second } from './made.ts'

const at = now.getTime()
// The leaf of made evidence: from a minute before, in whole seconds, for three hours and three
// seconds.
const notBefore = Date.parse('2026-06-01T11:59:00Z')
const notAfter = Date.parse('2026-06-01T14:59:03Z')

async function verdict(change: Change): Promise<string> {
  const { evidence, options } = await make(change)
  return verifyNitro(evidence, options).then(
    () => 'valid',
    (error: unknown) => (error as { code: string }).code,
  )
}

const withSkew = (clockSkewSeconds: number, clock: number, rest: Change = {}): Change => ({
  ...rest,
  options: { freshness: skipFreshness, now: new Date(clock), clockSkewSeconds, ...rest.options },
})

describe.each([0, 1, 300, 86_400])('T-N26 with a skew of %i s', (skew) => {
  test('a certificate is valid until its last moment and the skew, and no longer', async () => {
    const last = notAfter + skew * second
    expect(await verdict(withSkew(skew, last))).toBe('valid')
    expect(await verdict(withSkew(skew, last + 1))).toBe('cert-validity')
  })

  test('a certificate is valid from its first moment less the skew, and no sooner', async () => {
    const first = notBefore - skew * second
    // Made at the same moment, so that the document is not from the future.
    const made = { document: { timestamp: first } }
    expect(await verdict(withSkew(skew, first, made))).toBe('valid')
    expect(await verdict(withSkew(skew, first - 1, made))).toBe('cert-validity')
  })

  test('evidence may be dated ahead of our clock by the skew, and no further', async () => {
    for (const freshness of [{ maxAgeSeconds: 1 }, skipFreshness]) {
      const ahead = (by: number): Promise<string> =>
        verdict(withSkew(skew, at, { document: { timestamp: at + by }, options: { freshness } }))
      expect(await ahead(skew * second)).toBe('valid')
      expect(await ahead(skew * second + 1)).toBe('policy-freshness')
    }
  })

  test('when it answers our nonce, what lies beyond the skew is a matter of clocks', async () => {
    const nonce = pattern(32)
    const ahead = (by: number): Promise<string> =>
      verdict(withSkew(skew, at, { document: { timestamp: at + by }, options: { freshness: { nonce } } }))
    expect(await ahead(skew * second)).toBe('valid')
    expect(await ahead(skew * second + 1)).toBe('clock-suspect')
  })
})

test('an age is allowed to the millisecond, and the skew does not add to it', async () => {
  const old = (ms: number): Promise<string> =>
    verdict({ options: { freshness: { maxAgeSeconds: 60 }, now: new Date(at + ms), clockSkewSeconds: 300 } })
  expect(await old(60_000)).toBe('valid')
  expect(await old(60_001)).toBe('policy-freshness')
})

test('at its own time nothing is tolerated', async () => {
  const archived = (timestamp: number): Promise<string> =>
    verdict({
      document: { timestamp },
      options: { freshness: skipFreshness, now: atEvidenceTime, clockSkewSeconds: 86_400 },
    })
  expect(await archived(notBefore)).toBe('valid')
  expect(await archived(notBefore - 1)).toBe('cert-validity')
  expect(await archived(notAfter)).toBe('valid')
  expect(await archived(notAfter + 1)).toBe('cert-validity')
})

test('T-N28 without signatures that hold, nobody tells us that our clock is wrong', async () => {
  const off = { options: { now: new Date(at + 3650 * 24 * 60 * minute) } }
  expect(await verdict(off)).toBe('clock-suspect')
  expect(await verdict({ ...off, document: { signature: () => new Uint8Array(96) } })).toBe('cose-signature')
  expect(await verdict({ ...off, document: { nonce: pattern(31) } })).toBe('cert-validity')
})

test('T-N28 clock-suspect says by how much, and keeps the reason', async () => {
  const { evidence, options } = await make({ options: { now: new Date(at + 24 * 60 * minute) } })
  const refusal = await refusalOf(verifyNitro(evidence, options))
  expect(refusal).toMatchObject({ name: 'VerificationError', code: 'clock-suspect', cause: { code: 'cert-validity' } })
  expect(refusal.message).toContain('-86400 s')
})
