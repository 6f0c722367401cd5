/**
 * One case per rule of a CCA token: what it breaks, and how it must be refused. Everything that a
 * case does not speak of is right, signatures included.
 */
import {
  type CcaOverrides,
  coseKeyOf,
  encodeComponent,
  nonce,
  pointOf,
  rim,
  type TokenOverrides,
} from '../../../attester/arm.ts'
import { components } from '../../../attester/arm.ts'
import { concat, pattern, withByte } from '../../../attester/bytes.ts'
import * as cbor from '../../../attester/cbor.ts'
import { createSigner } from '../../../attester/certificate.ts'
import {
  skipFreshness,
  skipPlatformReferenceValues,
  skipReferenceValues,
} from '../../../../src/formats/arm/cca/index.ts'
import { keys, type NegativeCase, now, rows, stranger } from '../made.ts'

type Token = 'platform' | 'realm'
const of = (token: Token, change: TokenOverrides): CcaOverrides => ({ [token]: change })
const claim = (token: Token, key: number, value: Uint8Array | undefined): CcaOverrides =>
  of(token, { claims: new Map([[key, value]]) })
const zero = (length: number): Uint8Array => new Uint8Array(length)
const rem = (value: Uint8Array): Uint8Array =>
  cbor.array(...[1, 2, 3].map(() => cbor.bytes(zero(32))), cbor.bytes(value))
const p256 = await createSigner('P-256')
const realmPoint = await pointOf(keys.realm)
const key = async (...change: readonly (readonly [number, Uint8Array | undefined])[]): Promise<CcaOverrides> => ({
  realmKey: await coseKeyOf(keys.realm, new Map(change)),
})
const entry = (number: number, value: Uint8Array): cbor.Entry => [cbor.unsigned(number), value]
const record = (...more: readonly Uint8Array[]): CcaOverrides => ({
  record: (token) => cbor.array(cbor.unsigned(263), cbor.bytes(token), ...more),
})
const deep = concat(...Array.from({ length: 3000 }, () => [0x81]), [0])

/** The headers of an envelope, for both tokens alike. */
const envelopes = (['platform', 'realm'] as const).flatMap((token) => {
  const name = `${token} token`
  return [
    ...rows<CcaOverrides>(
      'cose-tag',
      ['no tag', new RegExp(`^${name}: tag: expected 18 .+ found none$`), of(token, { tag: undefined })],
      ['the tag of a CWT', /found 61$/, of(token, { token: (bytes) => cbor.tag(61, bytes) })],
      ['a MAC', new RegExp(`^${name}: tag: expected 18 \\(COSE_Sign1\\), found 17$`), of(token, { secret: zero(32) })],
    ),
    ...rows<CcaOverrides>(
      'cose-shape',
      [
        'five items',
        new RegExp(`^${name}: must be an array of bstr`),
        of(token, { envelope: (i) => [...i, cbor.nothing] }),
      ],
      ['three items', /must be an array/, of(token, { envelope: (items) => items.slice(0, 3) })],
      [
        'a detached payload',
        /must be an array/,
        of(token, { envelope: ([a, b, , d]) => [a, b, cbor.nothing, d] as never }),
      ],
      [
        'a map as protected header',
        /must be an array/,
        of(token, { envelope: ([, ...rest]) => [cbor.map([]), ...rest] }),
      ],
      ['a list as unprotected header', /must be an array/, of(token, { unprotectedHeader: cbor.array() })],
      ['a text as signature', /must be an array/, of(token, { envelope: (i) => [...i.slice(0, 3), cbor.text('')] })],
    ),
    ...rows<CcaOverrides>(
      'cose-protected',
      [
        'an empty protected header',
        new RegExp(`^${name}: protected header: item at 0`),
        of(token, { protectedHeader: zero(0) }),
      ],
      ['a list as protected header', /must be a map$/, of(token, { protectedHeader: cbor.array() })],
      [
        'a critical header',
        /crit is not understood$/,
        of(token, {
          protectedHeader: cbor.encode(
            new Map<number, unknown>([
              [1, -35],
              [2, [1]],
            ]),
          ),
        }),
      ],
      [
        'a byte behind the protected header',
        /1 bytes left over at 4$/,
        of(token, { protectedHeader: concat(cbor.encode(new Map([[1, -35]])), [0]) }),
      ],
    ),
    ...rows<CcaOverrides>(
      'cose-unprotected',
      [
        'an unprotected algorithm',
        new RegExp(`^${name}: unprotected header: label 1 must not`),
        of(token, { unprotectedHeader: cbor.encode(new Map([[1, -35]])) }),
      ],
      [
        'an unprotected critical header',
        /label 2 must not/,
        of(token, { unprotectedHeader: cbor.encode(new Map([[2, [4]]])) }),
      ],
      [
        'a label in both headers',
        /label 4 must not/,
        of(token, {
          protectedHeader: cbor.encode(
            new Map<number, unknown>([
              [1, -35],
              [4, zero(1)],
            ]),
          ),
          unprotectedHeader: cbor.encode(new Map([[4, zero(1)]])),
        }),
      ],
    ),
    ...rows<CcaOverrides>(
      'cose-alg',
      [
        'no algorithm',
        new RegExp(`^${name}: alg: expected int, found nothing$`),
        of(token, { protectedHeader: cbor.map([]) }),
      ],
      ['an algorithm as text', /found tstr$/, of(token, { protectedHeader: cbor.encode(new Map([[1, 'ES384']])) })],
      ['EdDSA', /expected -7, -35 or -36, found -8$/, of(token, { protectedHeader: cbor.encode(new Map([[1, -8]])) })],
      [
        'an HMAC under the tag of signatures',
        /found 5$/,
        of(token, { protectedHeader: cbor.encode(new Map([[1, 5]])) }),
      ],
    ),
    ...rows<CcaOverrides>(
      'cose-signature-length',
      [
        'a short signature',
        new RegExp(`^${name}: signature bytes: expected 96, found 95$`),
        of(token, { proof: (p) => p.slice(1) }),
      ],
      ['no signature', /found 0$/, of(token, { proof: () => zero(0) })],
    ),
    ...rows<CcaOverrides>(
      token === 'platform' ? 'platform-signature' : 'realm-signature',
      [
        'a signature by another key',
        new RegExp(`^${name}: signature does not match the `),
        of(token, { signer: stranger }),
      ],
      [
        'a flipped bit of the signature',
        /signature does not match/,
        of(token, { proof: (p) => withByte(p, 7, (b) => b ^ 1) }),
      ],
      ['a signature of zeros', /signature does not match/, of(token, { proof: (p) => zero(p.length) })],
      [
        'another context',
        /signature does not match/,
        of(token, { structure: ([, ...parts]) => [new TextEncoder().encode('Signature'), ...parts] }),
      ],
      [
        'external data',
        /signature does not match/,
        of(token, { structure: ([a, b, , d]) => [a, b, zero(1), d] as never }),
      ],
      [
        'another curve',
        new RegExp(`^${name}: alg: expected -35 \\(ES384\\), as the .+ signs, found -7$`),
        of(token, { signer: p256 }),
      ],
    ),
    ...rows<CcaOverrides>(
      'outer-cbor',
      ['a byte behind the token', /left over/, of(token, { token: (bytes) => concat(bytes, [0]) })],
      ['arrays in arrays', /nested too deep/, of(token, { token: () => deep })],
      ['an indefinite length', /indefinite length/, of(token, { token: () => Uint8Array.of(0xd2, 0x9f, 0xff) })],
    ),
    ...rows<CcaOverrides>(
      'payload-cbor',
      [
        'a claims-set that is no map',
        new RegExp(`^${name}: claims: expected map, found array$`),
        of(token, { payload: () => cbor.array() }),
      ],
      ['a tag in the payload', /found tag$/, of(token, { payload: (p) => cbor.tag(61, p) })],
      ['a byte behind the claims', /left over/, of(token, { payload: (p) => concat(p, [0]) })],
      [
        'a claim twice',
        /duplicate key 256/,
        of(token, { payload: () => cbor.map([entry(256, cbor.nothing), entry(256, cbor.nothing)]) }),
      ],
      [
        'a claim twice under heads of other widths',
        /duplicate key 256/,
        of(token, { payload: () => cbor.map([entry(256, cbor.nothing), [cbor.unsigned(256, 8), cbor.nothing]]) }),
      ],
      [
        'invalid UTF-8',
        /invalid UTF-8/,
        of(token, { payload: () => cbor.map([[cbor.text(Uint8Array.of(0xff)), cbor.nothing]]) }),
      ],
      [
        'more than 256 claims',
        /too many entries/,
        of(token, { payload: () => cbor.map(Array.from({ length: 257 }, (_, i) => entry(i, cbor.nothing))) }),
      ],
      [
        'more text than 1 KiB',
        /text too long/,
        of(token, { payload: () => cbor.map([entry(1, cbor.text('a'.repeat(1025)))]) }),
      ],
    ),
  ]
})

export const negativeCases: readonly NegativeCase<CcaOverrides>[] = [
  ...rows<CcaOverrides>('payload-size', [
    'more than 64 KiB',
    /^bytes of evidence: expected at most 65536, found 65537$/,
    { wrapper: () => zero(65_537) },
  ]),
  ...rows<CcaOverrides>(
    'outer-cbor',
    ['no bytes', /^CCA token: item at 0 needs 1 bytes, found 0$/, { wrapper: () => zero(0) }],
    ['a byte behind the collection', /1 bytes left over/, { wrapper: (bytes) => concat(bytes, [0]) }],
    ['a map of 2^63 entries', /entries in/, { wrapper: () => cbor.tag(907, cbor.head(5, 2n ** 63n, 8)) }],
    ['a map of indefinite length', /indefinite length/, { wrapper: () => concat([0xd9, 0x03, 0x8b, 0xbf, 0xff]) }],
    ['a reserved head', /reserved head/, { wrapper: () => Uint8Array.of(0x1c) }],
    ['a token twice', /duplicate key 44234/, { entries: ([a]) => [a, a] as never }],
  ),
  ...rows<CcaOverrides>(
    'token-wrapper',
    ['no tag', /^CCA token: must have tag 399 or 907, found map$/, { tag: undefined }],
    ['another tag', /found 398$/, { tag: 398 }],
    ['a platform token alone', /found 18$/, { wrapper: () => cbor.tag(18, cbor.array()) }],
    ['a list', /must hold a map, found array$/, { wrapper: () => cbor.tag(399, cbor.array()) }],
    ['a tag inside the tag', /must hold a map, found tag$/, { wrapper: (bytes) => cbor.tag(399, bytes) }],
    [
      'no platform token',
      /^CCA token: 44234 must be .+ found undefined$/,
      { entries: ([, realm]) => [realm] as never },
    ],
    [
      'no realm token',
      /^CCA token: 44241 must be .+ found undefined$/,
      { entries: ([platform]) => [platform] as never },
    ],
    [
      'a third entry',
      /two tokens and nothing else, found 3 entries$/,
      { entries: (own) => [...own, entry(1, cbor.nothing)] },
    ],
    [
      'keys as text',
      /44234 must be/,
      { entries: (own) => own.map(([, value], i) => [cbor.text(`${44234 + 7 * i}`), value]) },
    ],
    ['a record under tag 399', /must be a bstr, found array$/, { tag: 399, ...record() }],
    ['bare bytes under tag 907', /must be \[263, bstr, .+ found bstr$/, { record: (token) => cbor.bytes(token) }],
    [
      'another content format',
      /must be \[263/,
      { record: (token) => cbor.array(cbor.unsigned(264), cbor.bytes(token)) },
    ],
    [
      'a media type',
      /must be \[263/,
      { record: (token) => cbor.array(cbor.text('application/eat+cwt'), cbor.bytes(token)) },
    ],
    ['no kind', /must be \[263/, record(cbor.unsigned(0))],
    ['endorsements', /must be \[263/, record(cbor.unsigned(2))],
    ['a kind that there is not', /must be \[263/, record(cbor.unsigned(36))],
    ['a kind below zero, whose bits say evidence', /must be \[263/, record(cbor.negative(-1))],
    ['a kind that is undefined', /must be \[263/, record(cbor.undefinedValue)],
    ['a record of four', /must be \[263/, record(cbor.unsigned(4), cbor.nothing)],
    ['a token without a byte string', /must be \[263/, { record: (token) => cbor.array(cbor.unsigned(263), token) }],
  ),
  ...envelopes,
  ...rows<CcaOverrides>(
    'token-profile',
    [
      'an unknown platform profile',
      /^profiles of platform and realm: expected a pair that is known, found "x" and "tag:/,
      claim('platform', 265, cbor.text('x')),
    ],
    ['an unknown realm profile', /and "x"$/, claim('realm', 265, cbor.text('x'))],
    ['a realm of another generation', /known/, claim('realm', 265, cbor.text('tag:arm.com,2023:realm#1.0.0'))],
    ['a realm without a profile', /and none$/, claim('realm', 265, undefined)],
    [
      'the direct model',
      /;direct/,
      {
        generation: '2026',
        platform: { claims: new Map([[265, cbor.text('tag:arm.com,2026:cca_platform#2.0.0;direct')]]) },
      },
    ],
    [
      'the spelling of the beta',
      /#delegated/,
      {
        generation: '2026',
        platform: { claims: new Map([[265, cbor.text('tag:arm.com,2026:cca_platform#2.0.0#delegated')]]) },
      },
    ],
    [
      'exchanged tokens',
      /realm#2.0.0" and/,
      {
        entries: ([a, b]) =>
          [
            [a?.[0], b?.[1]],
            [b?.[0], a?.[1]],
          ] as never,
      },
    ],
  ),
  ...rows<CcaOverrides>(
    'payload-field-missing',
    ...(
      [
        ['platform', 265, 'profile'],
        ['platform', 10, 'challenge'],
        ['platform', 2396, 'implementation id'],
        ['platform', 256, 'instance id'],
        ['platform', 2401, 'config'],
        ['platform', 2395, 'lifecycle'],
        ['platform', 2402, 'hash algorithm'],
        ['platform', 2399, 'software components'],
        ['platform', 2394, 'client id'],
        ['realm', 10, 'challenge'],
        ['realm', 44235, 'personalization value'],
        ['realm', 44236, 'hash algorithm'],
        ['realm', 44237, 'public key'],
        ['realm', 44238, 'RIM'],
        ['realm', 44239, 'REMs'],
        ['realm', 44240, 'hash algorithm of the key'],
      ] as const
    ).map(
      ([token, number, name]) =>
        [
          `no ${name} in the ${token} token`,
          new RegExp(`^${token} token: ${name} \\(${number}\\): expected a value, found nothing$`),
          claim(token, number, undefined),
        ] as const,
    ),
    ['no workload binding', /workload binding \(2408\)/, { generation: '2026', ...claim('platform', 2408, undefined) }],
    [
      'no measurement of a component',
      /software components \(2399\)\[0\]: measurement \(2\)/,
      claim('platform', 2399, cbor.array(encodeComponent(components[0] as never, new Map([[2, undefined]])))),
    ],
    [
      'no signer of a component',
      /signer id \(5\)/,
      claim('platform', 2399, cbor.array(encodeComponent(components[0] as never, new Map([[5, undefined]])))),
    ],
  ),
  ...rows<CcaOverrides>(
    'payload-field-type',
    ...(
      [
        ['platform', 265, cbor.unsigned(1), 'tstr, found int'],
        ['platform', 10, cbor.array(cbor.bytes(zero(32))), 'bstr, found array'],
        ['platform', 2396, cbor.text('id'), 'bstr, found tstr'],
        ['platform', 256, cbor.nothing, 'bstr, found null'],
        ['platform', 2401, cbor.map([]), 'bstr, found map'],
        ['platform', 2395, cbor.text('secured'), 'int, found tstr'],
        ['platform', 2402, cbor.unsigned(1), 'tstr, found int'],
        ['platform', 2399, cbor.map([]), 'array, found map'],
        ['platform', 2399, cbor.array(cbor.array()), 'map, found array'],
        ['platform', 2400, cbor.unsigned(1), 'tstr, found int'],
        ['platform', 2394, cbor.float64(1), 'int, found float'],
        ['realm', 265, cbor.bytes(zero(1)), 'tstr, found bstr'],
        ['realm', 10, cbor.text('nonce'), 'bstr, found tstr'],
        ['realm', 44235, cbor.text('rpv'), 'bstr, found tstr'],
        ['realm', 44237, cbor.map([]), 'bstr, found map'],
        ['realm', 44238, cbor.text('rim'), 'bstr, found tstr'],
        ['realm', 44239, cbor.map([]), 'array, found map'],
        ['realm', 256, cbor.text('id'), 'bstr, found tstr'],
        ['realm', 44239, cbor.array(...[1, 2, 3, 4].map(() => cbor.nothing)), 'bstr, found null'],
      ] as const
    ).map(
      ([token, number, value, what]) =>
        [
          `${token} claim ${number} of another type: ${what}`,
          new RegExp(`\\(${number}\\).*: expected ${what}$`),
          claim(token, number, value),
        ] as const,
    ),
  ),
  ...rows<CcaOverrides>(
    'payload-field-size',
    ...(
      [
        ['platform', 10, cbor.bytes(zero(31)), '32 or 48 or 64 bytes, found 31'],
        ['platform', 2396, cbor.bytes(zero(31)), '32 bytes, found 31'],
        ['platform', 256, cbor.bytes(zero(32)), '33 bytes, found 32'],
        ['platform', 2399, cbor.array(), '1 to 256 entries, found 0'],
        ['realm', 10, cbor.bytes(zero(32)), '64 bytes, found 32'],
        ['realm', 44235, cbor.bytes(zero(63)), '64 bytes, found 63'],
        ['realm', 44238, cbor.bytes(zero(33)), '32 or 48 or 64 bytes, found 33'],
        ['realm', 44239, cbor.array(...[1, 2, 3].map(() => cbor.bytes(zero(32)))), '4 to 4 entries, found 3'],
        ['realm', 44239, rem(zero(31)), '32 or 48 or 64 bytes, found 31'],
        ['realm', 256, cbor.bytes(zero(34)), '33 bytes, found 34'],
      ] as const
    ).map(
      ([token, number, value, what]) =>
        [
          `${token} claim ${number} of another size: ${what}`,
          new RegExp(`\\(${number}\\).*: expected ${what}$`),
          claim(token, number, value),
        ] as const,
    ),
    [
      'a component measured with SHA-1',
      /measurement \(2\)/,
      claim(
        'platform',
        2399,
        cbor.array(encodeComponent({ ...(components[0] as (typeof components)[number]), measurement: pattern(20) })),
      ),
    ],
    [
      'a signer of 31 bytes',
      /signer id \(5\)/,
      claim(
        'platform',
        2399,
        cbor.array(encodeComponent({ ...(components[0] as (typeof components)[number]), signerId: pattern(31) })),
      ),
    ],
  ),
  ...rows<CcaOverrides>(
    'payload-field-value',
    [
      'a UEID of another type',
      /instance id \(256\): expected a UEID of type 0x01, found type 2$/,
      claim('platform', 256, cbor.bytes(concat([2], zero(32)))),
    ],
    ['a realm id of another type', /found type 0$/, claim('realm', 256, cbor.bytes(zero(33)))],
    [
      'a lifecycle between the states',
      /lifecycle \(2395\): expected a state of the table, found 0x3100$/,
      claim('platform', 2395, cbor.unsigned(0x3100)),
    ],
    ['a lifecycle above all states', /found 0x7000$/, claim('platform', 2395, cbor.unsigned(0x7000))],
    [
      'a lifecycle of more than 16 bits',
      /expected 0 to 65535, found 77824$/,
      claim('platform', 2395, cbor.unsigned(0x13000)),
    ],
    ['a lifecycle of 64 bits', /found more than 53 bits$/, claim('platform', 2395, cbor.unsigned(2n ** 63n + 0x3000n))],
    ['a negative lifecycle', /found -1$/, claim('platform', 2395, cbor.negative(-1))],
    [
      'a hash by another name',
      /expected sha-256, sha-384 or sha-512, found "SHA-256"$/,
      claim('platform', 2402, cbor.text('SHA-256')),
    ],
    ['another hash of the realm', /\(44236\)/, claim('realm', 44236, cbor.text('sha3-256'))],
    ['another hash of the key', /\(44240\)/, claim('realm', 44240, cbor.text('md5'))],
    ['another client', /client id \(2394\): expected 1 to 1, found 2$/, claim('platform', 2394, cbor.unsigned(2))],
    [
      'a challenge beside the binding',
      /challenge \(10\): expected nothing in this profile, found a value$/,
      { generation: '2026', ...claim('platform', 10, cbor.bytes(zero(32))) },
    ],
    [
      'another memory encryption policy',
      /expected 0, 1, shared or private, found 2$/,
      claim('realm', 44243, cbor.unsigned(2)),
    ],
    [
      'another memory encryption policy under the older number',
      /found string$/,
      claim('realm', 44241, cbor.text('none')),
    ],
  ),
  ...rows<CcaOverrides>(
    'realm-key',
    ['no bytes', /^realm key \(44237\): item at 0/, { realmKey: zero(0) }],
    ['no map', /must be a COSE_Key, found array$/, { realmKey: cbor.array() }],
    ['a byte behind the key', /left over/, { realmKey: concat(await coseKeyOf(keys.realm), [0]) }],
    ['a point in the place of a COSE_Key', /realm key/, { realmKey: realmPoint }],
    [
      'a COSE_Key in the place of a point',
      /must be an uncompressed point of P-384, found \d+ bytes$/,
      { generation: 'legacy', realmKey: await coseKeyOf(keys.realm) },
    ],
    ['a point of P-256', /found 65 bytes$/, { generation: 'legacy', realmKey: await pointOf(p256) }],
    ['a compressed point', /uncompressed/, { generation: 'legacy', realmKey: concat([2], realmPoint.slice(1)) }],
    [
      'a point off the curve',
      /not a point of P-384$/,
      { generation: 'legacy', realmKey: withByte(realmPoint, -1, (b) => b ^ 1) },
    ],
    [
      'a COSE_Key off the curve',
      /not a point of P-384$/,
      await key([-3, cbor.bytes(withByte(realmPoint.slice(49), -1, (b) => b ^ 1))]),
    ],
    ['the point zero', /not a point/, await key([-2, cbor.bytes(zero(48))], [-3, cbor.bytes(zero(48))])],
    [
      'another type of key',
      /^realm key: key type \(1\): expected 2 \(EC2\), found 1$/,
      await key([1, cbor.unsigned(1)]),
    ],
    ['no type', /found nothing$/, await key([1, undefined])],
    ['another curve', /curve \(-1\): expected 1, 2 or 3, found 8$/, await key([-1, cbor.unsigned(8)])],
    ['a curve of another size', /x \(-2\): expected 32 bytes, found 48 bytes$/, await key([-1, cbor.unsigned(1)])],
    ['a short y', /y \(-3\): expected 48 bytes, found 47 bytes$/, await key([-3, cbor.bytes(zero(47))])],
    ['a compressed y', /y \(-3\): .+ found true$/, await key([-3, Uint8Array.of(0xf5)])],
    ['the private key', /private key \(-4\): expected nothing, found 48 bytes$/, await key([-4, cbor.bytes(zero(48))])],
    ['another algorithm', /algorithm \(3\): expected -35, or nothing, found -7$/, await key([3, cbor.negative(-7)])],
    [
      'operations without verify',
      /operations \(4\): expected a list with 2/,
      await key([4, cbor.array(cbor.unsigned(1))]),
    ],
    ['operations that are no list', /operations \(4\)/, await key([4, cbor.unsigned(2)])],
  ),
  ...rows<CcaOverrides>(
    'anchor-unknown',
    [
      'another device',
      /^no trust anchor for implementation 2021.+, instance 0100/,
      claim('platform', 256, cbor.bytes(concat([1], zero(32)))),
    ],
    ['another make', /^no trust anchor for implementation 0000/, claim('platform', 2396, cbor.bytes(zero(32)))],
  ),
  ...rows<CcaOverrides>(
    'attestation-key-binding',
    [
      'a key that the platform does not vouch for',
      /^hash of the realm key in the platform token: expected [0-9a-f]{64}, found (00){32}$/,
      { binding: zero(32) },
    ],
    [
      'a hash by another algorithm',
      /expected [0-9a-f]{96}, found [0-9a-f]{64}$/,
      { realm: { claims: new Map([[44240, cbor.text('sha-384')]]) } },
    ],
    [
      'half a hash',
      /expected [0-9a-f]{128}, found/,
      {
        bindingHash: 'SHA-512',
        binding: new Uint8Array(await crypto.subtle.digest('SHA-512', await coseKeyOf(keys.realm))).slice(0, 32),
      },
    ],
    [
      'a hash of the point',
      /binding|hash/,
      { binding: new Uint8Array(await crypto.subtle.digest('SHA-256', realmPoint)) },
    ],
  ),
  ...rows<CcaOverrides>(
    'policy-nonce',
    ['another nonce', /^nonce: expected 10.+, found (00){64}$/, claim('realm', 10, cbor.bytes(zero(64)))],
    ['half the nonce', /^nonce: /, claim('realm', 10, cbor.bytes(concat(nonce.slice(0, 32), zero(32))))],
  ),
  ...rows<CcaOverrides>(
    'policy-lifecycle',
    ...(
      [
        [0x0000, 'unknown'],
        [0x10ff, 'assembly-and-test'],
        [0x2000, 'provisioning'],
        [0x4000, 'non-rot-debug'],
        [0x5000, 'recoverable-rot-debug'],
        [0x6000, 'decommissioned'],
      ] as const
    ).map(
      ([number, state]) =>
        [
          `a platform that is ${state}`,
          new RegExp(`^security lifecycle: expected secured, found ${state} \\(0x`),
          claim('platform', 2395, cbor.unsigned(number)),
        ] as const,
    ),
    [
      'another state than the one that is accepted',
      /expected secured or non-rot-debug, found recoverable/,
      claim('platform', 2395, cbor.unsigned(0x5000)),
      { acceptedLifecycles: ['non-rot-debug'] },
    ],
  ),
  ...rows<CcaOverrides>(
    'policy-measurements',
    ['another RIM', /^realm as in realm, 1 of 1: expected RIM 6061/, claim('realm', 44238, cbor.bytes(zero(32)))],
    ['a longer RIM', /found RIM /, claim('realm', 44238, cbor.bytes(concat(rim, zero(32))))],
    ['a REM that is not named', /REM3/, claim('realm', 44239, rem(pattern(32)))],
    [
      'another REM',
      /REM3/,
      claim('realm', 44239, rem(pattern(32))),
      { referenceValues: { rim, rems: [zero(32), zero(32), zero(32), pattern(32, 1)] } },
    ],
    ['a personalization value that is not named', /RPV/, claim('realm', 44235, cbor.bytes(pattern(64)))],
    ['another personalization value', /RPV/, {}, { referenceValues: { rim, personalizationValue: pattern(64) } }],
    [
      'reference values that have expired',
      /^realm as in a reference value, 1 of 1: all reference values have expired$/,
      {},
      { referenceValues: { rim, validUntil: new Date(now.getTime() - 1) } },
    ],
    [
      'none of several',
      /^realm as in 0, 1 of 2: /,
      {},
      { referenceValues: [{ rim: zero(32).fill(1) }, { rim: zero(32).fill(2) }] },
    ],
  ),
  ...rows<CcaOverrides>(
    'policy-platform',
    [
      'a component that is not expected',
      /^firmware as in firmware, 1 of 1: /,
      claim(
        'platform',
        2399,
        cbor.array(...[...components, components[0] as never].map((component) => encodeComponent(component))),
      ),
    ],
    [
      'a component that is not there',
      /^firmware as in/,
      claim('platform', 2399, cbor.array(encodeComponent(components[0] as never))),
    ],
    [
      'the same component twice in the place of two',
      /^firmware as in/,
      claim('platform', 2399, cbor.array(...[1, 2].map(() => encodeComponent(components[0] as never)))),
    ],
    [
      'another measurement',
      /signed by/,
      {},
      { platform: { softwareComponents: [{ ...components[0], measurement: zero(32) }, components[1]] } },
    ],
    [
      'another signer',
      /signed by/,
      {},
      { platform: { softwareComponents: [{ ...components[0], signerId: zero(32) }, components[1]] } },
    ],
    [
      'another version',
      /"BL2 1.2.4"/,
      {},
      { platform: { softwareComponents: [{ ...components[0], version: '1.2.4' }, components[1]] } },
    ],
    [
      'another type',
      /"BL3 1.2.3"/,
      {},
      { platform: { softwareComponents: [{ ...components[0], type: 'BL3' }, components[1]] } },
    ],
    [
      'another hash algorithm',
      /sha-512/,
      {},
      { platform: { softwareComponents: [{ ...components[0], hashAlgorithm: 'sha-512' }, components[1]] } },
    ],
    ['another config', /config cfcfcfcf$/, {}, { platform: { softwareComponents: components, config: '00' } }],
    [
      'another config under a mask',
      /config 00000000 under the mask 0f0f0f0f, found [^]*config cfcfcfcf$/,
      {},
      { platform: { softwareComponents: components, config: { value: '00000000', mask: '0f0f0f0f' } } },
    ],
    [
      'a config of another length than the mask',
      /config 0f under the mask 0f, found [^]*config cfcfcfcf$/,
      {},
      { platform: { softwareComponents: components, config: { value: '0f', mask: '0f' } } },
    ],
    [
      'another make',
      /implementation 2021/,
      {},
      { platform: { softwareComponents: components, implementationId: zero(32) } },
    ],
    [
      'firmware that has expired',
      /expired/,
      {},
      { platform: { softwareComponents: components, validUntil: new Date(now.getTime() - 1) } },
    ],
  ),
]

/** Options that ask for nothing but authenticity. */
export const anything: Readonly<Record<string, unknown>> = {
  referenceValues: skipReferenceValues,
  platform: skipPlatformReferenceValues,
  freshness: skipFreshness,
}
