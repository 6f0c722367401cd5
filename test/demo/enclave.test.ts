/**
 * The enclave of the demo: honest evidence verifies, and each attack is caught for exactly one
 * reason.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { createAttester, publishedMeasurements } from '../../demo/enclave/attester.ts'
import { readAuthorities } from '../../demo/enclave/authorities.ts'
import { type AttackName, attacks } from '../../demo/page/attacks.ts'
import {
  AttestationError,
  type NitroOptions,
  type NitroResult,
  skipFreshness,
  verifyNitro,
} from '../../src/formats/aws/nitro/index.ts'

const { attest } = createAttester((await readAuthorities()).aws)
const root = new Uint8Array(readFileSync(new URL('../../fixtures/nitro/root.der', import.meta.url)))
const nonce = Uint8Array.from({ length: 32 }, (_, i) => i)
const now = new Date('2026-11-20T12:00:00Z')

async function ask(attack: AttackName, change: Partial<NitroOptions> = {}): Promise<NitroResult | AttestationError> {
  const options: NitroOptions = {
    referenceValues: JSON.parse(await publishedMeasurements()) as NitroOptions['referenceValues'],
    freshness: { nonce },
    trustAnchors: [root],
    now,
    ...change,
  }
  return verifyNitro(await attest(attack, nonce, now), options).catch((error: unknown) => {
    if (error instanceof AttestationError) return error
    throw error
  })
}

test.each(attacks)('$name: $code', async ({ name, code }) => {
  const verdict = await ask(name)
  if (code === 'valid') {
    expect(verdict).not.toBeInstanceOf(AttestationError)
    return
  }
  const { checks } = verdict
  expect(verdict).toMatchObject({ code })
  // The image of a debug enclave measures to zero, which is another build as well.
  const expected = name === 'debug' ? [code, 'policy-pcr'] : [code]
  expect(checks.filter(({ outcome }) => outcome === 'fail').map(({ id }) => id)).toEqual(expected)
})

describe('each attack would succeed if its one check were left out', () => {
  test('an old answer, for whoever does not compare the nonce', async () => {
    expect(await ask('replayed-nonce', { freshness: skipFreshness })).not.toBeInstanceOf(AttestationError)
  })

  test('an expired certificate, for whoever looks four hours ago', async () => {
    const then = new Date(now.getTime() - 4 * 3_600_000)
    expect(await ask('expired-leaf', { now: then, freshness: skipFreshness })).not.toBeInstanceOf(AttestationError)
  })

  test('a drifting clock, for whoever tolerates it; the offset is reported', async () => {
    expect(await ask('drifting-clock', { clockSkewSeconds: 900 })).toMatchObject({ clockOffsetSeconds: 600 })
  })
})

test('evidence of the demo never verifies under the AWS root', async () => {
  for (const { name } of attacks) {
    const options: NitroOptions = { referenceValues: { PCR0: 'ab'.repeat(48) }, freshness: { nonce }, now }
    await expect(verifyNitro(await attest(name, nonce, now), options)).rejects.toMatchObject({ code: 'root-mismatch' })
  }
})
