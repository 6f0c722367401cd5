/**
 * Bytes, hexadecimal, base64: canonical or refused.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  concatBytes,
  copyBytes,
  equalBytes,
  fromBase64,
  fromHex,
  isBytes,
  isZero,
  toHex,
} from '../../src/encoding/bytes.ts'
import { seeded } from './refusal.ts'

const bytes = fc.uint8Array({ maxLength: 200 })

describe('isBytes', () => {
  test.each([
    ['Uint8Array', new Uint8Array(3), true],
    ['Buffer', Buffer.from('abc'), true],
    ['a view of shared memory', new Uint8Array(new SharedArrayBuffer(3)), true],
    ['DataView', new DataView(new ArrayBuffer(3)), false],
    ['ArrayBuffer', new ArrayBuffer(3), false],
    ['Int8Array', new Int8Array(3), false],
    ['Uint8ClampedArray', new Uint8ClampedArray(3), false],
    ['Uint16Array', new Uint16Array(3), false],
    ['an array', [1, 2, 3], false],
    ['text', 'abc', false],
    ['nothing', undefined, false],
    ['null', null, false],
  ])('%s', (_what, value, expected) => {
    expect(isBytes(value)).toBe(expected)
  })

  test('of another realm', async () => {
    const { runInNewContext } = await import('node:vm')
    const foreign: unknown = runInNewContext('new Uint8Array([1, 2, 3])')
    expect(foreign instanceof Uint8Array).toBe(false)
    expect(isBytes(foreign)).toBe(true)
    expect(copyBytes(foreign as Uint8Array)).toEqual(Uint8Array.of(1, 2, 3))
  })
})

describe('copyBytes', () => {
  test('shares memory with nobody: not with a Buffer, not with shared memory, not with a view', () => {
    for (const original of [
      Buffer.from([1, 2, 3]),
      new Uint8Array(new SharedArrayBuffer(3)).fill(1),
      Uint8Array.of(0, 1, 2, 3).subarray(1),
    ]) {
      const [...before] = original
      const copy = copyBytes(original)
      original.fill(9)
      expect([...copy]).toEqual(before)
      expect(copy.buffer).toBeInstanceOf(ArrayBuffer)
      expect(copy.constructor).toBe(Uint8Array)
      expect(copy.buffer.byteLength).toBe(3)
    }
  })
})

test('equalBytes: same length, same bytes', () => {
  expect(equalBytes(Uint8Array.of(), Uint8Array.of())).toBe(true)
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true)
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false)
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1))).toBe(false)
  expect(equalBytes(Uint8Array.of(1), Uint8Array.of(1, 2))).toBe(false)
  expect(equalBytes(Uint8Array.of(1), Uint8Array.of())).toBe(false)
})

test('isZero: every byte, also where there is none', () => {
  expect(isZero(new Uint8Array(48))).toBe(true)
  expect(isZero(Uint8Array.of())).toBe(true)
  for (let at = 0; at < 48; at++) {
    const almost = new Uint8Array(48)
    almost[at] = 1
    expect(isZero(almost)).toBe(false)
  }
})

test('concatBytes', () => {
  expect(concatBytes()).toEqual(Uint8Array.of())
  expect(concatBytes([1], Uint8Array.of(), Uint8Array.of(2, 3), [4])).toEqual(Uint8Array.of(1, 2, 3, 4))
})

describe('hexadecimal', () => {
  test('is what Buffer says it is, both ways, in either case, with or without 0x', () => {
    fc.assert(
      fc.property(bytes, (value) => {
        const text = Buffer.from(value).toString('hex')
        expect(toHex(value)).toBe(text)
        expect(fromHex(text)).toEqual(value)
        expect(fromHex(text.toUpperCase())).toEqual(value)
        expect(fromHex(`0x${text}`)).toEqual(value)
      }),
      seeded,
    )
  })

  test.each([
    ['half a byte', 'abc'],
    ['another letter', '0g'],
    ['white space', '00 11'],
    ['white space around', ' 0011'],
    ['a line feed at the end', '0011\n'],
    ['0x in the middle', '000x11'],
    ['0x twice', '0x0x00'],
    ['a sign', '-1'],
    ['full-width digits', '００'],
    ['base64', 'AAEC/w=='],
  ])('refuses %s', (_what, text) => {
    expect(() => fromHex(text, 'PCR0')).toThrow(new TypeError('PCR0 must be hexadecimal'))
  })
})

describe('base64', () => {
  test('is what Buffer says it is: base64 with padding, base64url without', () => {
    fc.assert(
      fc.property(bytes, (value) => {
        expect(fromBase64(Buffer.from(value).toString('base64'))).toEqual(value)
        expect(fromBase64(Buffer.from(value).toString('base64url'))).toEqual(value)
      }),
      seeded,
    )
  })

  test('any text: decodes as Buffer does, or is a TypeError', () => {
    const alphabet = fc.constantFrom(...Array.from('AQgw9+/-_= \n.'))
    fc.assert(
      fc.property(fc.string({ unit: alphabet, maxLength: 9 }), (text) => {
        let value: Uint8Array
        try {
          value = fromBase64(text)
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError)
          return
        }
        const buffer = Buffer.from(text, 'base64')
        expect([buffer.toString('base64'), buffer.toString('base64url')]).toContain(text)
        expect(value).toEqual(new Uint8Array(buffer))
      }),
      { ...seeded, numRuns: 5000 },
    )
  })

  test.each([
    ['no padding, of the standard alphabet', '+/8'],
    ['base64url with padding', '-_8='],
    ['both alphabets', '-+__'],
    ['both alphabets, padded', '-/8='],
    ['too much padding', 'AA==='],
    ['only padding', '===='],
    ['padding in front', '=AAA'],
    ['padding in the middle', 'AA==AA=='],
    ['a length that nothing has', 'AAAAA'],
    ['unused bits set', 'AB=='],
    ['unused bits set, with one padding', 'AAB='],
    ['unused bits set, base64url', 'AB'],
    ['white space', 'AA AA==='],
    ['a line feed', 'AAAA\n'],
    ['a letter of no alphabet', 'AA.A'],
    ['not ASCII', 'ÄÄÄÄ'],
  ])('refuses %s', (_what, text) => {
    expect(() => fromBase64(text, 'document')).toThrow(new TypeError('document must be canonical base64 or base64url'))
  })
})
