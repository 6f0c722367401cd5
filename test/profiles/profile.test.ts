/**
 * Every rule of the profile reader, broken alone: a profile is the caller's, so that all of it is a
 * `TypeError`, before anything is asked for.
 */
import { describe, expect, test } from 'vitest'
import { readProviderProfile } from '../../src/ai/index.ts'
import { soundProfile } from '../attester/provider.ts'

type Json = Record<string, never>

/** The sound profile, with one thing set (or left out) by its path. */
function changed(path: string, value?: unknown, base: object = soundProfile): object {
  const copy = structuredClone(base) as Json
  const names = path.split('.')
  const last = names.pop() as string
  let holder: Record<string, unknown> = copy
  for (const name of names) holder = holder[name] as Record<string, unknown>
  if (value === undefined) Reflect.deleteProperty(holder, last)
  else holder[last] = value
  return copy
}

const gateway = 'components.gateway'
const nonce = { nonce: 'raw' }
const any = (id: unknown): object[] => [{ any: 32, id }, nonce]
const key = { at: '/signing_key', as: 'hex', form: 'x25519' }
/** A channel whose key is itself inside report data. */
const direct = (over: object = {}): object => ({
  kind: 'ehbp-1',
  component: 'gateway',
  key,
  vouched: { by: 'report-data' },
  ...over,
})

test('a sound profile is copied and frozen, all of it', () => {
  const own = structuredClone(soundProfile) as unknown as { name: string }
  const profile = readProviderProfile(own)
  own.name = 'other'
  expect(profile).toEqual(soundProfile)
  const frozen = (value: unknown): boolean =>
    Object(value) !== value || (Object.isFrozen(value) && Object.values(value as object).every(frozen))
  expect(frozen(profile)).toBe(true)
  expect(readProviderProfile(profile)).toEqual(profile)
})

test.each<[string, object]>([
  [
    'text is its own encoding',
    changed(
      `${gateway}.reportData`,
      [{ sha256: [{ at: '/signing_key', as: 'text' }] }, nonce],
      changed('channel', direct()),
    ),
  ],
  [
    'bytes as served',
    changed(
      `${gateway}.reportData`,
      [{ sha256: [{ raw: '/keys' }] }, nonce],
      changed('channel', direct({ key: { ...key, at: '/keys/0/key' } })),
    ),
  ],
  [
    'canonical JSON, and one item of a list',
    changed(
      `${gateway}.reportData`,
      [{ sha256: [{ jcs: '/set' }] }, nonce],
      changed(
        'channel',
        direct({
          key: { in: { list: '/set/keys', where: { '/use': 'seal' } }, at: '/key', as: 'hex', form: 'x25519' },
        }),
      ),
    ),
  ],
  [
    'text that holds JSON',
    changed(
      `${gateway}.reportData`,
      [{ sha256: [{ at: '/set', as: 'text' }] }, nonce],
      changed('channel', direct({ key: { ...key, at: '/set!/key' } })),
    ),
  ],
  [
    'the same member, from the document',
    changed('channel', direct({ key: { ...key, at: '#report/gateway/signing_key' } })),
  ],
  ['no channel', changed('channel', { kind: 'none', why: 'none is served' })],
  ['version 3 of mr_config_id', changed(`${gateway}.dstack.mrConfig`, '/config')],
  [
    'bytes that nobody compares, listed',
    changed(`${gateway}.reportData`, any('gpu-machine'), changed('channel', { kind: 'none', why: 'none is served' })),
  ],
])('accepted: %s', (_name, profile) => {
  expect(readProviderProfile(profile)).toEqual(profile)
})

describe('refused', () => {
  test.each<[string, object, RegExp]>([
    ['an unknown member', changed('trusted', true), /^profile must be an object without trusted$/],
    [
      'an unknown member of a component',
      changed(`${gateway}.extra`, 1),
      /^profile\.components\.gateway must be an object without extra$/,
    ],
    ['an unknown version', changed('profile', 'veritee.provider/2'), /^profile\.profile must be veritee\.provider\/1$/],
    ['no name', changed('name'), /^profile must be an object with name$/],
    ['a name that is none', changed('name', '__proto__'), /^profile\.name must be a word/],
    ['a revision below 1', changed('revision', 0), /^profile\.revision must be an integer, 1 to/],
    ['no day', changed('asOf', '2026-13-01'), /^profile\.asOf must be a day/],
    [
      'an origin without TLS',
      changed('origin', 'http://a.example'),
      /^profile\.origin must be an https origin, or null$/,
    ],
    ['an origin with a path', changed('origin', 'https://a.example/v1'), /^profile\.origin must be an https origin/],
    ['no documents', changed('documents', {}), /^profile\.documents must be of 1 to 64 members$/],
    [
      'a document that is not asked for with GET',
      changed('documents.report.method', 'POST'),
      /^profile\.documents\.report\.method must be GET$/,
    ],
    [
      'a path that is none',
      changed('documents.report.path', 'v1'),
      /^profile\.documents\.report\.path must be a path$/,
    ],
    [
      'a query that is neither text, nonce nor parameter',
      changed('documents.report.query', { a: { other: 'b' } }),
      /query\.a must be an object with parameter$/,
    ],
    [
      'a nonce in another form',
      changed('documents.report.query', { a: { nonce: 'raw' } }),
      /query\.a\.nonce must be hex$/,
    ],
    [
      'an authorization of another kind',
      changed('documents.report.authorization', 'basic'),
      /authorization must be none or bearer or bearer-optional$/,
    ],
    [
      'a document without end',
      changed('documents.report.maximumBytes', 2 ** 24),
      /maximumBytes must be an integer, 1 to 8388608$/,
    ],
    ['no components', changed('components', {}), /^profile\.components must be of 1 to 64 members$/],
    [
      'a component in no document',
      changed(`${gateway}.in`, '/gateway'),
      /\.in must be a pointer from something that this profile has$/,
    ],
    [
      'a component in a document that is not there',
      changed(`${gateway}.in`, '#other/gateway'),
      /\.in must be a pointer from something/,
    ],
    [
      'a selection by nothing',
      changed(`${gateway}.in`, { list: '#report/list', where: {} }),
      /\.in\.where must be of 1 to 64 members$/,
    ],
    [
      'a selection by an object',
      changed(`${gateway}.in`, { list: '#report/list', where: { '/a': { b: 'c' } } }),
      /must be an object with parameter$/,
    ],
    [
      'a selection by a pointer from elsewhere',
      changed(`${gateway}.in`, { list: '#report/list', where: { '#report/a': 'b' } }),
      /must be a pointer that begins with \/$/,
    ],
    ['a pointer that is none', changed(`${gateway}.evidence.at`, 'quote'), /\.evidence\.at must be a pointer, such as/],
    [
      'a pointer with an escape that is none',
      changed(`${gateway}.evidence.at`, '/a~2'),
      /\.evidence\.at must be a pointer, such as/,
    ],
    [
      'a second object that is not there',
      changed(`${gateway}.evidence.at`, '+/quote'),
      /\.evidence\.at must be a pointer from something/,
    ],
    [
      'evidence of an unknown format',
      changed(`${gateway}.evidence.format`, 'tpm'),
      /\.evidence\.format must be tdx or sev-snp or sgx$/,
    ],
    ['evidence as text', changed(`${gateway}.evidence.as`, 'text'), /\.evidence\.as must be hex or base64$/],
    [
      'an event log that nothing reads',
      changed(`${gateway}.dstack`),
      /\.eventLog must be there with dstack on TDX, and only there$/,
    ],
    [
      'dstack without its event log',
      changed(`${gateway}.eventLog`),
      /\.eventLog must be there with dstack on TDX, and only there$/,
    ],
    [
      'an event log of a guest that has no registers',
      changed(`${gateway}.evidence.format`, 'sev-snp'),
      /\.eventLog must be there with dstack on TDX/,
    ],
    [
      'dstack of an enclave',
      changed(`${gateway}.eventLog`, undefined, changed(`${gateway}.evidence.format`, 'sgx')),
      /\.dstack must be of TDX or SEV-SNP$/,
    ],
    [
      'mr_config_id of an unknown version',
      changed(`${gateway}.dstack.mrConfig`, 2),
      /\.mrConfig must be a pointer, such as/,
    ],
    [
      'report data without a nonce',
      changed(`${gateway}.reportData`, [{ at: '/a', as: 'hex', size: 64 }]),
      /\.reportData must be parts with the nonce among them$/,
    ],
    [
      'report data of 63 bytes',
      changed(`${gateway}.reportData`, [nonce, { zeros: 31 }]),
      /\.reportData must be 64 bytes, whatever the report$/,
    ],
    [
      'report data whose size a report decides',
      changed(`${gateway}.reportData`, [nonce, { at: '/a', as: 'hex' }]),
      /\.reportData must be 64 bytes, whatever the report$/,
    ],
    [
      'parts that can be shifted into one another',
      changed(`${gateway}.reportData`, [
        {
          sha256: [
            { at: '/a', as: 'hex' },
            { at: '/b', as: 'hex' },
          ],
        },
        nonce,
      ]),
      /must be parts of which at most one has no size$/,
    ],
    [
      'an unknown part',
      changed(`${gateway}.reportData`, [{ keccak256: [nonce] }, nonce]),
      /\.reportData\[0\] must be a part: one of at, raw/,
    ],
    [
      'a part of two kinds',
      changed(`${gateway}.reportData`, [{ zeros: 32, text: 'a' }, nonce]),
      /\.reportData\[0\] must be an object without text$/,
    ],
    [
      'a part with a member too many',
      changed(`${gateway}.reportData`, [{ zeros: 32, as: 'hex' }, nonce]),
      /\.reportData\[0\] must be an object without as$/,
    ],
    ['no parts', changed(`${gateway}.reportData`, []), /\.reportData must be a list of parts, at least one$/],
    [
      'parts without end',
      changed(`${gateway}.reportData`, [
        Array.from({ length: 9 }).reduce<object>((inner) => ({ sha256: [inner] }), nonce),
        { zeros: 32 },
      ]),
      /must be nested less deep$/,
    ],
    [
      'bytes that nobody compares, not listed',
      changed(`${gateway}.reportData`, any('other')),
      /\.reportData must be parts whose ids are in unproven$/,
    ],
    [
      'bytes that nobody compares, inside a digest',
      changed(`${gateway}.reportData`, [{ sha256: any('gpu-machine') }, { zeros: 32 }]),
      /must be outside of digests/,
    ],
    [
      'a nonce in another form of a part',
      changed(`${gateway}.reportData`, [{ nonce: 'base64' }]),
      /nonce must be raw or hex$/,
    ],
    [
      'an echo in another encoding',
      changed(`${gateway}.nonces`, [{ at: '/nonce', as: 'text' }]),
      /\.nonces\[0\]\.as must be hex or base64$/,
    ],
    [
      'a constant that is an object',
      changed(`${gateway}.constants`, { '/a': {} }),
      /\.constants\.\/a must be text, a number, true, false or null$/,
    ],
    [
      'a constant of nowhere',
      changed(`${gateway}.constants`, { a: 'b' }),
      /a name in profile\.components\.gateway\.constants must be a pointer/,
    ],
    [
      'GPUs that answer no nonce',
      changed(`${gateway}.gpus.nonce`, [{ zeros: 32 }]),
      /\.gpus\.nonce must be 32 bytes, with the nonce among them$/,
    ],
    [
      'GPUs with a nonce of 64 bytes',
      changed(`${gateway}.gpus.nonce`, [{ nonce: 'hex' }]),
      /\.gpus\.nonce must be 32 bytes/,
    ],
    [
      'the machine of no one',
      changed(`${gateway}.sameMachineAs`, 'toString'),
      /\.sameMachineAs must be another component$/,
    ],
    ['its own machine', changed(`${gateway}.sameMachineAs`, 'gateway'), /\.sameMachineAs must be another component$/],
    ['an end in another form', changed(`${gateway}.notAfter`, { at: '/a', as: 'iso' }), /\.notAfter\.as must be unix$/],
    [
      'an unknown channel',
      changed('channel', direct({ kind: 'tls' })),
      /^profile\.channel\.kind must be ohttp or ehbp-1 or chutes-e2e-1 or aci-e2ee-2$/,
    ],
    [
      'no channel, without a word',
      changed('channel', { kind: 'none' }),
      /^profile\.channel must be an object with why$/,
    ],
    [
      'a channel of no component',
      changed('channel', direct({ component: 'constructor' })),
      /^profile\.channel\.component must be a component of this profile$/,
    ],
    [
      'a key of another form',
      changed('channel', direct({ key: { ...key, form: 'single' } })),
      /^profile\.channel\.key\.form must be x25519$/,
    ],
    [
      'a key as text',
      changed('channel', direct({ key: { ...key, as: 'text' } })),
      /^profile\.channel\.key\.as must be hex or base64$/,
    ],
    [
      'a key outside report data',
      changed('channel', direct({ key: { ...key, at: '/other' } })),
      /^profile\.channel\.key must be a member that is inside report data$/,
    ],
    [
      'a key that report data holds in another encoding',
      changed('channel', direct({ key: { ...key, as: 'base64' } })),
      /^profile\.channel\.key must be a member that is inside report data$/,
    ],
    [
      'a key below what report data holds as digits',
      changed('channel', direct({ key: { ...key, at: '/signing_key/key' } })),
      /^profile\.channel\.key must be a member that is inside/,
    ],
    [
      'a key in a list that report data does not hold',
      changed('channel', direct({ key: { ...key, in: { list: '/keys', where: { '/a': 'b' } }, at: '/key' } })),
      /^profile\.channel\.key must be a member that is inside/,
    ],
    [
      'a key that a claimed key signed',
      changed('channel.vouched.key', '#report/other'),
      /^profile\.channel\.vouched\.key must be a member that is inside report data$/,
    ],
    [
      'a key vouched for by other means',
      changed('channel.vouched', { by: 'tls', key: '/a', signature: { at: '/b', as: 'hex' } }),
      /^profile\.channel\.vouched\.by must be report-data or ed25519$/,
    ],
    ['a signature as text', changed('channel.vouched.signature.as', 'text'), /signature\.as must be hex or base64$/],
    [
      'an endpoint that is no path',
      changed('channel.endpoint', 'https://other.example/'),
      /^profile\.channel\.endpoint must be a path$/,
    ],
    ['chunks that are neither', changed('channel.chunked', 'yes'), /^profile\.channel\.chunked must be true or false$/],
    [
      'what is open, without a word',
      changed('unproven', [{ id: 'gpu-machine' }]),
      /^profile\.unproven\[0\] must be an object with why$/,
    ],
    [
      'what is open, twice',
      changed('unproven', [...soundProfile.unproven, ...soundProfile.unproven]),
      /^unproven must be ids that differ, and not gpus$/,
    ],
    [
      'what a caller leaves out',
      changed('unproven', [{ id: 'gpus', why: 'no' }, ...soundProfile.unproven]),
      /^unproven must be ids that differ, and not gpus$/,
    ],
  ])('%s', (_name, profile, message) => {
    expect(() => readProviderProfile(profile)).toThrow(TypeError)
    expect(() => readProviderProfile(profile)).toThrow(message)
  })

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['text', JSON.stringify(soundProfile)],
    ['an object of a class', new Map()],
    ['what JSON cannot hold', { a: 1n }],
    ['a circle', ((circle: { self?: unknown }) => (circle.self = circle))({})],
    ['a profile without end', { ...soundProfile, name: 'a'.repeat(2 ** 20) }],
  ])('%s is no profile', (_name, value) => {
    expect(() => readProviderProfile(value)).toThrow(TypeError)
  })

  test('members that a profile inherits are not its own', () => {
    expect(() => readProviderProfile(Object.create(soundProfile) as object)).toThrow(TypeError)
  })
})
