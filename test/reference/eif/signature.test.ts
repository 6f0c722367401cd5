/**
 * Signed images: with each kind of key, and with one thing wrong in the signature section at a
 * time.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import { measureEif, pcr8OfCertificate } from '../../../src/reference/index.ts'
import { concat, hex, withByte } from '../../attester/bytes.ts'
import * as cbor from '../../attester/cbor.ts'
import { createSigner, type Signer } from '../../attester/certificate.ts'
import { makeEif, pcrsOf, section, soundSections } from '../../attester/eif.ts'
import {
  createEifSigner,
  type EifSigner,
  integers,
  type SignaturePlan,
  signedSections,
} from '../../attester/eif-signer.ts'
import { now, refusedImage } from '../made.ts'

let signer: EifSigner
let stranger: Signer
beforeAll(async () => {
  signer = await createEifSigner(now)
  stranger = await createSigner()
})

const day = 86_400_000
const signed = async (by: EifSigner, plan?: SignaturePlan): Promise<Uint8Array<ArrayBuffer>> =>
  makeEif({ sections: await signedSections(by, plan) })

describe('accepted', () => {
  test.each([
    ['P-256', 'ES256'],
    ['P-384', 'ES384'],
    ['P-521', 'ES512'],
  ] as const)('a key on %s signs with %s, in X.509 v1 and v3', async (curve, algorithm) => {
    for (const v1 of [false, true]) {
      const by = await createEifSigner(now, { curve, v1 })
      const { measurements, signature, sections } = await measureEif(await signed(by), { now })
      const { PCR0, PCR1, PCR2 } = await pcrsOf(soundSections)
      expect(measurements).toEqual({
        HashAlgorithm: 'Sha384 { ... }',
        PCR0: hex(PCR0),
        PCR1: hex(PCR1),
        PCR2: hex(PCR2),
        PCR8: await pcr8OfCertificate(by.certificate),
      })
      expect(signature).toEqual({
        certificate: by.certificate,
        algorithm,
        notBefore: new Date(now.getTime() - day),
        notAfter: new Date(now.getTime() + day),
      })
      expect(sections.map(({ type }) => type)).toEqual([
        'kernel',
        'cmdline',
        'metadata',
        'ramdisk',
        'ramdisk',
        'signature',
      ])
    }
  })

  test('the dates of the certificate, to the second', async () => {
    const image = await signed(signer)
    for (const at of [-day, day]) {
      const { signature } = await measureEif(image, { now: new Date(now.getTime() + at) })
      expect(signature).toBeDefined()
    }
    expect(await refusedImage(image, { now: new Date(now.getTime() - day - 1) })).toBe(
      'cert-validity: signing certificate is not valid yet: expected 2026-05-31T12:00:00.000Z to 2026-06-02T12:00:00.000Z, found 2026-05-31T11:59:59.999Z',
    )
    expect(await refusedImage(image, { now: new Date(now.getTime() + day + 1) })).toMatch(
      /^cert-validity: signing certificate has expired: /,
    )
  })

  test('the signature may stand anywhere, and does not change what is measured', async () => {
    const sections = await signedSections(signer)
    const moved = [...sections.slice(-1), ...sections.slice(0, -1)]
    const { measurements } = await measureEif(makeEif({ sections: moved }), { now })
    expect(measurements).toEqual((await measureEif(makeEif({ sections }), { now })).measurements)
  })

  test('version 3, which has signatures and no metadata', async () => {
    const sections = await signedSections(
      signer,
      {},
      soundSections.filter(({ name }) => name !== 'metadata'),
    )
    const result = await measureEif(makeEif({ version: 3, sections }), { now })
    expect(result).toMatchObject({ version: 3, signature: { algorithm: 'ES384' } })
    expect(result).not.toHaveProperty('unauthenticatedMetadata')
  })

  test('text before the certificate, as openssl x509 -text prints it', async () => {
    const image = await signed(signer, { pem: (pem) => `Certificate:\n    Data:\n${pem}` })
    expect((await measureEif(image, { now })).measurements.PCR8).toBe(await pcr8OfCertificate(signer.certificate))
  })
})

type Row = readonly [rule: string, plan: SignaturePlan | (() => SignaturePlan), refusal: RegExp]

const rows: readonly Row[] = [
  // The section.
  ['no CBOR', { data: () => Uint8Array.of() }, /^signature section: item at 0 needs 1 bytes/],
  ['a byte too many', { data: (data) => concat(data, [0]) }, /^signature section: 1 bytes left over/],
  ['a map alone', { data: (data) => data.slice(1) }, /^signature section: must be an array of 1$/],
  ['an empty array', { data: () => Uint8Array.of(0x80) }, /^signature section: must be an array of 1$/],
  [
    'two signatures',
    { data: (data) => concat([0x82], data.subarray(1), data.subarray(1)) },
    /^signature section: must be an array of 1$/,
  ],
  [
    'an array of indefinite length',
    { data: (data) => concat([0x9f], data.subarray(1), [0xff]) },
    /head not in shortest form at 0/,
  ],
  [
    'a text instead of the map',
    { data: () => cbor.array(cbor.text('a')) },
    /^signature section: expected a map of signing_certificate and signature, found tstr$/,
  ],
  [
    'no certificate',
    { entries: ([, ...rest]) => rest },
    /expected a map of signing_certificate and signature, found signature$/,
  ],
  ['no signature', { entries: ([first]) => (first ? [first] : []) }, /found signing_certificate$/],
  [
    'a third entry',
    { entries: (entries) => [...entries, [cbor.text('x'), cbor.unsigned(1)]] },
    /found signing_certificate,signature,x$/,
  ],
  ['an entry twice', { entries: (entries) => [...entries, ...entries] }, /duplicate key "signing_certificate"/],
  [
    'the certificate as a byte string',
    {
      entries: ([, second]) => [
        [cbor.text('signing_certificate'), cbor.bytes(new Uint8Array(3))],
        ...(second ? [second] : []),
      ],
    },
    /bytes must be an array of integers below 256$/,
  ],
  [
    'an integer of 256',
    {
      entries: ([, second]) => [
        [cbor.text('signing_certificate'), cbor.encode([45, 256])],
        ...(second ? [second] : []),
      ],
    },
    /bytes must be an array of integers below 256$/,
  ],
  [
    'a negative integer',
    {
      entries: ([, second]) => [[cbor.text('signing_certificate'), cbor.encode([45, -1])], ...(second ? [second] : [])],
    },
    /bytes must be an array of integers below 256$/,
  ],
  [
    'an integer in two bytes more than it needs',
    { entries: ([first]) => [...(first ? [first] : []), [cbor.text('signature'), cbor.array(cbor.unsigned(1, 2))]] },
    /head not in shortest form/,
  ],

  // The certificate.
  ['no PEM', { pem: () => 'certificate' }, /^signing certificate: no PEM block labelled CERTIFICATE$/],
  ['PEM that is not UTF-8', { pem: () => Uint8Array.of(0xff) }, /^signing certificate: PEM must be UTF-8$/],
  ['two certificates', { pem: (pem) => pem + pem }, /^signing certificate: PEM must hold 1 certificate, found 2$/],
  [
    'a key behind the certificate',
    { pem: (pem) => `${pem}-----BEGIN EC PRIVATE KEY-----\nAA==\n-----END EC PRIVATE KEY-----\n` },
    /labelled "EC PRIVATE KEY"/,
  ],
  [
    'a certificate that is no DER',
    { pem: () => '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n' },
    /^signing certificate: Certificate must have the tags/,
  ],

  // The envelope.
  [
    'an empty envelope',
    { sign1: () => new Uint8Array() },
    /^signature section: signature must be an untagged COSE_Sign1$/,
  ],
  [
    'a tag',
    { sign1: (sign1) => concat([0xd2], sign1) },
    /^signature section: signature must be an untagged COSE_Sign1$/,
  ],
  ['a byte behind the envelope', { sign1: (sign1) => concat(sign1, [0]) }, /^COSE_Sign1: 1 bytes left over/],
  [
    'no payload',
    { envelope: ([a, b, , d]) => [a, b, cbor.nothing, d] as Uint8Array[] },
    /^COSE_Sign1: payload must be a bstr/,
  ],
  ['an algorithm of another key', { alg: -7 }, /^alg: expected ES384 \(-35\), for a key on P-384, found -7$/],
  ['no algorithm', { protectedHeader: cbor.map([]) }, /^alg: expected ES384 .*, found undefined$/],
  [
    'another header',
    {
      protectedHeader: cbor.map([
        [cbor.unsigned(1), cbor.negative(-35)],
        [cbor.unsigned(4), cbor.bytes(new Uint8Array(1))],
      ]),
    },
    /^header parameters: expected alg only, found 2$/,
  ],
  [
    'an unprotected header',
    { envelope: ([a, , c, d]) => [a, cbor.map([[cbor.unsigned(1), cbor.negative(-35)]]), c, d] as Uint8Array[] },
    /^header parameters: expected alg only, found 2$/,
  ],
  [
    'a signature of 95 bytes',
    { envelope: ([a, b, c]) => [a, b, c, cbor.bytes(new Uint8Array(95))] as Uint8Array[] },
    /^signature: expected 96 bytes, found 95$/,
  ],

  // What is signed.
  ['PCR0 of another image', { pcr0: new Uint8Array(48) }, /^signed PCR0: expected [\da-f]{96}, found 0{96}$/],
  ['47 bytes of PCR0', { pcr0: new Uint8Array(47) }, /^signed PCR0: expected [\da-f]{96}, found 0{94}$/],
  ['another register', { index: 8 }, /^signed register: expected 0, found 8$/],
  [
    'a register by name',
    {
      payload: () =>
        cbor.map([
          [cbor.text('register_index'), cbor.text('0')],
          [cbor.text('register_value'), integers(new Uint8Array(48))],
        ]),
    },
    /^signed register: expected 0, found tstr$/,
  ],
  [
    'no register',
    { payload: () => cbor.map([]) },
    /^signed payload: expected a map of register_index and register_value, found $/,
  ],
  [
    'a third entry in the payload',
    { payload: (payload) => concat([0xa3], payload.subarray(1), cbor.text('x'), cbor.unsigned(1)) },
    /^signed payload: expected a map of .* found register_index,register_value,x$/,
  ],
  ['a byte behind the payload', { payload: (payload) => concat(payload, [0]) }, /^signed payload: 1 bytes left over/],

  // Who signed.
  ['another key', () => ({ key: stranger }), /^PCR0 is not signed with the key of the certificate$/],
  [
    'a signature with one bit changed',
    { sign1: (sign1) => withByte(sign1, -1, (byte) => byte ^ 1) },
    /^PCR0 is not signed with the key of the certificate$/,
  ],
  [
    'a signature of zeros',
    { envelope: ([a, b, c]) => [a, b, c, cbor.bytes(new Uint8Array(96))] as Uint8Array[] },
    /^PCR0 is not signed/,
  ],
]

describe('refused: eif-signature', () => {
  test.each(rows)('%s', async (_rule, plan, message) => {
    const refusal = await refusedImage(await signed(signer, typeof plan === 'function' ? plan() : plan))
    expect(refusal.slice(0, 15)).toBe('eif-signature: ')
    expect(refusal.slice(15)).toMatch(message)
  })

  test('a certificate with another curve than the signature', async () => {
    const other = await createEifSigner(now, { curve: 'P-256' })
    expect(await refusedImage(await signed({ ...other, key: signer.key }))).toMatch(
      /^eif-signature: alg: expected ES256 \(-7\), for a key on P-256, found -35$/,
    )
  })

  test('a certificate whose key is RSA', async () => {
    const { publicKey } = await crypto.subtle.generateKey(
      { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), hash: 'SHA-256' },
      true,
      ['sign', 'verify'],
    )
    const spki = new Uint8Array(await crypto.subtle.exportKey('spki', publicKey))
    const rsa = await createEifSigner(now, {
      tbs: (elements) => elements.map((element, i) => (i === 6 ? spki : element)),
    })
    expect(await refusedImage(await signed(rsa))).toBe(
      'eif-signature: signing certificate: key must be on P-256, P-384 or P-521',
    )
  })

  test('a signature that was moved to another image', async () => {
    const { data } = (await signedSections(signer)).at(-1) as { data: Uint8Array }
    const sections = [...soundSections, section('ramdisk', 'one more'), section('signature', data)]
    expect(await refusedImage(makeEif({ sections }))).toMatch(/^eif-signature: signed PCR0: /)
  })

  test('that it is not signed comes before that it has expired', async () => {
    const image = await signed(signer, { key: stranger })
    expect(await refusedImage(image, { now: new Date(0) })).toMatch(/^eif-signature: /)
  })
})
