/**
 * JSON that two readers would read alike, and nothing else.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeJson, isJsonObject, type JsonValue, memberOf, optionalMemberOf } from '../../src/encoding/json.ts'
import { outcomeOf, refused, seeded, source } from './refusal.ts'

test('what JSON.stringify writes is read as it was', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
      const text = JSON.stringify(value)
      expect(decodeJson(text, source)).toEqual(JSON.parse(text))
    }),
    seeded,
  )
})

test('text is refused with nothing but VerificationError', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...Array.from('{}[]:,"\\ue01-. \n')), maxLength: 40 }), (text) => {
      const outcome = outcomeOf(() => decodeJson(text, source))
      if (outcome !== 'refused') expect(outcome.value).toEqual(JSON.parse(text))
    }),
    seeded,
  )
})

test.each(['', ' ', '{', '{"a":1,}', "{'a':1}", '{"a":01}', '{"a":1}{}', 'NaN', '\uFEFF{}', '"\n"', '{"a":1}\0'])(
  'no JSON: %j',
  (text) => {
    expect(refused(() => decodeJson(text, source))).toBe('payload-cbor: input: not JSON')
  },
)

test.each([
  '{"a":1,"a":1}',
  '{"a":1,"\\u0061":2}',
  '[{"b":{"a":1,"c":":","a":2}}]',
  '{"__proto__":1,"__proto__":2}',
  '{"":1,"":2}',
  '{"1":1,"a":2,"1":3}',
])('a name that is there twice: %s', (text) => {
  expect(refused(() => decodeJson(text, source))).toBe('payload-cbor: input: a name is there twice in one object')
})

test.each(['{"a":{"a":{"a":":"}}}', '[{"a":1},{"a":1}]', '{"\\"a":1,"a":":\\":"}', '{"__proto__":{"a":1}}', '"{:}"'])(
  'the same name elsewhere, and colons in texts: %s',
  (text) => {
    expect(decodeJson(text, source)).toEqual(JSON.parse(text))
  },
)

test('a member named __proto__ is a member', () => {
  const value = decodeJson('{"__proto__":{"a":1}}', source)
  expect(optionalMemberOf(value, 'a')).toBeUndefined()
  expect(optionalMemberOf(value, '__proto__')).toEqual({ a: 1 })
  expect(optionalMemberOf(value, 'toString')).toBeUndefined()
})

test('nesting', () => {
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
  expect(decodeJson(nested(32), source)).toBeDefined()
  expect(refused(() => decodeJson(nested(33), source))).toBe('payload-cbor: input: nested too deep')
  expect(refused(() => decodeJson(nested(200_000), source))).toMatch(/nested too deep|not JSON/)
})

describe('members', () => {
  const object: JsonValue = {
    text: 'a',
    number: 5,
    float: 1.5,
    negative: -1,
    big: 2 ** 53,
    list: [],
    object: {},
    none: null,
  }

  test.each([
    ['text', 'string', 'a'],
    ['number', 'integer', 5],
    ['list', 'array', []],
    ['object', 'object', {}],
  ] as const)('%s as %s', (name, type, value) => {
    expect(memberOf(object, name, type, source)).toEqual(value)
  })

  test.each([
    ['missing', 'string', 'missing: expected string, found nothing'],
    ['text', 'integer', 'text: expected integer, found string'],
    ['float', 'integer', 'float: expected integer, found number'],
    ['negative', 'integer', 'negative: expected integer, found number'],
    ['big', 'integer', 'big: expected integer, found number'],
    ['none', 'object', 'none: expected object, found null'],
    ['list', 'object', 'list: expected object, found array'],
    ['object', 'array', 'object: expected array, found object'],
    ['toString', 'object', 'toString: expected object, found nothing'],
  ] as const)('%s is no %s', (name, type, message) => {
    expect(refused(() => memberOf(object, name, type, source))).toBe(`payload-cbor: input: ${message}`)
  })

  test.each([undefined, null, 5, 'text', true, [1]])('%j has no members', (value) => {
    expect(isJsonObject(value)).toBe(false)
    expect(refused(() => memberOf(value, 'length', 'integer', source))).toBe(
      'payload-cbor: input: length: expected integer, found nothing',
    )
  })
})
