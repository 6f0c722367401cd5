/**
 * One case per rule of a PSA token: what it breaks, and how it must be refused. Everything that a
 * case does not speak of is right, signatures included.
 */
import {
  components,
  encodeComponent,
  encodedComponents,
  type PsaGeneration,
  type PsaOverrides,
} from '../../../attester/arm.ts'
import { concat, pattern, withByte } from '../../../attester/bytes.ts'
import * as cbor from '../../../attester/cbor.ts'
import { createSigner } from '../../../attester/certificate.ts'
import { device, type NegativeCase, now, rows } from '../made.ts'

const claim = (key: number | string, value: Uint8Array | undefined, generation?: PsaGeneration): PsaOverrides => ({
  claims: new Map([[key, value]]),
  ...(generation && { generation }),
})
const old = (key: number, value: Uint8Array | undefined): PsaOverrides => claim(key, value, 'profile-1')
const zero = (length: number): Uint8Array => new Uint8Array(length)
const stranger = await createSigner('P-256')
const p384 = await createSigner('P-384')
const [first] = components as readonly [(typeof components)[number]]
const point = new Uint8Array(await crypto.subtle.exportKey('raw', device.publicKey))
const alg = (value: unknown): Uint8Array => cbor.encode(new Map([[1, value]]))

export const negativeCases: readonly NegativeCase<PsaOverrides>[] = [
  ...rows<PsaOverrides>('payload-size', [
    'more than 64 KiB',
    /^bytes of evidence: expected at most 65536, found 65537$/,
    { token: () => zero(65_537) },
  ]),
  ...rows<PsaOverrides>(
    'outer-cbor',
    ['no bytes', /^token: item at 0 needs 1 bytes/, { token: () => zero(0) }],
    ['a byte behind the token', /1 bytes left over/, { token: (bytes) => concat(bytes, [0]) }],
    ['arrays in arrays', /nested too deep/, { token: () => new Uint8Array(3000).fill(0x81) }],
  ),
  ...rows<PsaOverrides>(
    'cose-tag',
    ['no tag', /^token: tag: expected 18 \(COSE_Sign1\) or 17 \(COSE_Mac0\), found none$/, { tag: undefined }],
    ['the tag of COSE_Sign', /found 98$/, { tag: 98 }],
  ),
  ...rows<PsaOverrides>('cose-shape', [
    'a detached payload',
    /must be an array/,
    { envelope: ([a, b, , d]) => [a, b, cbor.nothing, d] as never },
  ]),
  ...rows<PsaOverrides>(
    'cose-protected',
    ['an empty protected header', /^token: protected header: item at 0/, { protectedHeader: zero(0) }],
    [
      'a critical header',
      /crit is not understood/,
      {
        protectedHeader: cbor.encode(
          new Map<number, unknown>([
            [1, -7],
            [2, [1]],
          ]),
        ),
      },
    ],
  ),
  ...rows<PsaOverrides>('cose-unprotected', [
    'the algorithm in both headers',
    /label 1 must not be there$/,
    { unprotectedHeader: alg(-7) },
  ]),
  ...rows<PsaOverrides>(
    'cose-alg',
    ['no algorithm', /^token: alg: expected int, found nothing$/, { protectedHeader: cbor.map([]) }],
    ['an HMAC under the tag of signatures', /expected -7, -35 or -36, found 5$/, { protectedHeader: alg(5) }],
    ['EdDSA', /found -8$/, { protectedHeader: alg(-8) }],
  ),
  ...rows<PsaOverrides>(
    'payload-cbor',
    [
      'a claims-set under a tag',
      /^token: claims: expected map, found tag$/,
      { payload: (payload) => cbor.tag(61, payload) },
    ],
    [
      'a claim twice',
      /duplicate key 10/,
      {
        payload: () =>
          cbor.map([
            [cbor.unsigned(10), cbor.nothing],
            [cbor.unsigned(10, 8), cbor.nothing],
          ]),
      },
    ],
    ['a map of indefinite length', /indefinite length/, { payload: () => cbor.indefiniteMap([]) }],
    [
      'a measurement twice',
      /duplicate key 2/,
      claim(
        2399,
        cbor.array(
          cbor.map([
            [cbor.unsigned(2), cbor.nothing],
            [cbor.unsigned(2), cbor.nothing],
          ]),
        ),
      ),
    ],
  ),
  ...rows<PsaOverrides>(
    'token-profile',
    [
      'an unknown profile',
      /^profile: expected one that is known, found "http:\/\/example.com"$/,
      claim(265, cbor.text('http://example.com')),
    ],
    ['no profile', /^profile: expected one that is known, found none$/, claim(265, undefined)],
    [
      'another profile of the first generation',
      /^profile: expected PSA_IOT_PROFILE_1, found "PSA_IOT_PROFILE_2"$/,
      old(-75000, cbor.text('PSA_IOT_PROFILE_2')),
    ],
    [
      'claims of two generations',
      /^profile: expected claims of one generation, found of two$/,
      claim(-75008, cbor.bytes(zero(32))),
    ],
    ['a newer claim in the first generation', /found of two$/, old(10, cbor.bytes(zero(32)))],
    ['the first generation with the newer profile', /found of two$/, old(265, cbor.text('PSA_IOT_PROFILE_1'))],
    ['the claim of no measurements in a newer generation', /found of two$/, claim(-75007, cbor.unsigned(1))],
    [
      'claims by their names',
      /found none$/,
      { payload: () => cbor.map([[cbor.text('psa-nonce'), cbor.bytes(zero(32))]]) },
    ],
  ),
  ...rows<PsaOverrides>(
    'payload-field-missing',
    ...(
      [
        [2394, 'client id', 'rfc-9783'],
        [2395, 'lifecycle', 'rfc-9783'],
        [2396, 'implementation id', 'rfc-9783'],
        [2399, 'software components', 'rfc-9783'],
        [10, 'nonce', 'rfc-9783'],
        [256, 'instance id', 'rfc-9783'],
        [2397, 'boot seed', 'psa-2'],
        [-75001, 'client id', 'profile-1'],
        [-75002, 'lifecycle', 'profile-1'],
        [-75003, 'implementation id', 'profile-1'],
        [-75004, 'boot seed', 'profile-1'],
        [-75006, 'software components', 'profile-1'],
        [-75008, 'nonce', 'profile-1'],
        [-75009, 'instance id', 'profile-1'],
      ] as const
    ).map(
      ([key, name, generation]) =>
        [
          `no ${name} in ${generation}`,
          new RegExp(`^token: ${name} \\(${key}\\): expected a value, found nothing$`),
          claim(key, undefined, generation),
        ] as const,
    ),
    ['no measurement', /measurement \(2\)/, claim(2399, cbor.array(encodeComponent(first, new Map([[2, undefined]]))))],
    ['no signer', /signer id \(5\)/, claim(2399, cbor.array(encodeComponent(first, new Map([[5, undefined]]))))],
  ),
  ...rows<PsaOverrides>(
    'payload-field-type',
    ['a profile that is no text', /^token: profile \(265\): expected tstr, found int$/, claim(265, cbor.unsigned(1))],
    ['an older profile that is no text', /\(-75000\): expected tstr, found int$/, old(-75000, cbor.unsigned(1))],
    ['a client id as text', /client id \(2394\): expected int, found tstr$/, claim(2394, cbor.text('1'))],
    ['a lifecycle as text', /lifecycle \(2395\): expected int, found tstr$/, claim(2395, cbor.text('secured'))],
    ['a list of nonces', /nonce \(10\): expected bstr, found array$/, claim(10, cbor.array(cbor.bytes(zero(32))))],
    ['a certification reference as bytes', /\(2398\): expected tstr, found bstr$/, claim(2398, cbor.bytes(zero(19)))],
    ['a verification service as bytes', /\(2400\): expected tstr, found bstr$/, claim(2400, cbor.bytes(zero(1)))],
    ['a boot seed as text', /boot seed \(268\): expected bstr, found tstr$/, claim(268, cbor.text('seed'))],
    ['a component that is a list', /\(2399\)\[0\]: expected map, found array$/, claim(2399, cbor.array(cbor.array()))],
    [
      'a version that is a number',
      /version \(4\): expected tstr, found int$/,
      claim(2399, cbor.array(encodeComponent(first, new Map([[4, cbor.unsigned(1)]])))),
    ],
    [
      'a measurement as text',
      /measurement \(2\): expected bstr, found tstr$/,
      claim(2399, cbor.array(encodeComponent(first, new Map([[2, cbor.text('')]])))),
    ],
  ),
  ...rows<PsaOverrides>(
    'payload-field-size',
    ['a nonce of 16 bytes', /nonce \(10\): expected 32 or 48 or 64 bytes, found 16$/, claim(10, cbor.bytes(zero(16)))],
    ['an older nonce of 20 bytes', /\(-75008\): expected .+ found 20$/, old(-75008, cbor.bytes(zero(20)))],
    ['an implementation id of 31 bytes', /\(2396\): expected 32 bytes, found 31$/, claim(2396, cbor.bytes(zero(31)))],
    ['an instance id of 34 bytes', /\(256\): expected 33 bytes, found 34$/, claim(256, cbor.bytes(zero(34)))],
    [
      'a boot seed of 7 bytes',
      /boot seed \(268\): expected 8 or .+ or 32 bytes, found 7$/,
      claim(268, cbor.bytes(zero(7))),
    ],
    ['a boot seed of 33 bytes', /found 33$/, claim(268, cbor.bytes(zero(33)))],
    ['an older boot seed of 31 bytes', /\(-75004\): expected 32 bytes, found 31$/, old(-75004, cbor.bytes(zero(31)))],
    [
      'a boot seed of 8 bytes in the interim profile',
      /\(2397\): expected 32 bytes, found 8$/,
      claim(2397, cbor.bytes(zero(8)), 'psa-2'),
    ],
    ['no components', /\(2399\): expected 1 to 256 entries, found 0$/, claim(2399, cbor.array())],
    [
      'a measurement of 20 bytes',
      /measurement \(2\): expected/,
      claim(2399, cbor.array(encodeComponent({ ...first, measurement: pattern(20) }))),
    ],
  ),
  ...rows<PsaOverrides>(
    'payload-field-value',
    ['the reserved client', /client id \(2394\): expected other than 0, found 0$/, claim(2394, cbor.unsigned(0))],
    [
      'a client of more than 32 bits',
      /expected -2147483648 to 2147483647, found 2147483648$/,
      claim(2394, cbor.unsigned(2 ** 31)),
    ],
    ['a client of less than 32 bits', /found -2147483649$/, claim(2394, cbor.negative(-(2 ** 31) - 1))],
    ['a lifecycle of more than 16 bits', /found 77824$/, claim(2395, cbor.unsigned(0x13000))],
    ['a lifecycle between the states', /found 0x3100$/, claim(2395, cbor.unsigned(0x3100))],
    ['a UEID of another type', /found type 2$/, claim(256, cbor.bytes(concat([2], zero(32))))],
    [
      '13 digits in a new token',
      /expected 13 digits, a dash, 5 digits, found "1234567890123"$/,
      claim(2398, cbor.text('1234567890123')),
    ],
    [
      'letters in the certification reference',
      /found "123456789012a-12345"$/,
      claim(2398, cbor.text('123456789012a-12345')),
    ],
    [
      'a line feed behind the certification reference',
      /found "1234567890123-12345\\n"$/,
      claim(2398, cbor.text('1234567890123-12345\n')),
    ],
    ['digits that are not of ASCII', /found/, claim(2398, cbor.text('١٢٣٤٥٦٧٨٩٠١٢٣-12345'))],
    [
      '12 digits in an old token',
      /expected 13 digits, or 13, a dash, 5 digits, found "123456789012"$/,
      old(-75005, cbor.text('123456789012')),
    ],
    [
      'components, and none measured',
      /software components \(-75006\): expected nothing/,
      old(-75007, cbor.unsigned(1)),
    ],
    [
      'another claim of none measured',
      /\(-75007\): expected 1 to 1, found 0$/,
      {
        generation: 'profile-1',
        claims: new Map([
          [-75007, cbor.unsigned(0)],
          [-75006, undefined],
        ]),
      },
    ],
  ),
  ...rows<PsaOverrides>(
    'anchor-unknown',
    ['another device', /^no trust anchor for implementation 2021/, claim(256, cbor.bytes(concat([1], zero(32))))],
    ['another make', /^no trust anchor for implementation 0000/, claim(2396, cbor.bytes(zero(32)))],
  ),
  ...rows<PsaOverrides>(
    'cose-mac-refused',
    [
      'a MAC with the public key as secret',
      /^token is signed: it has a MAC, and the trust anchor is a public key/,
      { secret: point },
    ],
    ['a signature under the tag of MACs', /^token is signed: it has a MAC/, { tag: 17 }],
  ),
  ...rows<PsaOverrides>('cose-signature-length', [
    'a signature of 63 bytes',
    /^token: signature bytes: expected 64, found 63$/,
    { proof: (proof) => proof.slice(1) },
  ]),
  ...rows<PsaOverrides>(
    'cose-signature',
    ['a signature by another key', /^token: signature does not match the trust anchor$/, { signer: stranger }],
    [
      'a signature on another curve',
      /^token: alg: expected -7 \(ES256\), as the trust anchor signs, found -35$/,
      { signer: p384 },
    ],
    ['a flipped bit', /does not match/, { proof: (proof) => withByte(proof, -1, (byte) => byte ^ 1) }],
    [
      'the context of a MAC',
      /does not match/,
      { structure: ([, ...parts]) => [new TextEncoder().encode('MAC0'), ...parts] },
    ],
  ),
  ...rows<PsaOverrides>('policy-nonce', [
    'another nonce',
    /^nonce: expected 10.+ found (00){32}$/,
    claim(10, cbor.bytes(zero(32))),
  ]),
  ...rows<PsaOverrides>(
    'policy-lifecycle',
    ...(
      [
        [0x0000, 'unknown'],
        [0x1000, 'assembly-and-test'],
        [0x2000, 'provisioning'],
        [0x4003, 'non-rot-debug'],
        [0x5000, 'recoverable-rot-debug'],
        [0x6000, 'decommissioned'],
      ] as const
    ).map(
      ([number, state]) =>
        [
          `a device that is ${state}`,
          new RegExp(`expected secured, found ${state}`),
          claim(2395, cbor.unsigned(number)),
        ] as const,
    ),
    [
      'a device that is decommissioned, whatever is accepted',
      /found decommissioned/,
      claim(2395, cbor.unsigned(0x6000)),
      { acceptedLifecycles: ['non-rot-debug', 'recoverable-rot-debug', 'provisioning', 'assembly-and-test'] },
    ],
  ),
  ...rows<PsaOverrides>(
    'policy-measurements',
    [
      'another measurement',
      /^firmware as in firmware, 1 of 1: /,
      claim(
        2399,
        cbor.array(encodeComponent({ ...first, measurement: pattern(32, 9) }), encodeComponent(components[1] as never)),
      ),
    ],
    [
      'a component that is not expected',
      /^firmware as in/,
      claim(2399, cbor.array(...[...components, first].map((one) => encodeComponent(one)))),
    ],
    [
      'another certification reference',
      /certification reference 1234567890123-12345$/,
      {},
      { referenceValues: { softwareComponents: components, certificationReference: '1234567890123-54321' } },
    ],
    [
      'no certification reference',
      /certification reference absent$/,
      claim(2398, undefined),
      { referenceValues: { softwareComponents: components, certificationReference: '1234567890123-54321' } },
    ],
    [
      'another make',
      /implementation 2021/,
      {},
      { referenceValues: { softwareComponents: components, implementationId: zero(32) } },
    ],
    [
      'no software measured',
      /no software components$/,
      {
        generation: 'profile-1',
        claims: new Map([
          [-75007, cbor.unsigned(1)],
          [-75006, undefined],
        ]),
      },
    ],
    [
      'firmware that has expired',
      /all reference values have expired$/,
      claim(2399, encodedComponents),
      { referenceValues: { softwareComponents: components, validUntil: new Date(now.getTime() - 1) } },
    ],
  ),
]
