/**
 * The vectors of CCA and PSA, all of them: tokens that Trusted Firmware, Veraison and Islet
 * published, examples of RFC 9783, and tokens made to break one rule each. For every signature
 * `@auth0/cose` is asked for a second opinion.
 */
import { Sign1 } from '@auth0/cose'
import { describe, expect, test } from 'vitest'
import { decodeCoseToken } from '../../../src/encoding/cose-token.ts'
import { decodeTokenCbor, type TokenMap, type TokenTag, type TokenValue } from '../../../src/encoding/cbor-token.ts'
import { type CcaOptions, verifyCca } from '../../../src/formats/arm/cca/index.ts'
import { verifyPsa } from '../../../src/formats/arm/psa/index.ts'
import { decodeCca } from '../../../src/formats/arm/cca/evidence.ts'
import { recordChecks } from '../../../src/core/record.ts'
import { isPublished } from '../../../src/formats/arm/test-keys.ts'
import { AttestationError, detectFormat } from '../../../src/index.ts'
import { unhex } from '../../attester/bytes.ts'
import { findVectors } from '../../support/vectors.ts'
import { createCcaKeys, makeCca, makePsa } from '../../attester/arm.ts'
import { type ArmManifest, type ArmVector, ccaOptionsOf, psaOptionsOf } from './arm-vectors.ts'

const compared = { holds: 0, fails: 0 }

/** A vector that lists no codes may be refused for what its stage is about. */
const stages: Readonly<Record<string, RegExp>> = {
  reference: /^policy-(?:measurements|platform)$/,
}

async function check(vector: ArmVector, verify: () => Promise<unknown>): Promise<void> {
  const { expected, codes, stage = '' } = vector
  let code = 'accepted'
  try {
    await verify()
  } catch (error) {
    if (!(error instanceof AttestationError)) throw error
    code = error.code
    expect(error.name).toBe(code.startsWith('policy-') ? 'AppraisalError' : 'VerificationError')
  }
  if (expected === 'accept') expect(code).toBe('accepted')
  else if (codes === undefined) expect(code).toMatch(stages[stage] ?? /^$/)
  else expect(codes).toContain(code)
}

/** Claims-sets and CoRIMs have verdicts of their own; what else there is must be a token. */
const kinds = ['evidence', 'claims-set (unsigned)', 'corim', 'trust-anchor store', 'reference-value store', 'key']

const cca = findVectors('cca')
describe.skipIf(!cca.found)(cca.found ? 'vectors of CCA' : cca.skipLine, () => {
  if (!cca.found) return
  const manifest = cca.manifest as ArmManifest
  const evidence = manifest.vectors.filter(({ kind }) => kind === 'evidence')
  const optionsOf = ccaOptionsOf(cca)
  const { trustAnchors } = optionsOf({} as ArmVector)

  test('are all of a kind that is known, and as many as there should be', () => {
    expect(manifest.vectors.filter(({ kind }) => !kinds.includes(kind))).toEqual([])
    expect(evidence.length).toBeGreaterThanOrEqual(156)
  })

  test.each(evidence)('$file: $expected', async (vector) => {
    await check(vector, () => verifyCca(cca.read(vector.file), optionsOf(vector)))
    if (vector.expected === 'accept') expect(detectFormat(cca.read(vector.file))).toBe('cca')
  })

  test('none verifies without the allowance for published keys', async () => {
    const [vector] = evidence as [ArmVector]
    const options = Object.fromEntries(
      Object.entries(optionsOf(vector)).filter(([name]) => name !== 'testKeys'),
    ) as unknown as CcaOptions
    await expect(verifyCca(cca.read(vector.file), options)).rejects.toThrow(/this one is published, for tests$/)
  })

  // Claims-sets without signatures: signed here, as one of the two tokens.
  const sets = manifest.vectors.filter(({ kind }) => kind === 'claims-set (unsigned)')
  test.each(sets)('$file: $expected', async ({ file, expected, codes }) => {
    const payload = cca.read(file)
    const profile = (decodeTokenCbor(payload, { name: file, code: 'payload-cbor' }) as TokenMap).get(265)
    const isRealm = (decodeTokenCbor(payload, { name: file, code: 'payload-cbor' }) as TokenMap).has(44235)
    const generation = profile === undefined || profile === 'http://arm.com/CCA-SSD/1.0.0' ? 'legacy' : '2023'
    const own = await createCcaKeys()
    const token = { payload: () => payload }
    const options = optionsOf({} as ArmVector)
    const made = await makeCca(own, { generation, ...(isRealm ? { realm: token } : { platform: token }) })
    const refusal: unknown = await verifyCca(made, options).catch((error: unknown) => error)
    const { code } = refusal as AttestationError
    // No anchor is for these; some have no key that could be one.
    if (expected === 'accept') expect(['anchor-unknown', 'realm-key', 'platform-signature']).toContain(code)
    else expect(codes ?? ['payload-field-missing', 'payload-field-type']).toContain(code)
  })

  test.each(evidence)('$file: the same about signatures as another library', async ({ file }) => {
    const bytes = cca.read(file)
    const own = await realmKeyOf(bytes)
    const keys = [...trustAnchors.map(({ key }) => key as JsonWebKey), ...(own === undefined ? [] : [own])]
    for (const token of tokensOf(bytes)) await compare(token, keys)
  })
})

const psa = findVectors('psa')
describe.skipIf(!psa.found)(psa.found ? 'vectors of PSA' : psa.skipLine, () => {
  if (!psa.found) return
  const manifest = psa.manifest as ArmManifest
  const evidence = manifest.vectors.filter(({ kind }) => kind === 'evidence')
  const text = (file: string): string => new TextDecoder().decode(psa.read(file)).trim()
  const optionsOf = psaOptionsOf(psa)

  test('are all of a kind that is known, and as many as there should be', () => {
    expect(manifest.vectors.filter(({ kind }) => !kinds.includes(kind))).toEqual([])
    expect(evidence.length).toBeGreaterThanOrEqual(97)
  })

  test.each(evidence)('$file: $expected', async (vector) => {
    await check(vector, () => verifyPsa(psa.read(vector.file), optionsOf(vector)))
    if (vector.expected === 'accept') expect(detectFormat(psa.read(vector.file))).toBe('psa')
  })

  const sets = manifest.vectors.filter(({ kind }) => kind === 'claims-set (unsigned)')
  test.each(sets)('$file: $expected', async ({ file, expected, codes }) => {
    const { platform } = await createCcaKeys('P-256')
    const token = await makePsa(platform, { payload: () => psa.read(file) })
    const refusal: unknown = await verifyPsa(token, optionsOf({} as ArmVector)).catch((error: unknown) => error)
    const { code } = refusal as AttestationError
    if (expected === 'accept') expect(code).toBe('anchor-unknown')
    else expect(codes).toContain(code)
  })

  test.each(evidence)('$file: the same about signatures as another library', async (vector) => {
    const keys = optionsOf(vector).trustAnchors.flatMap((anchor) => ('key' in anchor ? [anchor.key as JsonWebKey] : []))
    await compare(psa.read(vector.file), keys)
  })

  test('all of their keys, and those of CCA, are known as published', () => {
    for (const vectors of [cca, psa]) {
      if (!vectors.found) continue
      // Not those that the collection was made with: no sample and no device has them, and CoRIMs
      // of the collection name them as anchors.
      const files = ['corim-store', 'cpak-islet', 'cpak-tf', 'iak-veraison-off-curve', 'iak-veraison-p256']
      const own = vectors === cca ? files : ['tfm-board-es256', 'tfm-es256', 'veraison-es256', 'veraison-old-es256']
      for (const name of own) {
        const { x = '' } = JSON.parse(new TextDecoder().decode(vectors.read(`keys/${name}.jwk`))) as JsonWebKey
        const bytes = new Uint8Array([4, ...Buffer.from(x, 'base64url')])
        expect([name, isPublished({ kind: 'signature', bytes })]).toEqual([name, true])
      }
    }
    for (const name of ['rfc9783-hmac256', 'tfm-board-hmac256', 'tfm-tools-hmac256'])
      expect(isPublished({ kind: 'mac', bytes: unhex(text(`keys/${name}.hmac.hex`)) })).toBe(true)
  })
})

test.skipIf(!cca.found || !psa.found)('so many signatures were compared, some of them bad', () => {
  // 61 platform tokens and 61 realm tokens verify whatever else is wrong with them, and 30 PSA
  // tokens; each is tried with other keys, too.
  expect(compared.holds).toBeGreaterThan(150)
  expect(compared.fails).toBeGreaterThan(150)
})

/** The key that signs the realm token, as JWK. */
async function realmKeyOf(bytes: Uint8Array<ArrayBuffer>): Promise<JsonWebKey | undefined> {
  try {
    const { algorithm, bytes: point } = decodeCca(bytes, recordChecks()).realmKey
    const key = await crypto.subtle.importKey('raw', point, algorithm.importParams, true, ['verify'])
    return await crypto.subtle.exportKey('jwk', key)
  } catch {
    return undefined
  }
}

/** The tokens inside a collection, where it is one. */
function tokensOf(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[] {
  try {
    const { value } = decodeTokenCbor(bytes, { name: 'collection', code: 'outer-cbor' }) as TokenTag
    return [...(value as TokenMap).values()].map(
      (entry) => (entry instanceof Uint8Array ? entry : (entry as TokenValue[])[1]) as Uint8Array<ArrayBuffer>,
    )
  } catch {
    return []
  }
}

/**
 * With each key: whether the signature holds, by WebCrypto over what we say is signed, and by the
 * other library.
 */
async function compare(token: Uint8Array<ArrayBuffer>, keys: readonly JsonWebKey[]): Promise<void> {
  let decoded
  try {
    decoded = decodeCoseToken(token, 'token')
  } catch {
    return
  }
  const { kind, algorithm, proof, covered } = decoded
  const curve = { [-7]: 'P-256', [-35]: 'P-384', [-36]: 'P-521' }[algorithm]
  if (kind !== 'signature' || curve === undefined) return
  for (const key of keys.filter(({ crv }) => crv === curve)) {
    const imported = await crypto.subtle.importKey('jwk', key, { name: 'ECDSA', namedCurve: curve }, true, ['verify'])
    const hash = { 'P-256': 'SHA-256', 'P-384': 'SHA-384', 'P-521': 'SHA-512' }[curve] as string
    const ours = await crypto.subtle.verify({ name: 'ECDSA', hash }, imported, proof, covered)
    const theirs = await Sign1.decode(token)
      .verify(imported as never)
      .then(() => true)
      .catch(() => false)
    expect(theirs).toBe(ours)
    compared[ours ? 'holds' : 'fails']++
  }
}
