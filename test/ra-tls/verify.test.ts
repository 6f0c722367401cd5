/**
 * RA-TLS certificates: real ones, made ones of every convention, and one row for each rule that a
 * certificate can break.
 */
import { refusalText } from '../support/refusal.ts'
import 'reflect-metadata'
import { gzipSync } from 'node:zlib'
import * as x509 from '@peculiar/x509'
import { describe, expect, test } from 'vitest'
import { AppraisalError, AttestationError } from '../../src/core/errors.ts'
import { replayEventLog } from '../../src/formats/intel/tdx/events/event-log.ts'
import { decodeRaTlsEvidence, provenByHandshake, verifyRaTls } from '../../src/ra-tls/verify.ts'
import { concat, hex, pattern, withByte } from '../attester/bytes.ts'
import * as cbor from '../attester/cbor.ts'
import { createSigner } from '../attester/certificate.ts'
import {
  type Bytes,
  elementsOf,
  explicit,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  time,
} from '../attester/der.ts'
import { findVectors } from '../support/vectors.ts'
import {
  digest,
  dstackQuote,
  gramineQuote,
  type MadePlan,
  makeRaTls,
  now,
  oids,
  options,
  otherSigner,
  padded,
  pubkeyHash,
  quoteOf,
  reportDataOf,
  resultOf,
  soundClaims,
  spki,
  spkiOf,
  tagged,
  taggedWith,
  utf8,
} from './made.ts'

const otherSpki = await spkiOf(otherSigner)
const sound = await makeRaTls({ [oids.taggedEvidence]: taggedWith(soundClaims()) })

describe('conventions', () => {
  const pem = (key: Uint8Array): string =>
    `-----BEGIN PUBLIC KEY-----\n${(
      Buffer.from(key)
        .toString('base64')
        .match(/.{1,64}/g) ?? []
    ).join('\n')}\n-----END PUBLIC KEY-----\n`
  const openEnclave = octetString(quoteOf(padded(digest('sha256', utf8(`${pem(spki)}\0`)))))

  test.each<readonly [convention: string, extensions: Readonly<Record<string, Uint8Array>>]>([
    ['tagged-evidence', { [oids.taggedEvidence]: taggedWith(soundClaims()) }],
    ['gramine', { [oids.gramine]: gramineQuote }],
    ['gramine', { [oids.gramineAsWritten]: gramineQuote }],
    ['open-enclave', { [oids.openEnclave]: openEnclave }],
    ['dstack', { [oids.dstackQuote]: dstackQuote }],
    // Where there are several, the first of this list counts.
    ['tagged-evidence', { [oids.gramine]: pattern(9), [oids.taggedEvidence]: taggedWith(soundClaims()) }],
    ['dstack', { [oids.gramine]: pattern(9), [oids.dstackQuote]: dstackQuote }],
    ['tagged-evidence', { [oids.sgxSdk]: pattern(9), [oids.taggedEvidence]: taggedWith(soundClaims()) }],
    ['tagged-evidence', { [oids.endorsements]: pattern(0), [oids.taggedEvidence]: taggedWith(soundClaims()) }],
  ])('%s', async (convention, extensions) => {
    const certificate = await makeRaTls(extensions)
    let quote: Uint8Array | undefined
    const verified = await verifyRaTls(certificate, {
      ...options,
      verify: (given, reportData) => {
        quote = new Uint8Array(given)
        expect(hex(reportData)).toBe(hex(reportDataOf(given)))
        // What a verifier does to its arguments is its own affair.
        given.fill(0)
        reportData.fill(0)
        return Promise.resolve(resultOf(reportDataOf(quote)))
      },
    })
    expect(verified).toMatchObject({ convention, nonce: undefined, eventLog: undefined })
    expect(hex(verified.publicKey)).toBe(hex(spki))
    expect(verified.checks.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual([
      'cert-parse pass',
      'cert-extension pass',
      'cert-validity pass',
      'cert-chain-name pass',
      'cert-chain-signature pass',
      'ra-tls-evidence pass',
      'ra-tls-binding pass',
      'policy-nonce not-requested',
    ])
    expect(Object.isFrozen(verified)).toBe(true)
    const decoded = await decodeRaTlsEvidence(certificate)
    expect([decoded.convention, hex(decoded.quote)]).toEqual([convention, hex(quote ?? pattern(0))])
  })

  test.each([
    [1, 'sha256'],
    [7, 'sha384'],
    [8, 'sha512'],
  ] as const)('the hash of the key may be number %i', async (id, algorithm) => {
    const claims = new Map([['pubkey-hash', pubkeyHash(id, digest(algorithm, spki))]])
    const certificate = await makeRaTls({ [oids.taggedEvidence]: taggedWith(claims) })
    expect((await verifyRaTls(certificate, options)).convention).toBe('tagged-evidence')
  })

  test('claims of other names are ignored, and the nonce is handed on', async () => {
    const claims = new Map([...soundClaims(), ['nonce', pattern(16)], ['other', 1]])
    const certificate = await makeRaTls({ [oids.taggedEvidence]: taggedWith(claims) })
    const { nonce } = await verifyRaTls(certificate, { ...options, nonce: pattern(16) })
    expect(hex(nonce ?? pattern(0))).toBe(hex(pattern(16)))
  })

  test.each(['P-384', 'P-521'] as const)('keys on %s', async (curve) => {
    const key = await createSigner(curve)
    const quote = quoteOf(padded(digest('sha256', await spkiOf(key))))
    for (const hash of curve === 'P-384' ? (['SHA-256', 'SHA-384'] as const) : (['SHA-512'] as const)) {
      const certificate = await makeRaTls({ [oids.gramine]: quote }, { key, curve, hash })
      expect((await verifyRaTls(certificate, options)).convention).toBe('gramine')
    }
  })

  test('RSA keys of 3072 bits, which Gramine made', async () => {
    const parameters = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
    const keys = await crypto.subtle.generateKey(
      { ...parameters, modulusLength: 3072, publicExponent: Uint8Array.of(1, 0, 1) },
      true,
      ['sign', 'verify'],
    )
    const key = new Uint8Array(await crypto.subtle.exportKey('spki', keys.publicKey))
    const made = await x509.X509CertificateGenerator.createSelfSigned({
      name: 'CN=RATLS',
      notBefore: now,
      notAfter: now,
      keys,
      signingAlgorithm: parameters,
      extensions: [new x509.Extension(oids.gramine, false, quoteOf(padded(digest('sha256', key))))],
    })
    expect((await verifyRaTls(new Uint8Array(made.rawData), options)).convention).toBe('gramine')
  })
})

describe("dstack's event log", () => {
  const log = utf8(`[${' '.repeat(20_000)}]`)
  const withLog = (value: Uint8Array): Promise<Bytes> =>
    makeRaTls({ [oids.dstackQuote]: dstackQuote, [oids.dstackEventLog]: value })
  const compressed = (content: Uint8Array): Bytes =>
    octetString(concat(utf8('ELGZv1'), new Uint8Array(gzipSync(content))))

  test.each([
    ['as it is', octetString(log)],
    ['compressed', compressed(log)],
    ['compressed, as long as is allowed', compressed(new Uint8Array(65_536))],
  ])('%s', async (name, value) => {
    const { eventLog } = await verifyRaTls(await withLog(value), options)
    expect(eventLog?.length).toBe(name.includes('long') ? 65_536 : log.length)
    if (!name.includes('long')) expect((await replayEventLog(eventLog ?? pattern(0))).events).toEqual([])
  })

  test.each<readonly [rule: string, value: Uint8Array, message: string]>([
    ['one byte more than is allowed', compressed(new Uint8Array(65_537)), 'unpacks to more than 65536 bytes'],
    ['a bomb', compressed(new Uint8Array(50_000_000)), 'unpacks to more than 65536 bytes'],
    ['no gzip', octetString(utf8('ELGZv1 no gzip')), 'event log of dstack: no gzip'],
    ['cut off', octetString(concat(utf8('ELGZv1'), gzipSync(log).subarray(0, -9))), 'event log of dstack: no gzip'],
    ['no OCTET STRING', log, 'event log of dstack: '],
    ['another type', sequence(log), 'event log of dstack: '],
  ])('refused: %s', async (_, value, message) => {
    const refusal = await refusalText(verifyRaTls(await withLog(value), options))
    expect(refusal).toContain('ra-tls-evidence: ')
    expect(refusal).toContain(message)
  })
})

describe('refused: evidence', () => {
  const key = digest('sha256', spki)
  const withClaims = (claims: unknown): Readonly<Record<string, Uint8Array>> => ({
    [oids.taggedEvidence]: taggedWith(claims),
  })
  const withHash = (value: unknown): Readonly<Record<string, Uint8Array>> =>
    withClaims(new Map([['pubkey-hash', value]]))
  const claims = cbor.encode(soundClaims())

  test.each<readonly [rule: string, extensions: Readonly<Record<string, Uint8Array>>, refusal: string]>([
    ['none', {}, 'ra-tls-evidence: evidence in the certificate: expected an RA-TLS extension, found none'],
    [
      'the quote of the SGX SDK alone, which binds no key',
      { [oids.sgxSdk]: gramineQuote },
      'found only quote of the SGX SDK (1.2.840.113741.1.13.1), which nothing binds to the key, which is not supported',
    ],
    ["dstack's attestation structure", { [oids.dstackAttestation]: dstackQuote }, 'attestation structure of dstack'],
    ['no tag', { [oids.taggedEvidence]: cbor.encode([gramineQuote, claims]) }, 'expected 60000, found no tag'],
    ['another tag', { [oids.taggedEvidence]: tagged(claims, gramineQuote, 60_003) }, 'expected 60000, found 60003'],
    [
      'a local report',
      { [oids.taggedEvidence]: tagged(claims, gramineQuote, 60_001) },
      'found 60001, a report that only its own machine can verify',
    ],
    [
      'three items',
      { [oids.taggedEvidence]: concat(cbor.head(6, 60_000), cbor.encode([gramineQuote, claims, 1])) },
      'must be an array of a quote and claims',
    ],
    [
      'a quote as text',
      { [oids.taggedEvidence]: concat(cbor.head(6, 60_000), cbor.encode(['quote', claims])) },
      'must be an array of a quote and claims',
    ],
    [
      'something left over',
      { [oids.taggedEvidence]: concat(tagged(claims), [0]) },
      'ra-tls-evidence: RA-TLS evidence: ',
    ],
    [
      'claims that are no CBOR',
      { [oids.taggedEvidence]: tagged(Uint8Array.of(0xff)) },
      'ra-tls-evidence: RA-TLS claims: ',
    ],
    ['claims that are no map', withClaims([1]), 'RA-TLS claims: must be a map, found array'],
    ['no hash of the key', withClaims(new Map([['nonce', pattern(8)]])), 'must have a pubkey-hash (bstr)'],
    ['a hash that is not wrapped', withHash([1, key]), 'must have a pubkey-hash (bstr)'],
    ['an unknown hash algorithm', withHash(pubkeyHash(2, key)), 'pubkey-hash must be an array of 1, 7 or 8'],
    ['a hash as text', withHash(cbor.encode([1, 'hash'])), 'pubkey-hash must be an array of 1, 7 or 8'],
    ['more than a hash', withHash(cbor.encode([1, key, 1])), 'pubkey-hash must be an array of 1, 7 or 8'],
    ['a nonce as text', withClaims(new Map([...soundClaims(), ['nonce', 'x']])), 'nonce must be a bstr, found tstr'],
    [
      'the hash of another key',
      withHash(pubkeyHash(1, pattern(32))),
      `ra-tls-binding: pubkey-hash, of the certificate's key: expected ${hex(key)}, found ${hex(pattern(32))}`,
    ],
    [
      'a short hash',
      withHash(pubkeyHash(1, key.subarray(0, 16))),
      "ra-tls-binding: pubkey-hash, of the certificate's key",
    ],
    ['an empty hash', withHash(pubkeyHash(1, pattern(0))), "ra-tls-binding: pubkey-hash, of the certificate's key"],
    ['a bare quote of dstack', { [oids.dstackQuote]: quoteOf(pattern(64)) }, 'ra-tls-evidence: quote of dstack: '],
    ['a bare quote of Open Enclave', { [oids.openEnclave]: gramineQuote }, 'ra-tls-evidence: quote of Open Enclave: '],
    [
      'malformed tagged evidence, although another convention is followed too',
      { [oids.taggedEvidence]: pattern(9), [oids.gramine]: gramineQuote },
      'ra-tls-evidence: RA-TLS evidence: ',
    ],
  ])('%s', async (_, extensions, refusal) => {
    const certificate = await makeRaTls(extensions)
    expect(await refusalText(verifyRaTls(certificate, options))).toContain(refusal)
    expect(await refusalText(decodeRaTlsEvidence(certificate))).toContain(refusal)
  })
})

describe('refused: the binding', () => {
  test.each<readonly [rule: string, extensions: Readonly<Record<string, Uint8Array>>]>([
    [
      'report data of other claims',
      { [oids.taggedEvidence]: tagged(cbor.encode(soundClaims()), quoteOf(pattern(64))) },
    ],
    [
      'bytes behind the hash of the claims',
      {
        [oids.taggedEvidence]: tagged(
          cbor.encode(soundClaims()),
          quoteOf(withByte(padded(digest('sha256', cbor.encode(soundClaims()))), 63, () => 1)),
        ),
      },
    ],
    ['report data of another key', { [oids.gramine]: quoteOf(padded(digest('sha256', otherSpki))) }],
    [
      'bytes behind the hash of the key',
      { [oids.gramine]: quoteOf(withByte(padded(digest('sha256', spki)), 32, () => 1)) },
    ],
    ["dstack's tag missing", { [oids.dstackQuote]: octetString(quoteOf(digest('sha512', spki))) }],
    ['the convention of another', { [oids.openEnclave]: octetString(gramineQuote) }],
  ])('%s', async (_, extensions) => {
    const certificate = await makeRaTls(extensions)
    const refusal = await refusalText(verifyRaTls(certificate, options))
    expect(refusal).toMatch(
      /^ra-tls-binding: report data, of the certificate's key: expected [0-9a-f]{128}, found [0-9a-f]{128}$/,
    )
  })

  test('a verifier that looked at other evidence', async () => {
    const outcome = verifyRaTls(sound, { ...options, verify: () => Promise.resolve(resultOf(pattern(64))) })
    expect(await refusalText(outcome)).toContain('ra-tls-binding: report data')
  })

  test('evidence without report data', async () => {
    for (const nothing of [undefined, null, 'text', pattern(0)]) {
      const outcome = verifyRaTls(sound, { ...options, verify: () => Promise.resolve(resultOf(nothing)) })
      expect(await refusalText(outcome)).toContain('ra-tls-binding: report data')
    }
  })

  test('what the verifier throws comes through', async () => {
    const error = new AppraisalError('policy-debug', 'debug')
    await expect(verifyRaTls(sound, { ...options, verify: () => Promise.reject(error) })).rejects.toBe(error)
  })

  test('a verifier whose result this library did not make', async () => {
    const claims = { reportData: reportDataOf(taggedWith(soundClaims())) }
    for (const result of [true, undefined, { claims }, { ...resultOf(claims.reportData) }])
      await expect(verifyRaTls(sound, { ...options, verify: () => Promise.resolve(result as never) })).rejects.toThrow(
        new TypeError('verify must return the result of a verifier of this library'),
      )
  })

  test.each([
    ['another nonce', new Map([...soundClaims(), ['nonce', pattern(16, 1)]]), hex(pattern(16, 1))],
    ['no nonce', soundClaims(), 'nothing'],
  ])('%s', async (_, claims, found) => {
    const certificate = await makeRaTls({ [oids.taggedEvidence]: taggedWith(claims) })
    const error: unknown = await verifyRaTls(certificate, { ...options, nonce: pattern(16) }).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(AppraisalError)
    expect(error).toMatchObject({
      code: 'policy-nonce',
      message: `nonce: expected ${hex(pattern(16))}, found ${found}`,
    })
  })
})

describe('refused: the certificate', () => {
  const evidence = { [oids.gramine]: gramineQuote }
  const otherIssuer = [{ CN: ['another'] }]
  const ecdsaWith = (arc: string, ...parameters: readonly Uint8Array[]): Bytes =>
    sequence(objectIdentifier(`1.2.840.10045.4.3.${arc}`), ...parameters)
  const withValidity =
    (...dates: readonly Bytes[]) =>
    (elements: Bytes[]): Bytes[] =>
      elements.map((element, i) => (i === 4 ? sequence(...dates) : element))

  test.each<readonly [rule: string, certificate: Promise<Uint8Array>, refusal: string]>([
    ['no certificate', Promise.resolve(pattern(9)), 'cert-parse: certificate: '],
    [
      'more than 256 KB',
      Promise.resolve(new Uint8Array(262_145)),
      'cert-parse: size of certificate: expected at most 262144, found 262145',
    ],
    [
      'an unknown critical extension',
      makeRaTls(evidence, { extensions: [new x509.Extension('1.2.3', true, Uint8Array.of(5, 0))] }),
      'cert-extension: certificate has the unknown critical extension 2a03',
    ],
    [
      'expired, beyond the skew',
      makeRaTls(evidence, { notAfter: new Date(now.getTime() - 301_000) }),
      'cert-validity: certificate has expired: expected 2026-05-31T12:00:00.000Z to 2026-06-01T11:54:59.000Z, found 2026-06-01T12:00:00.000Z',
    ],
    [
      'not valid yet, beyond the skew',
      makeRaTls(evidence, { notBefore: new Date(now.getTime() + 301_000) }),
      'cert-validity: certificate is not valid yet: expected 2026-06-01T12:05:01.000Z to',
    ],
    [
      'signed by another key',
      makeRaTls(evidence, { signedBy: otherSigner }),
      'cert-chain-signature: certificate signed by its own key: signature does not match',
    ],
    [
      'another issuer',
      makeRaTls(evidence, { issuer: otherIssuer }),
      'cert-chain-name: issuer of the certificate: expected itself, found another',
    ],
    [
      'an algorithm that is not of the key',
      makeRaTls(evidence, { hash: 'SHA-384' }),
      'cert-algorithm: algorithms of the certificate: expected ES256, ES384',
    ],
  ])('%s', async (_, certificate, refusal) => {
    expect(await refusalText(verifyRaTls(await certificate, options))).toContain(refusal)
  })

  test.each<readonly [rule: string, plan: MadePlan, refusal: string]>([
    [
      'two signature algorithms',
      { outer: ([tbs = spki, , signature = spki]) => [tbs, ecdsaWith('4'), signature] },
      'cert-algorithm: certificate: two signature algorithms',
    ],
    ['version 1', { tbs: ([, ...rest]) => rest }, 'cert-parse: certificate: TBSCertificate must have the tags'],
    [
      'version 2',
      { tbs: ([, ...rest]) => [explicit(0, integer(1)), ...rest] },
      'cert-parse: certificate: not an X.509 v3 certificate',
    ],
    ['one date', { tbs: withValidity(time('260601120000Z')) }, 'cert-parse: certificate: malformed validity'],
    [
      'three dates',
      { tbs: withValidity(...Array.from({ length: 3 }, () => time('260601120000Z'))) },
      'cert-parse: certificate: malformed validity',
    ],
    ['a date of no month', { tbs: withValidity(time('20211301000000Z'), time('20501231000000Z')) }, 'is no time'],
    ['a date without seconds', { tbs: withValidity(time('20211201000000'), time('20501231000000Z')) }, 'is no time'],
    [
      'an extension twice',
      { extensions: [new x509.Extension(oids.gramine, false, gramineQuote)] },
      'cert-extension: certificate: extension 2a864886f84d8a3906 is there twice',
    ],
  ])('%s', async (_, plan, refusal) => {
    expect(await refusalText(verifyRaTls(await makeRaTls(evidence, plan), options))).toContain(refusal)
  })

  test("the habits of attesters' own libraries: GeneralizedTime before 2050, and NULL as parameter of ECDSA", async () => {
    const dated = await makeRaTls(evidence, { tbs: withValidity(time('20260601000000Z'), time('20501231000000Z')) })
    expect((await verifyRaTls(dated, options)).convention).toBe('gramine')
    const early = await makeRaTls(evidence, { tbs: withValidity(time('20210101000000Z'), time('20211231000000Z')) })
    expect(await refusalText(verifyRaTls(early, options))).toContain(
      '2021-01-01T00:00:00.000Z to 2021-12-31T00:00:00.000Z',
    )
    const withNull = ecdsaWith('2', Uint8Array.of(5, 0))
    const parameter = await makeRaTls(evidence, {
      tbs: (elements) => elements.map((element, i) => (i === 2 ? withNull : element)),
      outer: ([tbs = spki, , signature = spki]) => [tbs, withNull, signature],
    })
    expect((await verifyRaTls(parameter, options)).convention).toBe('gramine')
  })

  test('a byte of what is signed changed', async () => {
    const changed = withByte(sound, sound.indexOf(0x52), (byte) => byte ^ 1)
    expect(await refusalText(verifyRaTls(changed, options))).toMatch(/^cert-/)
  })

  test.each(['notBefore', 'notAfter'] as const)('within the skew of %s it is accepted', async (date) => {
    const sign = date === 'notAfter' ? -1 : 1
    const certificate = await makeRaTls(evidence, { [date]: new Date(now.getTime() + sign * 300_000) })
    expect((await verifyRaTls(certificate, options)).convention).toBe('gramine')
    expect(await refusalText(verifyRaTls(certificate, { ...options, clockSkewSeconds: 299 }))).toContain(
      'cert-validity: ',
    )
  })

  test('critical extensions of TLS, and critical evidence, are accepted', async () => {
    const extensions = [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(['1.3.6.1.5.5.7.3.1'], true),
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'example.com' }], true),
    ]
    const certificate = await makeRaTls(evidence, { extensions }, true)
    expect((await verifyRaTls(certificate, options)).convention).toBe('gramine')
  })

  test('after a handshake, who signed it does not matter, and the record says so', async () => {
    const certificate = await makeRaTls(evidence, { signedBy: otherSigner, issuer: otherIssuer, hash: 'SHA-384' })
    const { checks } = await verifyRaTls(certificate, { ...options, possession: provenByHandshake })
    expect(checks.find(({ id }) => id === 'cert-chain-signature')).toMatchObject({ outcome: 'skipped' })
  })

  test('the error and the trace have every check until then', async () => {
    const seen: string[] = []
    const certificate = await makeRaTls({ [oids.gramine]: quoteOf(pattern(64)) })
    const error: unknown = await verifyRaTls(certificate, {
      ...options,
      trace: ({ id, outcome }) => seen.push(`${id} ${outcome}`),
    }).catch((e: unknown) => e)
    expect(seen.slice(-2)).toEqual(['ra-tls-evidence pass', 'ra-tls-binding fail'])
    expect((error as AttestationError).checks.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual(seen)
  })

  test('malformed evidence is in the trace too', async () => {
    const seen: string[] = []
    const certificate = await makeRaTls({})
    await verifyRaTls(certificate, { ...options, trace: ({ id, outcome }) => seen.push(`${id} ${outcome}`) }).catch(
      () => 0,
    )
    expect(seen.at(-1)).toBe('ra-tls-evidence fail')
  })
})

describe("a caller's mistake", () => {
  test.each<readonly [rule: string, options: unknown, message: string]>([
    ['no options', undefined, 'options must be a plain object'],
    ['an unknown option', { ...options, nounce: pattern(8) }, 'option "nounce" must be one of verify, now'],
    ['no verifier', { now }, 'verify must be a function'],
    ['no time', { verify: options.verify }, 'now must be a Date'],
    ['an invalid time', { ...options, now: new Date(NaN) }, 'now must be a Date'],
    ['a negative skew', { ...options, clockSkewSeconds: -1 }, 'clockSkewSeconds must be 0 to 86400'],
    ['an endless skew', { ...options, clockSkewSeconds: Infinity }, 'clockSkewSeconds must be 0 to 86400'],
    ['no number as skew', { ...options, clockSkewSeconds: NaN }, 'clockSkewSeconds must be 0 to 86400'],
    ['a skew as text', { ...options, clockSkewSeconds: '300' }, 'clockSkewSeconds must be 0 to 86400'],
    ['an empty nonce', { ...options, nonce: pattern(0) }, 'nonce must be at least one byte'],
    ['a nonce that is there but undefined', { ...options, nonce: undefined }, 'nonce must be at least one byte'],
    ['a nonce as text', { ...options, nonce: 'nonce' }, 'nonce must be at least one byte'],
    ['a look-alike of the symbol', { ...options, possession: true }, 'possession must be provenByHandshake'],
    ['a trace that is none', { ...options, trace: 1 }, 'trace must be a function'],
  ])('%s', async (_, wrong, message) => {
    const error: unknown = await verifyRaTls(sound, wrong as never).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(TypeError)
    expect((error as TypeError).message).toContain(message)
  })

  test('a certificate as text', async () => {
    const error = new TypeError('certificate must be a Uint8Array (DER)')
    await expect(verifyRaTls('pem' as never, options)).rejects.toThrow(error)
    await expect(decodeRaTlsEvidence('pem' as never)).rejects.toThrow(error)
  })
})

describe('hostile bytes', () => {
  test('truncated anywhere: refused', async () => {
    for (let length = 0; length < sound.length; length += 1)
      expect(await refusalText(decodeRaTlsEvidence(sound.subarray(0, length)))).toMatch(/^cert-parse: /)
  })

  test('a key of 200 KB is hashed and found not to be vouched for, like any other', async () => {
    const long = (tag: number, ...content: readonly Uint8Array[]): Bytes => {
      const { length } = concat(...content)
      return concat([tag, 0x83, length >> 16, (length >> 8) & 0xff, length & 0xff], ...content)
    }
    const key = long(0x30, long(0x03, new Uint8Array(200_000)))
    const template = await makeRaTls({ [oids.openEnclave]: octetString(gramineQuote) })
    const [tbs = key, ...rest] = elementsOf(template)
    const changed = elementsOf(tbs).map((given, i) => (i === 6 ? key : given))
    const certificate = long(0x30, long(0x30, ...changed), ...rest)
    const outcome = verifyRaTls(certificate, { ...options, possession: provenByHandshake })
    expect(await refusalText(outcome)).toContain('ra-tls-binding: report data')
    expect(await refusalText(verifyRaTls(certificate, options))).toContain('cert-algorithm: ')
  })

  test('any bit of the evidence changed: refused, save in what the fake verifier does not look at', async () => {
    const value = taggedWith(soundClaims())
    const quote = quoteOf(padded(digest('sha256', cbor.encode(soundClaims()))))
    const start = hex(sound).indexOf(hex(value)) / 2
    const unread = start + hex(value).indexOf(hex(quote)) / 2
    for (let bit = 8 * start; bit < 8 * (start + value.length); bit++) {
      const at = bit >> 3
      if (at >= unread && at < unread + 100) continue
      const changed = withByte(sound, at, (byte) => byte ^ (1 << (bit & 7)))
      const outcome = verifyRaTls(changed, { ...options, possession: provenByHandshake })
      expect(await refusalText(outcome)).toMatch(/^ra-tls-(evidence|binding): /)
    }
  })
})

const vectors = findVectors('intel')

interface RaTlsVector {
  readonly file: string
  readonly spkiSha256: string
  readonly extensions: readonly {
    readonly oid: string
    readonly quoteLength?: number
    readonly reportData?: string
    readonly claimsHex?: string
  }[]
}

describe.skipIf(!vectors.found)(vectors.found ? 'vectors' : vectors.skipLine, () => {
  const { read, manifest } = vectors.found ? vectors : { read: () => new Uint8Array(), manifest: { ratls: [] } }
  const certificates = (manifest as { readonly ratls: readonly RaTlsVector[] }).ratls
  const vector = (name: string): RaTlsVector =>
    certificates.find(({ file }) => file.includes(name)) ?? { file: '', spkiSha256: '', extensions: [] }
  /** Report data of a quote of version 3. */
  const verify = (quote: Uint8Array): Promise<ReturnType<typeof resultOf>> =>
    Promise.resolve(resultOf(quote.slice(48 + 320, 48 + 384)))

  test.each([
    ['gramine', oids.taggedEvidence],
    ['intel-sgxsdk', oids.taggedEvidence],
    ['maa-uksouth', oids.openEnclave],
  ])('%s: the quote, and the report data that it carries', async (name, oid) => {
    const { file, extensions } = vector(name)
    const { quoteLength, reportData } = extensions.find((extension) => extension.oid === oid) ?? {}
    const evidence = await decodeRaTlsEvidence(read(file))
    expect([evidence.quote.length, hex(evidence.reportData)]).toEqual([quoteLength, reportData])
    expect(hex(evidence.quote.subarray(368, 432))).toBe(reportData)
  })

  test.each(['gramine', 'intel-sgxsdk'])('%s: signed by its own key, and the quote vouches for it', async (name) => {
    const { file, spkiSha256 } = vector(name)
    const { publicKey } = await verifyRaTls(read(file), { now, verify })
    expect(hex(digest('sha256', publicKey))).toBe(spkiSha256)
  })

  test('Azure Attestation 2020: the key of 1024 bits is too short, unless a handshake has shown it', async () => {
    const { file } = vector('maa-uksouth')
    const at = { now: new Date('2020-12-01T00:00:00Z'), verify }
    expect(await refusalText(verifyRaTls(read(file), at))).toContain('cert-algorithm: algorithms of the certificate')
    const { convention } = await verifyRaTls(read(file), { ...at, possession: provenByHandshake })
    expect(convention).toBe('open-enclave')
  })

  test('Gramine: its older extension binds the key as well', async () => {
    const { file } = vector('gramine')
    const der = read(file)
    // One byte of the object identifier changed: nobody knows that extension, and the other one
    // counts. The signature is gone with it.
    const at = hex(der).indexOf('0606678105050409') / 2
    const changed = withByte(der, at + 7, () => 0x0a)
    const verified = await verifyRaTls(changed, { now, verify, possession: provenByHandshake })
    expect(verified.convention).toBe('gramine')
  })

  test('SGX SDK: without tagged evidence its quote vouches for no key', async () => {
    const der = read(vector('intel-sgxsdk').file)
    const at = hex(der).indexOf('0606678105050409') / 2
    expect(await refusalText(decodeRaTlsEvidence(withByte(der, at + 7, () => 0x0a)))).toContain('quote of the SGX SDK')
  })
})
