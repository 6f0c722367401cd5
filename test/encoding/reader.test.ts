/**
 * The cursor: reads within bounds, and every refusal names the field, the place and the source.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cursor, end, malformed, remaining, take, uint } from '../../src/encoding/reader.ts'
import { VerificationError } from '../../src/core/errors.ts'
import { refused, seeded, source } from './refusal.ts'

test('take: a view, and the cursor behind it', () => {
  const bytes = Uint8Array.of(1, 2, 3, 4)
  const input = cursor(bytes, source)
  expect(take(input, 0, 'nothing')).toEqual(Uint8Array.of())
  const taken = take(input, 3, 'three')
  expect(taken).toEqual(Uint8Array.of(1, 2, 3))
  expect(taken.buffer).toBe(bytes.buffer)
  expect(input.at).toBe(3)
  expect(remaining(input)).toBe(1)
})

test.each([
  [4, 'payload-cbor: input: tcb at 1 needs 4 bytes, found 3'],
  [2 ** 32, 'payload-cbor: input: tcb at 1 needs 4294967296 bytes, found 3'],
  [2 ** 53, 'payload-cbor: input: tcb at 1 needs 9007199254740992 bytes, found 3'],
  [Infinity, 'payload-cbor: input: tcb at 1 needs Infinity bytes, found 3'],
])('take: %d bytes of 3 are refused', (length, message) => {
  const input = cursor(Uint8Array.of(0, 1, 2, 3), source)
  take(input, 1, 'head')
  expect(refused(() => take(input, length, 'tcb'))).toBe(message)
  // A refused read does not move.
  expect(input.at).toBe(1)
})

test('uint: big-endian, of any size', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 6 }), (bytes) => {
      expect(uint(cursor(Uint8Array.from(bytes), source), bytes.length, 'n')).toBe(
        Buffer.from(bytes).readUIntBE(0, bytes.length),
      )
    }),
    seeded,
  )
})

test('uint: above 2^53 it is not exact, but still above', () => {
  const above = Uint8Array.from([0, 0x20, 0, 0, 0, 0, 0, 1])
  expect(uint(cursor(above, source), 8, 'n')).toBeGreaterThanOrEqual(2 ** 53)
  expect(uint(cursor(new Uint8Array(8).fill(0xff), source), 8, 'n')).toBe(2 ** 64)
  expect(uint(cursor(Uint8Array.from([0, 0x1f, ...Array<number>(6).fill(0xff)]), source), 8, 'n')).toBe(2 ** 53 - 1)
})

test('uint: past the end', () => {
  expect(refused(() => uint(cursor(Uint8Array.of(1), source), 2, 'version'))).toBe(
    'payload-cbor: input: version at 0 needs 2 bytes, found 1',
  )
})

test('end: nothing may be left over', () => {
  const input = cursor(Uint8Array.of(1, 2), source)
  const finish = (): void => {
    end(input)
  }
  expect(refused(finish)).toBe('payload-cbor: input: 2 bytes left over at 0')
  take(input, 2, 'all')
  expect(finish).not.toThrow()
})

test('malformed carries the code and the name of the source', () => {
  const error = malformed({ name: 'cabundle[1]', code: 'cert-parse' }, 'is no certificate')
  expect(error).toBeInstanceOf(VerificationError)
  expect(error).toMatchObject({ code: 'cert-parse', message: 'cabundle[1]: is no certificate', checks: [] })
})
