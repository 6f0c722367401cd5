/**
 * The table of signatures: judged in its order whatever is done first, one check for a group,
 * nothing that a failed row leaves open.
 */
import { beforeAll, describe, expect, test, vi } from 'vitest'
import type { Check } from '../../src/core/check.ts'
import { recordChecks } from '../../src/core/record.ts'
import { ES256, ES384 } from '../../src/crypto/algorithms.ts'
import { openMemory, type SignatureCache } from '../../src/crypto/memory.ts'
import { type SignatureRow, startSignatures } from '../../src/crypto/signatures.ts'
import * as subtle from '../../src/crypto/subtle.ts'
import { pattern, withByte } from '../attester/bytes.ts'

vi.mock('../../src/crypto/subtle.ts', { spy: true })

const keys = await Promise.all(
  ['P-256', 'P-256', 'P-384'].map((namedCurve) =>
    crypto.subtle.generateKey({ name: 'ECDSA', namedCurve }, true, ['sign', 'verify']),
  ),
)
const [first, second, third] = keys as [CryptoKeyPair, CryptoKeyPair, CryptoKeyPair]

async function row(code: SignatureRow['code'], name: string, by: CryptoKeyPair, group?: string): Promise<SignatureRow> {
  const algorithm = by === third ? ES384 : ES256
  const signedBytes = pattern(100, name.length)
  const signature = await crypto.subtle.sign(algorithm.verifyParams, by.privateKey, signedBytes)
  return {
    code,
    of: { name, signedBytes, signature: new Uint8Array(signature), algorithm, isDer: false },
    by: { name: 'its key', spki: new Uint8Array(await crypto.subtle.exportKey('spki', by.publicKey)) },
    ...(group !== undefined && { group }),
  }
}

const broken = ({ of, ...rest }: SignatureRow): SignatureRow => ({
  ...rest,
  of: { ...of, signature: withByte(of.signature, -1, (byte) => byte ^ 1) },
})

/** Checks as one line each, and then how it ended. */
async function settled(rows: readonly SignatureRow[], cache?: SignatureCache): Promise<string[]> {
  const checks: Check[] = []
  const ending = await startSignatures(rows, cache && openMemory(cache))
    .settle(recordChecks((check) => checks.push(check)))
    .then(
      (held) => `${held.size} held`,
      (error: unknown) => String(error),
    )
  return [...checks.map(({ id, outcome, summary }) => `${id} ${outcome}: ${summary.replace(/: .*/, '')}`), ending]
}

let rows: readonly [SignatureRow, SignatureRow, SignatureRow, SignatureRow]

beforeAll(async () => {
  rows = await Promise.all([
    row('cert-chain-signature', 'CA', first, 'certificates signed'),
    row('cert-chain-signature', 'leaf', second, 'certificates signed'),
    row('crl-signature', 'list', first),
    row('quote-signature', 'quote', third),
  ])
})

describe('settle', () => {
  test('in the order of the table; a group is one check', async () => {
    expect(await settled(rows)).toEqual([
      'cert-chain-signature pass: certificates signed',
      'crl-signature pass: list signed by its key',
      'quote-signature pass: quote signed by its key',
      '4 held',
    ])
  })

  test.each([0, 1, 2, 3])('row %d does not hold', async (bad) => {
    const said = rows[bad] as SignatureRow
    const told = await settled(rows.map((given, i) => (i === bad ? broken(given) : given)))
    const message = `${said.of.name}: signature does not match its key`
    expect(told.at(-2)).toBe(`${said.code} fail: ${said.of.name}`)
    expect(told.at(-1)).toMatch(new RegExp(`^VerificationError: ${message}`))
    expect(told).toHaveLength([2, 2, 3, 4][bad] as number)
  })

  test('of several that do not hold, the first is named', async () => {
    expect((await settled(rows.map(broken))).at(-1)).toMatch(/^VerificationError: CA: signature does not match its key/)
  })

  test('in two goes: up to a code, then the rest', async () => {
    const checks = recordChecks()
    const [ca, leaf, list, quote] = rows
    const signatures = startSignatures([ca, leaf, list, broken(quote)])
    const held = await signatures.settle(checks, 'quote-signature')
    expect([...held]).toEqual([ca, leaf, list].map(({ of }) => of.signedBytes))
    expect(checks.made.map(({ id }) => id)).toEqual(['cert-chain-signature', 'crl-signature'])
    await expect(signatures.settle(checks)).rejects.toMatchObject({ code: 'quote-signature' })
    expect(held.has(quote.of.signedBytes)).toBe(false)
  })

  test('no rows hold nothing', async () => {
    expect(await settled([])).toEqual(['0 held'])
  })
})

describe('keys', () => {
  test('each is imported once, all before the first is judged', async () => {
    vi.mocked(subtle.importKey).mockClear()
    vi.mocked(subtle.verify).mockClear()
    const { settle } = startSignatures(rows)
    expect(subtle.importKey).toHaveBeenCalledTimes(3)
    await settle(recordChecks())
    expect(subtle.verify).toHaveBeenCalledTimes(4)
  })

  test('none is imported for rows that a cache spares', async () => {
    const cache: SignatureCache = new Map()
    const memory = openMemory(cache)
    const known = rows.map(({ of, ...rest }) => ({ ...rest, of: { ...of, document: {} } }))
    for (const { of } of known) memory.keep(of.name, 'signed', of.document)
    await startSignatures(known, memory).settle(recordChecks())
    expect(cache.size).toBe(4)
    vi.mocked(subtle.importKey).mockClear()
    vi.mocked(subtle.verify).mockClear()
    const later = openMemory(cache)
    for (const { of } of known) later.recall(of.name, 'signed')
    await startSignatures(known, later).settle(recordChecks())
    expect(subtle.importKey).not.toHaveBeenCalled()
    expect(subtle.verify).not.toHaveBeenCalled()
  })

  test('a table of which one row does not hold leaves nothing behind', async () => {
    const cache: SignatureCache = new Map()
    const known = rows.map(({ of, ...rest }, i) => ({
      ...rest,
      of: { ...of, document: {}, signature: i === 3 ? new Uint8Array(96) : of.signature },
    }))
    const memory = openMemory(cache)
    for (const { of } of known) memory.keep(of.name, 'signed', of.document)
    await expect(startSignatures(known, memory).settle(recordChecks())).rejects.toMatchObject({
      code: 'quote-signature',
    })
    expect(cache.size).toBe(0)
  })

  test('a key of no curve point holds no signature', async () => {
    const [ca] = rows
    const off = { ...ca, by: { ...ca.by, spki: withByte(ca.by.spki, -1, (byte) => byte ^ 1) } }
    expect((await settled([off])).at(-1)).toMatch(/^VerificationError: CA: signature does not match its key/)
  })
})
