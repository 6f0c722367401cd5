/**
 * Bytes that no phone made: cut anywhere, with any bit changed, bombs. Nothing but a
 * `VerificationError` or an `AppraisalError` may leave, and nothing verify.
 */
import { describe, expect, test } from 'vitest'
import { AttestationError } from '../../../../src/core/errors.ts'
import { decodeKeyDescription } from '../../../../src/formats/android/key/key-description.ts'
import { verifyAndroidKey } from '../../../../src/formats/android/key/index.ts'
import { authorization, keyDescription, number } from '../../../attester/android.ts'
import { concat, unhex, withByte } from '../../../attester/bytes.ts'
import * as der from '../../../attester/der.ts'
import { refusalOf } from '../../../support/refusal.ts'
import { make } from './made.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** What reading ends with: a description, or an error of the library's. */
function read(bytes: Bytes): 'read' | 'refused' {
  try {
    decodeKeyDescription(bytes)
    return 'read'
  } catch (error) {
    if (error instanceof AttestationError && error.code === 'key-description') return 'refused'
    throw error
  }
}

describe('a key description', () => {
  const sound = keyDescription()

  test('cut at any byte is refused', () => {
    for (let at = 0; at < sound.length; at++) expect(read(sound.slice(0, at))).toBe('refused')
    expect(read(sound)).toBe('read')
  })

  test('with any bit changed leaves nothing else', () => {
    const outcomes = new Set<string>()
    for (let at = 0; at < sound.length; at++)
      for (let bit = 0; bit < 8; bit++) outcomes.add(read(withByte(sound, at, (byte) => byte ^ (1 << bit))))
    // What is in numbers and bytes may differ; signatures are what covers them.
    expect([...outcomes].sort()).toEqual(['read', 'refused'])
  })

  test.each([
    ['a length of four gigabytes', unhex('3084ffffffff')],
    ['nested', concat(...Array.from({ length: 5000 }, () => unhex('3080')))],
    ['many tags', der.sequence(...Array.from({ length: 2000 }, (_, i) => authorization(i + 800, number(i))))],
  ])('%s', (_what, bytes) => {
    expect(read(bytes)).toBe('refused')
  })

  test('of many tags that are not known is read, in their order', () => {
    const entries = Array.from({ length: 2000 }, (_, i) => authorization(i + 800, number(i)))
    const { hardwareEnforced } = decodeKeyDescription(keyDescription({ entries: () => entries }))
    expect(hardwareEnforced.others.map(({ tag }) => tag)).toEqual(entries.map((_, i) => i + 800))
  })
})

describe.each([
  ['a chain', {}],
  ['an attestation object', { webauthn: {} }],
] as const)('%s', (_what, change) => {
  test('cut anywhere is refused', async () => {
    const { evidence, options } = await make(change)
    for (let at = 0; at < evidence.length; at += 61) await refusalOf(verifyAndroidKey(evidence.slice(0, at), options))
  })

  test('with a bit changed is refused, but for the root that comes along', async () => {
    const { evidence, options } = await make(change)
    const root = (options.trustAnchors?.[0] as Uint8Array).length
    for (let at = 0; at < evidence.length - root - 300; at += 53)
      await refusalOf(
        verifyAndroidKey(
          withByte(evidence, at, (byte) => byte ^ (1 << (at % 8))),
          options,
        ),
      )
  })
})
