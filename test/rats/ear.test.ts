/**
 * EAR (draft-ietf-rats-ear): every vector, every rule of reading with its message, what results of
 * each format become, and signing. Tokens are made and checked by `jose`, which shares no code with
 * the library.
 */
import { exportSPKI, generateKeyPair, type JWTPayload, jwtVerify, CompactSign, type GenerateKeyPairResult } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { type AttestationError, AppraisalError, VerificationError } from '../../src/core/errors.ts'
import { type AttestationErrorCode } from '../../src/core/codes.ts'
import { recordChecks } from '../../src/core/record.ts'
import { type AttestationResult, attestationResult } from '../../src/core/result.ts'
import {
  type Check,
  type EarClaims,
  type EarProfile,
  signEar,
  skipFreshness,
  toEar,
  verifyEar,
} from '../../src/rats/ear.ts'
import { findVectors } from '../support/vectors.ts'

const now = new Date('2026-11-23T00:00:00Z')
const seconds = now.getTime() / 1000
const nonce = new Uint8Array(32).fill(7)
const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
const draft4 = 'tag:ietf.org,2026:rats/ear#04'

let keys: GenerateKeyPairResult
let spki: Uint8Array
const spkiOf = async (key: CryptoKey): Promise<Uint8Array> =>
  new Uint8Array(Buffer.from((await exportSPKI(key)).replace(/-----.*-----|\s/g, ''), 'base64'))
beforeAll(async () => {
  keys = await generateKeyPair('ES256', { extractable: true })
  spki = await spkiOf(keys.publicKey)
})

type Members = Readonly<Record<string, unknown>>
const submodule = (more: Members = {}): Members => ({
  ear_status: 'affirming',
  ear_trustworthiness_vector: { hardware: 2, executables: 3 },
  ear_appraisal_policy_ids: ['p'],
  ...more,
})
const claims = (more: Members = {}): Members => ({
  eat_profile: draft4,
  iat: seconds - 10,
  exp: seconds + 290,
  ear_verifier_id: { developer: 'd', build: 'b' },
  ear_status: 'affirming',
  eat_nonce: base64url(nonce),
  submods: { a: submodule() },
  ...more,
})
/** Without what is `undefined`; text is signed as it is. */
const sign = (payload: Members | string, header: Members = { alg: 'ES256', typ: 'JWT' }): Promise<string> =>
  new CompactSign(new TextEncoder().encode(typeof payload === 'string' ? payload : JSON.stringify(payload)))
    .setProtectedHeader(header as { alg: string })
    .sign(keys.privateKey)
const verify = (token: string, change: object = {}): ReturnType<typeof verifyEar> =>
  verifyEar(token, { keys: [spki], freshness: { nonce }, now, clockSkewSeconds: 0, ...change })

/**
 * `code: message` of the refusal, for appraisals all of them; anything but an `AttestationError`
 * fails the test.
 */
async function refusalOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (error) {
    if (error instanceof VerificationError) return `${error.code}: ${error.message}`
    if (error instanceof AppraisalError) return error.failures.map(({ id, summary }) => `${id}: ${summary}`).join('; ')
    throw error
  }
  throw new Error('accepted, expected a refusal')
}

describe('verifyEar', () => {
  test('a sound token: what it says, when it ends, and what was checked', async () => {
    const trace: Check[] = []
    const result = await verify(await sign(claims({ x: { y: 1 } })), { trace: (check: Check) => trace.push(check) })
    expect(result).toMatchObject({
      format: 'ear',
      verifiedAt: now,
      timeSource: 'clock',
      attestedAt: new Date((seconds - 10) * 1000),
      clockOffsetSeconds: -10,
      validUntil: new Date((seconds + 290) * 1000),
      matched: undefined,
      publicKey: undefined,
      claims: {
        profile: draft4,
        issuedAt: new Date((seconds - 10) * 1000),
        expiresAt: new Date((seconds + 290) * 1000),
        verifierId: { developer: 'd', build: 'b' },
        status: 'affirming',
        nonce,
        submodules: {
          a: { status: 'affirming', trustworthinessVector: { hardware: 2, executables: 3 }, policyIds: ['p'] },
        },
      },
    })
    expect(result.checks).toEqual(trace)
    expect(trace.map(({ id, stage, outcome }) => `${stage} ${id} ${outcome}`)).toEqual([
      'decode ear-format pass',
      'verify ear-signature pass',
      'decode ear-format pass',
      'decode ear-profile pass',
      'decode ear-format pass',
      'verify ear-validity pass',
      'appraise policy-nonce pass',
      'appraise policy-ear-status pass',
    ])
    expect(Object.isFrozen(result.claims) && Object.isFrozen(result.claims.submodules.a?.claims)).toBe(true)
    expect(Object.getPrototypeOf(result.claims.submodules)).toBeNull()
  })

  test.each<[string, Members, object]>([
    ['without an end', { exp: undefined }, {}],
    ['without a status of the whole', { ear_status: undefined }, {}],
    ['without a vector and policies', { submods: { a: { ear_status: 'affirming' } } }, {}],
    [
      'with claims that say nothing',
      {
        submods: {
          a: submodule({
            ear_trustworthiness_vector: { hardware: 2, configuration: 0, 'file-system': 1, executables: -1 },
          }),
        },
      },
      {},
    ],
    [
      'with affirming claims below zero',
      { submods: { a: submodule({ ear_trustworthiness_vector: { hardware: -32 } }) } },
      {},
    ],
    [
      'with a submodule that is not asked for',
      { ear_status: undefined, submods: { a: submodule(), b: { ear_status: 'contraindicated' } } },
      { submodules: ['a'] },
    ],
    ['with a whole that is called none', { ear_status: 'none' }, {}],
    ['with raw evidence in a wrapper', { ear_raw_evidence: ['application/eat+cwt', 'AA', 4] }, {}],
    ['with a topology', { ear_device_topology: { a: ['b'] } }, {}],
    [
      'with a nonce in submodules',
      { eat_nonce: undefined, submods: { a: submodule({ eat_nonce: base64url(nonce) }) } },
      {},
    ],
    ['from now on', { iat: seconds, nbf: seconds }, {}],
    ['from the future, within the skew', { iat: seconds + 60 }, { clockSkewSeconds: 60 }],
    ['that ended, within the skew', { exp: seconds }, { clockSkewSeconds: 1 }],
    ['without a nonce, where freshness is skipped', { eat_nonce: undefined }, { freshness: skipFreshness }],
  ])('a token %s', async (_, change, options) => {
    expect((await verify(await sign(claims(change)), options)).format).toBe('ear')
  })

  test.each<[string, EarProfile, Members]>([
    [
      'draft -03',
      'tag:ietf.org,2026:rats/ear#03',
      claims({ eat_profile: 'tag:ietf.org,2026:rats/ear#03', ear_raw_evidence: 'AA' }),
    ],
    [
      'Veraison',
      'tag:github.com,2023:veraison/ear',
      {
        eat_profile: 'tag:github.com,2023:veraison/ear',
        iat: seconds,
        eat_nonce: base64url(nonce),
        'ear.verifier-id': { developer: 'd', build: 'b' },
        'ear.raw-evidence': 'AA',
        submods: {
          a: {
            'ear.status': 'affirming',
            'ear.trustworthiness-vector': { hardware: 2 },
            'ear.appraisal-policy-id': 'p',
          },
        },
      },
    ],
  ])('the dialect of %s, where it is enabled', async (_, profile, payload) => {
    const token = await sign(payload)
    expect(await refusalOf(verify(token))).toBe(`ear-profile: eat_profile: expected ${draft4}, found ${profile}`)
    const { claims: found, validUntil } = await verify(token, { profiles: [draft4, profile] })
    expect(found.submodules.a?.policyIds).toEqual(['p'])
    if (found.expiresAt === undefined) expect(validUntil).toEqual(new Date(now.getTime() + 86_400_000))
  })

  test('any of several keys may have signed, of any curve', async () => {
    for (const alg of ['ES256', 'ES384', 'ES512']) {
      const own = await generateKeyPair(alg, { extractable: true })
      const token = await new CompactSign(new TextEncoder().encode(JSON.stringify(claims())))
        .setProtectedHeader({ alg })
        .sign(own.privateKey)
      expect(await refusalOf(verify(token))).toBe(`ear-signature: signature: none of 1 keys made this ${alg} signature`)
      expect((await verify(token, { keys: [spki, await spkiOf(own.publicKey)] })).format).toBe('ear')
    }
  })

  test.each<[string, Members | string, string]>([
    ['no JSON', '{', 'ear-format: claims: not JSON'],
    ['a list', '[]', 'ear-format: JSON Web Token: claims must be an object'],
    [
      'a name twice',
      `{"eat_profile":"${draft4}","eat_profile":"${draft4}"}`,
      'ear-format: claims: a name is there twice in one object',
    ],
    ['no profile', claims({ eat_profile: undefined }), `ear-profile: eat_profile: expected ${draft4}, found none`],
    [
      'a profile that is no text',
      claims({ eat_profile: [draft4] }),
      `ear-profile: eat_profile: expected ${draft4}, found none`,
    ],
    [
      'no verifier',
      claims({ ear_verifier_id: undefined }),
      'ear-format: EAR: ear_verifier_id: expected object, found nothing',
    ],
    [
      'a verifier without a version',
      claims({ ear_verifier_id: { developer: 'd' } }),
      'ear-format: EAR: build: expected string, found nothing',
    ],
    ['no time', claims({ iat: undefined }), 'ear-format: EAR: iat: expected integer, found nothing'],
    ['half a second', claims({ iat: seconds - 0.5 }), 'ear-format: EAR: iat: expected integer, found number'],
    ['an end in text', claims({ exp: '1' }), 'ear-format: EAR: exp: expected integer, found string'],
    ['a beginning below zero', claims({ nbf: -1 }), 'ear-format: EAR: nbf: expected integer, found number'],
    ['no submodules', claims({ submods: {} }), 'ear-format: EAR: submods must not be empty'],
    ['a submodule that is a token', claims({ submods: { a: 'ey' } }), 'ear-format: submodule "a": must be an object'],
    [
      'a submodule without a status',
      claims({ submods: { a: submodule({ ear_status: undefined }) } }),
      'ear-format: submodule "a": ear_status: expected string, found nothing',
    ],
    [
      'a status by number',
      claims({ submods: { a: submodule({ ear_status: 2 }) } }),
      'ear-format: submodule "a": ear_status: expected string, found number',
    ],
    [
      'a status that every object has',
      claims({ submods: { a: submodule({ ear_status: 'constructor' }) } }),
      'ear-format: submodule "a": ear_status must be none, affirming, warning or contraindicated',
    ],
    [
      'an unknown status of the whole',
      claims({ ear_status: 'good' }),
      'ear-format: EAR: ear_status must be none, affirming, warning or contraindicated',
    ],
    ...(
      [
        {},
        [],
        'x',
        null,
        { hardware: 128 },
        { hardware: -129 },
        { hardware: 2.5 },
        { hardware: '2' },
        { hardware: 2, ninth: 2 },
        { toString: 2 },
      ] as const
    ).map((vector): [string, Members, string] => [
      `the vector ${JSON.stringify(vector)}`,
      claims({ submods: { a: submodule({ ear_trustworthiness_vector: vector }) } }),
      'ear-format: submodule "a": ear_trustworthiness_vector must be known claims, each from -128 to 127',
    ]),
    ...(
      [
        [32, 'warning'],
        [95, 'warning'],
        [-33, 'warning'],
        [-96, 'warning'],
        [96, 'contraindicated'],
        [-97, 'contraindicated'],
      ] as const
    ).map(([value, worst]): [string, Members, string] => [
      `affirming beside ${value}`,
      claims({ submods: { a: submodule({ ear_trustworthiness_vector: { hardware: value } }) } }),
      `ear-format: submodule "a": ear_status is affirming, its vector ${worst}`,
    ]),
    [
      'a whole that is better than a part',
      claims({ submods: { a: submodule(), b: { ear_status: 'warning' } } }),
      'ear-format: EAR: ear_status is affirming, that of a submodule warning',
    ],
    [
      'no list of policies',
      claims({ submods: { a: submodule({ ear_appraisal_policy_ids: 'p' }) } }),
      'ear-format: submodule "a": ear_appraisal_policy_ids must be a list of texts',
    ],
    [
      'an empty list of policies',
      claims({ submods: { a: submodule({ ear_appraisal_policy_ids: [] }) } }),
      'ear-format: submodule "a": ear_appraisal_policy_ids must be a list of texts',
    ],
    ...(['AA', ['eat', 'AA'], ['a/b', ''], ['a/b', 'AA=='], ['a/b', 'AA', 0], ['a/b', 'AA', 4, 4]] as const).map(
      (raw): [string, Members, string] => [
        `raw evidence ${JSON.stringify(raw)}`,
        claims({ ear_raw_evidence: raw }),
        'ear-format: EAR: ear_raw_evidence must be a record of CMW',
      ],
    ),
    ...([{}, { a: [] }, { a: 'b' }, { a: [1] }, ['a']] as const).map((topology): [string, Members, string] => [
      `the topology ${JSON.stringify(topology)}`,
      claims({ ear_device_topology: topology }),
      'ear-format: EAR: ear_device_topology must be lists of labels, none empty',
    ]),
    [
      'a time to come',
      claims({ iat: seconds + 1 }),
      'ear-validity: validity: expected 2026-11-23T00:00:01.000Z until before 2026-11-23T00:04:50.000Z, found 2026-11-23T00:00:00.000Z',
    ],
    [
      'a beginning to come',
      claims({ nbf: seconds + 1 }),
      'ear-validity: validity: expected 2026-11-23T00:00:01.000Z until before 2026-11-23T00:04:50.000Z, found 2026-11-23T00:00:00.000Z',
    ],
    [
      'an end now',
      claims({ exp: seconds }),
      'ear-validity: validity: expected 2026-11-22T23:59:50.000Z until before 2026-11-23T00:00:00.000Z, found 2026-11-23T00:00:00.000Z',
    ],
    [
      'a time that no date can write',
      claims({ iat: Number.MAX_SAFE_INTEGER }),
      'ear-validity: validity: expected the year 10000 until before 2026-11-23T00:04:50.000Z, found 2026-11-23T00:00:00.000Z',
    ],
    ['no nonce', claims({ eat_nonce: undefined }), `policy-nonce: eat_nonce: expected ${base64url(nonce)}, found none`],
    [
      'another nonce',
      claims({ eat_nonce: 'AAAAAAAAAAA' }),
      `policy-nonce: eat_nonce: expected ${base64url(nonce)}, found "AAAAAAAAAAA"`,
    ],
    [
      'a padded nonce',
      claims({ eat_nonce: `${base64url(nonce)}=` }),
      `policy-nonce: eat_nonce: expected ${base64url(nonce)}, found "${base64url(nonce)}="`,
    ],
    [
      'another nonce in a submodule',
      claims({ submods: { a: submodule({ eat_nonce: 'AAAAAAAAAAA' }) } }),
      `policy-nonce: eat_nonce: expected ${base64url(nonce)}, found "${base64url(nonce)}", "AAAAAAAAAAA"`,
    ],
    [
      'two nonces',
      claims({ eat_nonce: [base64url(nonce), 'AAAAAAAAAAA'] }),
      `policy-nonce: eat_nonce: expected ${base64url(nonce)}, found "${base64url(nonce)}", "AAAAAAAAAAA"`,
    ],
    [
      'several things at once',
      claims({
        ear_status: undefined,
        eat_nonce: 'AAAAAAAAAAA',
        submods: { a: submodule(), b: { ear_status: 'none' } },
      }),
      `policy-nonce: eat_nonce: expected ${base64url(nonce)}, found "AAAAAAAAAAA"; policy-ear-status: status of "b": expected affirming, found none`,
    ],
  ])('refuses %s', async (_, payload, message) => {
    expect(await refusalOf(verify(await sign(payload)))).toBe(message)
  })

  test('a submodule that was named must be there', async () => {
    const token = await sign(claims())
    expect(await refusalOf(verify(token, { submodules: ['a', 'b', 'toString'] }))).toBe(
      'policy-ear-status: status of "b": expected affirming, found no such submodule; policy-ear-status: status of "toString": expected affirming, found no such submodule',
    )
  })

  test.each<[string, (token: string) => string, string]>([
    [
      'two parts',
      (token) => token.slice(0, token.lastIndexOf('.')),
      'ear-format: JSON Web Token: must be three parts of base64url',
    ],
    ['four parts', (token) => `${token}.AA`, 'ear-format: JSON Web Token: must be three parts of base64url'],
    ['a line end', (token) => `${token}\n`, 'ear-format: JSON Web Token: must be three parts of base64url'],
    [
      'more than 262,144 characters',
      (token) => token.padEnd(262_145, 'A'),
      'ear-format: JSON Web Token: more than 262144 characters',
    ],
    [
      'a signature of 63 bytes',
      (token) => `${token.slice(0, token.lastIndexOf('.'))}.${base64url(new Uint8Array(63))}`,
      'ear-signature: signature: none of 1 keys made this ES256 signature',
    ],
    [
      'another payload',
      (token) =>
        token
          .split('.')
          .map((part, i) => (i === 1 ? base64url(new TextEncoder().encode(JSON.stringify(claims({ x: 1 })))) : part))
          .join('.'),
      'ear-signature: signature: none of 1 keys made this ES256 signature',
    ],
  ])('refuses %s', async (_, change, message) => {
    expect(await refusalOf(verify(change(await sign(claims()))))).toBe(message)
  })

  const headers: [string, unknown, string][] = [
    ['no object', 'x', 'ear-format: JSON Web Token: header must be an object'],
    ['no algorithm', { typ: 'JWT' }, 'ear-alg: alg: expected ES256 or ES384 or ES512, found none'],
    ['none', { alg: 'none' }, 'ear-alg: alg: expected ES256 or ES384 or ES512, found "none"'],
    ['an HMAC', { alg: 'HS256' }, 'ear-alg: alg: expected ES256 or ES384 or ES512, found "HS256"'],
    [
      'an algorithm that every object has',
      { alg: 'constructor' },
      'ear-alg: alg: expected ES256 or ES384 or ES512, found "constructor"',
    ],
    ['several algorithms', { alg: ['ES256'] }, 'ear-alg: alg: expected ES256 or ES384 or ES512, found ["ES256"]'],
    [
      'what is critical',
      { alg: 'ES256', crit: ['b64'], b64: false },
      'ear-format: JSON Web Token: critical header parameters are not known here',
    ],
    [
      'another type',
      { alg: 'ES256', typ: 'at+jwt' },
      'ear-format: JSON Web Token: typ must be JWT or eat+jwt, found "at+jwt"',
    ],
    [
      'an algorithm of another curve',
      { alg: 'ES384' },
      'ear-signature: signature: none of 1 keys made this ES384 signature',
    ],
  ]
  test.each(headers)('refuses a header with %s', async (_, header, message) => {
    const [, payload, signature] = (await sign(claims())).split('.')
    const token = `${base64url(new TextEncoder().encode(JSON.stringify(header)))}.${String(payload)}.${String(signature)}`
    expect(await refusalOf(verify(token))).toBe(message)
  })

  test('cut off anywhere, or with a character changed, it is refused by code', async () => {
    const token = await sign(claims())
    for (let i = 0; i < token.length; i += 3) {
      expect(await refusalOf(verify(token.slice(0, i)))).toMatch(/^ear-/)
      const other = token[i] === 'A' ? 'B' : 'A'
      expect(await refusalOf(verify(`${token.slice(0, i)}${other}${token.slice(i + 1)}`))).toMatch(/^ear-/)
    }
  })

  test.each<[string, object, string]>([
    ['no keys', { keys: [] }, 'keys must be 1 to 16 DER SubjectPublicKeyInfos on P-256, P-384 or P-521'],
    ['a key in PEM', { keys: ['-----BEGIN'] }, 'keys must be 1 to 16 DER'],
    ['17 keys', { keys: Array.from({ length: 17 }, () => new Uint8Array(91)) }, 'keys must be 1 to 16 DER'],
    ['no freshness', { freshness: undefined }, 'freshness must be { nonce } or skipFreshness'],
    ['an age', { freshness: { maxAgeSeconds: 5 } }, 'freshness must be { nonce } or skipFreshness'],
    ['a nonce of 7 bytes', { freshness: { nonce: new Uint8Array(7) } }, 'nonce must be 8 to 64 bytes (Uint8Array)'],
    ['a nonce of 65 bytes', { freshness: { nonce: new Uint8Array(65) } }, 'nonce must be 8 to 64 bytes (Uint8Array)'],
    ['no submodules', { submodules: [] }, 'submodules must be labels, at least one'],
    ['submodules that were lost', { submodules: undefined }, 'submodules must be labels, at least one'],
    ['no profiles', { profiles: [] }, 'profiles must be known profiles, at least one'],
    ['an unknown profile', { profiles: ['x'] }, 'profiles must be known profiles, at least one'],
    ['a bad time', { now: new Date(NaN) }, 'now must be a Date'],
    ['a skew of two days', { clockSkewSeconds: 172_800 }, 'clockSkewSeconds must be 0 to 86400'],
    ['a trace that is no function', { trace: 1 }, 'trace must be a function'],
    ['an unknown option', { key: 1 }, 'option "key" must be one of keys, freshness'],
  ])('a mistake of the caller: %s', async (_, change, message) => {
    const error = await verify('x', change).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message.slice(0, message.length)).toBe(message)
  })

  test('no text is a mistake of the caller', async () => {
    await expect(verify(1 as never)).rejects.toThrow(new TypeError('token must be text'))
  })
})

interface Made {
  readonly passed?: readonly AttestationErrorCode[]
  readonly expected?: Readonly<Record<string, string>>
  readonly actual?: Readonly<Record<string, string>>
  readonly clock?: boolean
  readonly validUntil?: Date
}

/** A result as a verifier makes it: these checks were made, and held. */
function resultOf(
  format: string,
  found: object,
  { passed = [], expected = {}, actual = {}, clock = true, validUntil = new Date('2027-01-01T00:00:00Z') }: Made = {},
): AttestationResult {
  const checks = recordChecks()
  for (const code of passed)
    checks.appraises(code, code, { holds: true, expected: expected[code] ?? 'x', found: actual[code] ?? 'x' })
  return attestationResult(format, found, checks, {
    clock: clock ? { now: now.getTime() } : undefined,
    timestamp: now,
    validUntil: validUntil.getTime(),
    matched: undefined,
    publicKey: undefined,
  })
}

const options = { developer: 'https://example.com', build: 'test 1', policyIds: ['p'], now }

describe('toEar', () => {
  const secured = { platform: { lifecycleState: 'secured' }, realm: { challenge: nonce } }
  const locked = { rootOfTrust: { deviceLocked: true, verifiedBootState: 'Verified' }, challenge: nonce }
  type Row = [
    what: string,
    format: string,
    claims: object,
    made: Made,
    submods: Readonly<Record<string, readonly [status: string, vector: Members, hasNonce?: boolean]>>,
    status: string,
  ]
  test.each<Row>([
    [
      'an enclave',
      'nitro',
      { nonce, debug: false },
      { passed: ['policy-pcr', 'policy-nonce'], expected: { 'policy-pcr': 'PCR0 aa\nPCR8 bb' } },
      { nitro: ['affirming', { hardware: 2, executables: 3, configuration: 2, 'runtime-opaque': 2 }, true] },
      'affirming',
    ],
    [
      'an enclave by its image alone',
      'nitro',
      { debug: false },
      { passed: ['policy-pcr'], expected: { 'policy-pcr': 'PCR0 aa' } },
      { nitro: ['affirming', { hardware: 2, executables: 3, 'runtime-opaque': 2 }] },
      'affirming',
    ],
    [
      'an enclave by its signer alone',
      'nitro',
      { debug: false },
      { passed: ['policy-pcr'], expected: { 'policy-pcr': 'PCR8 aa' } },
      { nitro: ['none', { hardware: 2, configuration: 2, 'runtime-opaque': 2 }] },
      'none',
    ],
    [
      'an enclave, reference values skipped',
      'nitro',
      { nonce, debug: false },
      {},
      { nitro: ['none', { hardware: 2, 'runtime-opaque': 2 }] },
      'none',
    ],
    [
      'an enclave in debug mode',
      'nitro',
      { debug: true },
      { passed: ['policy-pcr'], expected: { 'policy-pcr': 'PCR0 aa' } },
      { nitro: ['contraindicated', { hardware: 2, executables: 3, 'runtime-opaque': 96 }] },
      'contraindicated',
    ],
    [
      'an instance',
      'nitro-tpm',
      { nonce },
      { passed: ['policy-pcr'], expected: { 'policy-pcr': 'PCR4 aa' } },
      { 'nitro-tpm': ['affirming', { hardware: 2, executables: 3 }] },
      'affirming',
    ],
    [
      'a trust domain',
      'tdx',
      { debug: false, reportData: new Uint8Array(64).fill(7), tcbStatus: 'UpToDate' },
      { passed: ['policy-measurements', 'policy-report-data'] },
      { cvm: ['affirming', { hardware: 2, executables: 3, configuration: 2, 'runtime-opaque': 2 }, true] },
      'affirming',
    ],
    [
      'a trust domain on an old platform',
      'tdx',
      { debug: false, tcbStatus: 'OutOfDate' },
      { passed: ['policy-measurements'] },
      { cvm: ['warning', { hardware: 32, executables: 3, configuration: 2, 'runtime-opaque': 2 }] },
      'warning',
    ],
    [
      'a trust domain on a platform that got old',
      'tdx',
      { debug: false, tcbStatus: 'UpToDate', currentTcbStatus: 'OutOfDate' },
      { passed: ['policy-measurements'] },
      { cvm: ['warning', { hardware: 32, executables: 3, configuration: 2, 'runtime-opaque': 2 }] },
      'warning',
    ],
    [
      'a trust domain that can move',
      'tdx',
      { debug: false, tcbStatus: 'UpToDate' },
      { passed: ['policy-measurements', 'policy-migration'], actual: { 'policy-migration': 'on' } },
      { cvm: ['warning', { hardware: 2, executables: 3, configuration: 2, 'runtime-opaque': 32 }] },
      'warning',
    ],
    [
      'a trust domain in debug mode, reference values skipped',
      'tdx',
      { debug: true, tcbStatus: 'UpToDate' },
      {},
      { cvm: ['contraindicated', { hardware: 2, 'runtime-opaque': 96 }] },
      'contraindicated',
    ],
    [
      'an SGX enclave',
      'sgx',
      { debug: false, tcbStatus: 'UpToDate' },
      { passed: ['policy-measurements'] },
      { enclave: ['affirming', { hardware: 2, executables: 2, configuration: 2, 'runtime-opaque': 2 }] },
      'affirming',
    ],
    [
      'a guest',
      'sev-snp',
      { debug: false, advisories: [] },
      { passed: ['policy-measurements', 'policy-guest-policy'] },
      { cvm: ['affirming', { hardware: 2, executables: 3, configuration: 2, 'runtime-opaque': 2 }] },
      'affirming',
    ],
    [
      'a guest on a platform that bulletins are about',
      'sev-snp',
      { debug: false, advisories: ['AMD-SB-3019'] },
      { passed: ['policy-measurements', 'policy-guest-policy'] },
      { cvm: ['warning', { hardware: 32, executables: 3, configuration: 2, 'runtime-opaque': 2 }] },
      'warning',
    ],
    [
      'a realm',
      'cca',
      secured,
      {
        passed: ['policy-platform', 'policy-measurements', 'policy-nonce'],
        expected: { 'policy-platform': '"BL": aa signed by bb\nconfig cc' },
      },
      {
        CCA_SSD_PLATFORM: [
          'affirming',
          { 'instance-identity': 2, hardware: 2, executables: 3, configuration: 2, 'runtime-opaque': 2 },
          true,
        ],
        CCA_REALM: ['affirming', { 'instance-identity': 2, executables: 3 }, true],
      },
      'affirming',
    ],
    [
      'a realm on any platform',
      'cca',
      secured,
      { passed: ['policy-measurements'] },
      {
        CCA_SSD_PLATFORM: ['none', { 'instance-identity': 2, hardware: 2, 'runtime-opaque': 2 }],
        CCA_REALM: ['affirming', { 'instance-identity': 2, executables: 3 }],
      },
      'none',
    ],
    [
      'any realm on a platform that can be debugged',
      'cca',
      { ...secured, platform: { lifecycleState: 'non-rot-debug' } },
      { passed: ['policy-platform'] },
      {
        CCA_SSD_PLATFORM: [
          'contraindicated',
          { 'instance-identity': 2, hardware: 2, executables: 3, 'runtime-opaque': 96 },
        ],
        CCA_REALM: ['none', { 'instance-identity': 2 }],
      },
      'contraindicated',
    ],
    [
      'a device',
      'psa',
      { lifecycleState: 'secured', nonce },
      { passed: ['policy-measurements', 'policy-nonce'] },
      { PSA: ['affirming', { 'instance-identity': 2, hardware: 2, executables: 3 }, true] },
      'affirming',
    ],
    [
      'a device that can be debugged',
      'psa',
      { lifecycleState: 'non-rot-debug', nonce },
      { passed: ['policy-measurements'] },
      { PSA: ['contraindicated', { 'instance-identity': 2, hardware: 2, executables: 3, 'runtime-opaque': 96 }] },
      'contraindicated',
    ],
    [
      'a phone',
      'android-key',
      locked,
      { passed: ['policy-application', 'policy-nonce'] },
      {
        keymint: [
          'affirming',
          { 'instance-identity': 2, hardware: 2, executables: 3, configuration: 2, 'storage-opaque': 2 },
          true,
        ],
      },
      'affirming',
    ],
    [
      'an unlocked phone',
      'android-key',
      { rootOfTrust: { deviceLocked: false, verifiedBootState: 'Unverified' } },
      {},
      {
        keymint: [
          'contraindicated',
          { 'instance-identity': 2, hardware: 2, 'runtime-opaque': 96, 'storage-opaque': 2 },
        ],
      },
      'contraindicated',
    ],
    [
      'a format without a row',
      'other',
      {},
      { passed: ['policy-measurements'] },
      { other: ['affirming', { hardware: 2, executables: 3 }] },
      'affirming',
    ],
    [
      'a format without a row, in debug mode',
      'constructor',
      { debug: true },
      {},
      { constructor: ['contraindicated', { hardware: 2, 'runtime-opaque': 96 }] } as never,
      'contraindicated',
    ],
  ])('%s', (_, format, found, made, submods, status) => {
    const ear = toEar(resultOf(format, found, made), options)
    expect(ear).toMatchObject({
      eat_profile: draft4,
      iat: seconds,
      exp: seconds + 300,
      ear_status: status,
      ear_verifier_id: { developer: 'https://example.com', build: 'test 1' },
    })
    const claimed = Object.entries(submods).map(([label, [ear_status, vector, hasNonce = false]]) => {
      const own = ear.submods[label]
      expect(own?.eat_nonce === undefined).toBe(!hasNonce)
      return [
        label,
        {
          ear_status,
          ear_trustworthiness_vector: vector,
          ear_appraisal_policy_ids: ['p'],
          ...(hasNonce && { eat_nonce: own?.eat_nonce }),
        },
      ]
    })
    expect(Object.entries(ear.submods)).toEqual(claimed)
    expect(Object.isFrozen(ear) && Object.isFrozen(ear.submods)).toBe(true)
  })

  test('several results, and other labels', () => {
    const enclave = resultOf(
      'nitro',
      { debug: false },
      { passed: ['policy-pcr'], expected: { 'policy-pcr': 'PCR0 a' } },
    )
    const domain = resultOf('tdx', { debug: false, tcbStatus: 'UpToDate' })
    const ear = toEar([enclave, domain], { ...options, submodules: { tdx: 'gpu host' } })
    expect(Object.keys(ear.submods)).toEqual(['nitro', 'gpu host'])
    expect(ear.ear_status).toBe('none')
    expect(() => toEar([domain, resultOf('sev-snp', { debug: false, advisories: [] })], options)).toThrow(
      new TypeError('results must be of different kinds, or named apart by submodules'),
    )
  })

  test('a report is not valid for longer than what it reports', () => {
    const result = resultOf('nitro', { debug: false }, { validUntil: new Date(now.getTime() + 60_500) })
    expect(toEar(result, options).exp).toBe(seconds + 60)
    expect(toEar(result, { ...options, expiresInSeconds: 30 }).exp).toBe(seconds + 30)
    expect(() => toEar(result, { ...options, now: new Date(now.getTime() + 61_000) })).toThrow(
      new TypeError('results must be still valid'),
    )
  })

  const good = resultOf('nitro', { debug: false })
  test.each<[string, unknown, object, string]>([
    ['what looks like a result', { ...good }, {}, 'results must be results of verifiers of this library'],
    ['no results', [], {}, 'results must be results of verifiers of this library'],
    ['nothing', undefined, {}, 'results must be results of verifiers of this library'],
    [
      'an archive',
      resultOf('nitro', { debug: false }, { clock: false }),
      {},
      'results must be of evidence, and of now: no archives, and no EARs',
    ],
    ['an EAR', resultOf('ear', {}), {}, 'results must be of evidence, and of now: no archives, and no EARs'],
    ['no developer', good, { developer: '' }, 'developer must be text'],
    ['no build', good, { build: undefined }, 'build must be text'],
    ['no policies', good, { policyIds: [] }, 'policyIds must be texts, at least one'],
    ['a policy that is no text', good, { policyIds: [1] }, 'policyIds must be texts, at least one'],
    ['no time at all', good, { expiresInSeconds: 0 }, 'expiresInSeconds must be 1 to 86400'],
    ['two days', good, { expiresInSeconds: 172_800 }, 'expiresInSeconds must be 1 to 86400'],
    ['an empty label', good, { submodules: { nitro: '' } }, 'submodules must be labels by format'],
    ['an unknown option', good, { policy: 'p' }, 'option "policy" must be one of developer, build'],
  ])('a mistake of the caller: %s', (_, results, change, message) => {
    expect(() => toEar(results as AttestationResult, { ...options, ...change })).toThrow(TypeError)
    expect(() => toEar(results as AttestationResult, { ...options, ...change })).toThrow(message)
  })
})

describe('signEar', () => {
  const ear = (): EarClaims =>
    toEar(
      resultOf(
        'nitro',
        { nonce, debug: false },
        { passed: ['policy-pcr', 'policy-nonce'], expected: { 'policy-pcr': 'PCR0 a' } },
      ),
      options,
    )

  test.each(['ES256', 'ES384', 'ES512'] as const)('%s: jose and verifyEar agree', async (algorithm) => {
    const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true })
    const token = await signEar(ear(), { privateKey, algorithm, keyId: 'k1' })
    const { payload, protectedHeader } = await jwtVerify(token, publicKey, { currentDate: now })
    expect(payload).toEqual(ear() as unknown as JWTPayload)
    expect(protectedHeader).toEqual({ alg: algorithm, typ: 'JWT', kid: 'k1' })
    const { claims: read } = await verify(token, { keys: [await spkiOf(publicKey)], submodules: ['nitro'] })
    expect(read.submodules.nitro?.status).toBe('affirming')
  })

  test('claims of the caller are kept', async () => {
    const own = { ...ear(), 'example.com/x': 1 }
    const { claims: read } = await verify(await signEar(own, { privateKey: keys.privateKey, algorithm: 'ES256' }))
    expect(read.status).toBe('affirming')
  })

  test.each<[string, (given: EarClaims) => unknown, object, RegExp]>([
    ['no claims', () => undefined, {}, /^claims must be an object$/],
    ['another profile', (own) => ({ ...own, eat_profile: 'x' }), {}, /^eat_profile: expected/],
    [
      'a status that is too good',
      (own) => ({ ...own, submods: { a: { ear_status: 'affirming', ear_trustworthiness_vector: { hardware: 96 } } } }),
      {},
      /^submodule "a": ear_status is affirming, its vector contraindicated$/,
    ],
    ['an unknown algorithm', (own) => own, { algorithm: 'EdDSA' }, /^algorithm must be ES256, ES384 or ES512$/],
    [
      'an algorithm of another curve',
      (own) => own,
      { algorithm: 'ES384' },
      /^privateKey must be an ECDSA private key on P-384 that may sign$/,
    ],
    [
      'no key',
      (own) => own,
      { privateKey: undefined },
      /^privateKey must be an ECDSA private key on P-256 that may sign$/,
    ],
    ['an empty key id', (own) => own, { keyId: '' }, /^keyId must be text$/],
    ['an unknown option', (own) => own, { kid: 'x' }, /^option "kid" must be one of privateKey, algorithm, keyId$/],
  ])('a mistake of the caller: %s', async (_, change, given, message) => {
    const error: unknown = await signEar(
      change(ear()) as EarClaims,
      { privateKey: keys.privateKey, algorithm: 'ES256', ...given } as never,
    ).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toMatch(message)
  })

  test('a public key cannot sign', async () => {
    await expect(signEar(ear(), { privateKey: keys.publicKey, algorithm: 'ES256' })).rejects.toThrow(
      /^privateKey must be/,
    )
  })
})

interface Case {
  readonly id: string
  readonly api: string
  readonly file: string
  readonly expected: 'accept' | 'reject'
  readonly codes?: readonly string[]
  readonly options: {
    readonly keys: readonly string[]
    readonly nonce?: string
    readonly now?: string
    readonly profiles?: readonly EarProfile[]
    readonly submodules?: readonly string[]
    readonly clockSkewSeconds?: number
    readonly skipValidity?: boolean
    readonly skipFreshness?: boolean
  }
}

const vectors = findVectors('rats')
describe.skipIf(!vectors.found)('vectors', () => {
  const manifest = (vectors.found ? vectors.manifest : { cases: [], keys: {} }) as {
    readonly cases: readonly Case[]
    readonly keys: Readonly<Record<string, JsonWebKey & { crv: string }>>
  }
  const cases = manifest.cases.filter(({ api }) => api === 'verifyEar')
  test('there are some', () => {
    expect(cases.length).toBeGreaterThan(40)
  })

  test.each(cases)('$id', async ({ file, expected, codes, options: own }) => {
    const known = await Promise.all(
      own.keys.map(async (name) => {
        const jwk = manifest.keys[name] as JsonWebKey & { crv: string }
        const key = await crypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: jwk.crv }, true, ['verify'])
        return new Uint8Array(await crypto.subtle.exportKey('spki', key))
      }),
    )
    const text = new TextDecoder().decode(vectors.found ? vectors.read(file) : new Uint8Array()).replace(/\n$/, '')
    const outcome = await verifyEar(text, {
      keys: known,
      freshness:
        own.nonce === undefined ? skipFreshness : { nonce: new Uint8Array(Buffer.from(own.nonce, 'base64url')) },
      ...(own.profiles && { profiles: own.profiles }),
      ...(own.submodules && { submodules: own.submodules }),
      now: new Date(own.skipValidity === true ? '2025-07-09T08:13:00Z' : (own.now ?? NaN)),
      clockSkewSeconds: own.skipValidity === true ? 86_400 : (own.clockSkewSeconds ?? 0),
    }).catch((error: unknown) => error as AttestationError)
    if (expected === 'accept') expect(outcome).toHaveProperty('format', 'ear')
    else expect(codes).toContain((outcome as AttestationError).code)
  })
})
