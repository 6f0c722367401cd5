/**
 * What callers do wrong: a `TypeError` that names the option, before a byte of evidence is read.
 */
import { describe, expect, test } from 'vitest'
import { atEvidenceTime } from '../../../../src/formats/options.ts'
import { verifyAndroidKey } from '../../../../src/formats/android/key/index.ts'
import { signer } from '../../../attester/android.ts'
import { pattern } from '../../../attester/bytes.ts'
import { make } from './made.ts'

const { evidence, options } = await make()
const app = { packageName: 'a', signers: [signer] }
const page = { clientDataJSON: pattern(2), rpId: 'a', origins: ['https://a'] }

const mistakes: readonly (readonly [name: string, value: unknown, message: RegExp])[] = [
  ['freshness', undefined, /^freshness must be \{ nonce \} or skipFreshness$/],
  ['freshness', {}, /^freshness must be \{ nonce \} or skipFreshness$/],
  ['freshness', { maxAgeSeconds: 1 }, /^freshness must be \{ nonce \} or skipFreshness$/],
  ['freshness', { nonce: pattern(32), maxAgeSeconds: 1 }, /^freshness must be \{ nonce \} or skipFreshness$/],
  ['freshness', { nonce: new Uint8Array() }, /^nonce must be 1 to 128 bytes/],
  ['freshness', { nonce: pattern(129) }, /^nonce must be 1 to 128 bytes/],
  ['freshness', { nonce: 'aa' }, /^nonce must be 1 to 128 bytes/],
  ['referenceValues', undefined, /^referenceValues\[0\] must be an object with packageName/],
  ['referenceValues', [], /^referenceValues must be a list of at least one$/],
  ['referenceValues', {}, /^referenceValues\[0\]\.packageName must be a list of at least one$/],
  ['referenceValues', { ...app, packageName: '' }, /^referenceValues\[0\]\.packageName must be text$/],
  ['referenceValues', { ...app, packageName: [] }, /^referenceValues\[0\]\.packageName must be a list/],
  ['referenceValues', { ...app, packageName: [1] }, /^referenceValues\[0\]\.packageName must be text$/],
  ['referenceValues', { ...app, signers: [] }, /^referenceValues\[0\]\.signers must be a list/],
  ['referenceValues', { ...app, signers: signer }, /^referenceValues\[0\]\.signers must be a list/],
  ['referenceValues', { ...app, signers: ['00'] }, /^referenceValues\[0\]\.signers must be 32 bytes/],
  ['referenceValues', { ...app, signers: ['zz'] }, /^referenceValues\[0\]\.signers must be hexadecimal$/],
  ['referenceValues', [app, { ...app, minimumVersion: 1.5 }], /^referenceValues\[1\]\.minimumVersion/],
  ['referenceValues', { ...app, name: '' }, /^referenceValues\[0\]\.name must be text$/],
  ['referenceValues', { ...app, signer }, /^referenceValues\[0\]\.signer must be one of packageName/],
  ['endorsements', undefined, /^endorsements must be an object with statusList/],
  ['endorsements', {}, /^endorsements\.statusList must be text/],
  ['endorsements', { statusList: {} }, /^endorsements\.statusList must be text/],
  ['endorsements', { statusList: '{}', validUntil: 1 }, /^endorsements\.validUntil must be a Date$/],
  ['endorsements', { statusList: '{}', validUntil: new Date(NaN) }, /^endorsements\.validUntil must be a Date$/],
  ['endorsements', { statusList: '{}', list: 1 }, /^endorsements\.list must be one of statusList, validUntil$/],
  ['securityLevel', 'software', /^securityLevel must be tee or strongbox$/],
  ['verifiedBootKeys', [], /^verifiedBootKeys must be a list of at least one$/],
  ['verifiedBootKeys', ['00'], /^verifiedBootKeys must be 32 bytes/],
  ['verifiedBootKeys', [new Uint8Array(32)], /^verifiedBootKeys must be other than zero$/],
  ['minimumOsPatchLevel', 20260501, /^minimumOsPatchLevel must be YYYYMM$/],
  ['minimumOsPatchLevel', '202605', /^minimumOsPatchLevel must be YYYYMM$/],
  ['minimumVendorPatchLevel', 202605, /^minimumVendorPatchLevel must be YYYYMMDD$/],
  ['minimumBootPatchLevel', -2026050, /^minimumBootPatchLevel must be YYYYMMDD$/],
  ['purposes', [], /^purposes must be a list of at least one$/],
  ['purposes', ['toString'], /^purposes must be a list of encrypt, decrypt, sign/],
  ['purposes', [2], /^purposes must be text$/],
  ['debug', true, /^debug must be allowDebug$/],
  ['webauthn', true, /^webauthn must be an object with clientDataJSON, rpId, origins$/],
  ['webauthn', { ...page, clientDataJSON: '{}' }, /^webauthn\.clientDataJSON must be bytes/],
  ['webauthn', { ...page, rpId: '' }, /^webauthn\.rpId must be text$/],
  ['webauthn', { ...page, origins: [] }, /^webauthn\.origins must be a list/],
  ['webauthn', { ...page, origins: 'https://a' }, /^webauthn\.origins must be a list/],
  ['webauthn', { ...page, origin: 'https://a' }, /^webauthn\.origin must be one of/],
  ['trustAnchors', [], /^trustAnchors must be certificates in DER, at least one$/],
  ['trustAnchors', ['-----BEGIN'], /^trustAnchors must be certificates in DER/],
  ['trustAnchors', [pattern(9)], /^trustAnchors\[0\]: /],
  ['now', atEvidenceTime, /^now must be a Date$/],
  ['now', 1, /^now must be a Date$/],
  ['now', new Date(NaN), /^now must be a Date/],
  ['clockSkewSeconds', -1, /^clockSkewSeconds must be 0 to 86400$/],
  ['endorsementCache', {}, /^endorsementCache must be a Map$/],
  ['trace', 1, /^trace must be a function$/],
  ['maxAgeSeconds', 1, /^option "maxAgeSeconds" must be one of freshness, referenceValues/],
]

describe('options', () => {
  test.each(mistakes)('%s: %o', async (name, value, message) => {
    const given = Object.fromEntries(
      Object.entries<unknown>({ ...options, [name]: value }).filter(([, own]) => own !== undefined),
    )
    // Garbage: evidence is not what the mistake is found by.
    const outcome = await verifyAndroidKey(pattern(10), given as never).catch((error: unknown) => error)
    expect(outcome).toBeInstanceOf(TypeError)
    expect((outcome as TypeError).message).toMatch(message)
  })

  test('are an object, evidence is bytes', async () => {
    await expect(verifyAndroidKey(evidence, undefined as never)).rejects.toThrow(TypeError)
    await expect(verifyAndroidKey('chain' as never, options)).rejects.toThrow(TypeError)
  })

  test('are read before anything is awaited, and so is the evidence', async () => {
    const bytes = evidence.slice()
    const nonce = (options.freshness as { nonce: Uint8Array }).nonce.slice()
    const under = verifyAndroidKey(bytes, { ...options, freshness: { nonce } })
    bytes.fill(0)
    nonce.fill(0)
    expect((await under).format).toBe('android-key')
  })
})
