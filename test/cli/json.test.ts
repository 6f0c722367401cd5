/**
 * What machines get to read: one JSON document whatever happens, and always the same keys.
 */
import { describe, expect, it } from 'vitest'
import { createNitroAttester } from '../attester/nitro.ts'
import { unhex } from '../attester/bytes.ts'
import { anything, evidence, expected, file, nonce, pcr0, root, then, useCommand, veritee } from './run.ts'

useCommand()

const keys = [
  ...[
    'verdict',
    'error',
    'code',
    'message',
    'failures',
    'skipped',
    'format',
    'secondOpinion',
    'matched',
    'reference',
    'verifiedAt',
    'timeSource',
  ],
  ...['attestedAt', 'clockOffsetSeconds', 'validUntil', 'publicKey', 'claims', 'checks'],
]
const checkKeys = ['id', 'stage', 'outcome', 'summary', 'expected', 'actual', 'startedAt', 'durationMs']

function run(args: readonly string[], input?: Uint8Array): { code: number | null; json: Record<string, unknown> } {
  const { code, stdout } = veritee([...args, '--json'], input)
  const json = JSON.parse(stdout) as Record<string, unknown>
  return { code, json }
}

describe('verify --json', () => {
  it('prints the result', () => {
    const { code, json } = run(['verify', file, ...root, ...pcr0, ...nonce, ...then])
    expect(Object.keys(json)).toEqual(keys)
    expect(json).toMatchObject({
      verdict: 'verified',
      error: null,
      code: null,
      message: null,
      failures: [],
      skipped: [],
      format: 'nitro',
      matched: 'command line',
      verifiedAt: '2026-06-01T00:00:00.000Z',
      timeSource: 'clock',
      attestedAt: '2026-06-01T00:00:00.000Z',
      clockOffsetSeconds: 0,
      validUntil: '2049-01-01T00:00:00.000Z',
      publicKey: '808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f',
      claims: {
        moduleId: 'i-0123456789abcdef0-enc0123456789abcdef',
        pcrs: { PCR0: expected.referenceValues.PCR0 },
        nonce: expected.freshness.nonce,
        debug: false,
      },
    })
    for (const check of json.checks as object[]) expect(Object.keys(check)).toEqual(checkKeys)
    expect(code).toBe(0)
  })

  it('names what was skipped', () => {
    const { json } = run(['verify', file, ...root, ...anything])
    expect(json).toMatchObject({ timeSource: 'evidence', skipped: ['policy-pcr', 'policy-freshness'], matched: null })
  })

  it('prints everything that is not as expected', () => {
    const { code, json } = run(['verify', file, ...root, '--pcr0', 'ab'.repeat(48), '--nonce', '00', ...then])
    expect(Object.keys(json)).toEqual(keys)
    expect(json).toMatchObject({
      verdict: 'refused',
      error: 'AppraisalError',
      code: 'policy-pcr',
      failures: ['policy-pcr', 'policy-nonce'],
      format: 'nitro',
      claims: null,
      publicKey: null,
      validUntil: null,
    })
    expect(json.message).toContain(`found PCR0 ${expected.referenceValues.PCR0}`)
    expect((json.checks as { id: string; outcome: string }[]).find(({ id }) => id === 'policy-nonce')).toMatchObject({
      outcome: 'fail',
      expected: '00',
      actual: expected.freshness.nonce,
    })
    expect(code).toBe(3)
  })

  it('prints why evidence is not authentic', () => {
    const { code, json } = run(['verify', '-', ...root, ...pcr0, ...nonce], evidence.subarray(0, 1000))
    expect(Object.keys(json)).toEqual(keys)
    expect(json).toMatchObject({
      verdict: 'refused',
      error: 'VerificationError',
      code: 'outer-cbor',
      failures: ['outer-cbor'],
    })
    expect(code).toBe(2)
    expect(run(['verify', '-', ...anything], new Uint8Array(9)).json).toMatchObject({
      code: 'format-unknown',
      format: null,
      checks: [],
    })
  })

  it('prints usage errors too, while people read them on standard error', () => {
    const { code, json } = run(['verify', file])
    expect(Object.keys(json)).toEqual(keys)
    expect(json).toMatchObject({
      verdict: 'error',
      error: 'UsageError',
      code: 'usage',
      failures: ['usage'],
      checks: [],
    })
    expect(json.message).toContain('say what must run there')
    expect(code).toBe(1)
  })
})

describe('inspect --json', () => {
  it('says that nothing is verified', async () => {
    const attester = await createNitroAttester({ now: new Date('2026-06-01T00:00:00Z') })
    // {"level": {1: h'ff'}}, which JSON has no map for.
    const document = await attester.document({ nonce: null, fields: { level: unhex('a10141ff') } })
    const { code, json } = run(['inspect', '-'], document)
    expect(json).toMatchObject({
      verdict: 'unverified',
      kind: 'enclave',
      nonce: null,
      unknownFields: [{ key: 'level', value: [[1, 'ff']] }],
    })
    expect(json.chain).toHaveLength(5)
    expect((json.chain as object[])[0]).toMatchObject({
      place: 'cabundle[0]',
      malformed: null,
      subject: 'C=US, O=veritee, OU=tests, CN=veritee fixture root\\, NOT AWS',
      isCa: true,
    })
    expect(code).toBe(0)
  })

  it('prints why evidence cannot be read', () => {
    const { code, json } = run(['inspect', '-'], new Uint8Array([0x84, 0x44]))
    expect(Object.keys(json)).toEqual(keys)
    expect(json).toMatchObject({ verdict: 'refused', code: 'outer-cbor' })
    expect(code).toBe(2)
  })
})
