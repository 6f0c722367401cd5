/**
 * What ties a key configuration to evidence, computed once more by hand.
 */
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { keyConfigDigest, reportDataOf } from '../../src/gateway/index.ts'

const nonce = new Uint8Array(32).fill(7)
const keyConfig = new Uint8Array([1, 2, 3])

describe('reportDataOf', () => {
  test('is SHA-512 over label, nonce and key configuration, each after its length', async () => {
    const label = Buffer.from('veritee/1 server')
    const fields = [label, nonce, keyConfig].flatMap((field) => [Buffer.from([0, 0, 0, field.length]), field])
    const expected = createHash('sha512').update(Buffer.concat(fields)).digest()
    expect(Buffer.from(await reportDataOf({ role: 'server', nonce, keyConfig }))).toEqual(expected)
  })

  test('differs by role, by nonce, by key configuration, and by where one ends and the next begins', async () => {
    const all = await Promise.all([
      reportDataOf({ role: 'server', nonce, keyConfig }),
      reportDataOf({ role: 'client', nonce, keyConfig }),
      reportDataOf({ role: 'server', nonce: nonce.subarray(1), keyConfig }),
      reportDataOf({ role: 'server', nonce, keyConfig: keyConfig.subarray(1) }),
      reportDataOf({ role: 'server', nonce: new Uint8Array([...nonce, 1]), keyConfig: keyConfig.subarray(1) }),
    ])
    expect(new Set(all.map((bytes) => Buffer.from(bytes).toString('hex'))).size).toBe(all.length)
  })
})

test('keyConfigDigest is SHA-256', async () => {
  const expected = createHash('sha256').update(keyConfig).digest()
  expect(Buffer.from(await keyConfigDigest(keyConfig))).toEqual(expected)
})
