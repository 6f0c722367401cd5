/**
 * Spans in JSON texts, and canonical JSON: both against what a parser says.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalJson } from '../../src/encoding/canonical-json.ts'
import type { JsonValue } from '../../src/encoding/json.ts'
import { spanOf } from '../../src/encoding/json-span.ts'

const canonical = (value: JsonValue): string => canonicalJson(value, { name: 'value', code: 'report-field' })

/** Every path in a value, that of the value itself first. */
function pathsOf(
  value: JsonValue,
  path: readonly string[] = [],
): (readonly [path: readonly string[], value: JsonValue])[] {
  if (typeof value !== 'object' || value === null) return [[path, value]]
  return [[path, value], ...Object.entries(value).flatMap(([name, inner]) => pathsOf(inner, [...path, name]))]
}

describe('a span is the text of the value', () => {
  test.each(['', ' ', '\n\t'])('with %j around everything', (space) => {
    const text = `{"a":[1,-2.5e3,"x\\"]},",{"b\\u0062":null}],"":true,"c":{},"d":[]}`.replace(
      /[{}[\],:](?=(?:[^"\\]|\\.|"(?:[^"\\]|\\.)*")*$)/g,
      `${space}$&${space}`,
    )
    for (const [path, value] of pathsOf(JSON.parse(text) as JsonValue)) {
      const span = spanOf(text, path)
      expect(JSON.parse(span)).toEqual(value)
      expect(span).toBe(span.trim())
    }
  })

  test('of whatever JSON holds', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.integer({ min: 0, max: 2 }), (value, indent) => {
        const text = JSON.stringify(value, null, indent)
        for (const [path, inner] of pathsOf(JSON.parse(text) as JsonValue))
          expect(JSON.stringify(JSON.parse(spanOf(text, path)))).toBe(JSON.stringify(inner))
      }),
      { numRuns: 50 },
    )
  })

  test('bytes as they were served', () => {
    expect(spanOf('{ "gpu" : { "a" : 1.0 , "\\u0061":"\\/" } }', ['gpu'])).toBe('{ "a" : 1.0 , "\\u0061":"\\/" }')
    expect(spanOf(' [ 1.50 ,2 ] ', ['0'])).toBe('1.50')
  })
})

describe('canonical JSON', () => {
  test('RFC 8785 section 3.2.3: names by their UTF-16 code units', () => {
    const names = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 }
    expect(canonical(names)).toBe('{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}')
  })

  test('RFC 8785 section 3.2.2: numbers and texts as ECMAScript writes them', () => {
    expect(canonical([333333333.3333333, 1e30, 4.5, 2e-3, 1e-27, -0])).toBe(
      '[333333333.3333333,1e+30,4.5,0.002,1e-27,0]',
    )
    expect(canonical('\u20ac$\u000f\nA\'B"\\\\"/')).toBe('"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"')
  })

  test('a number that is none would be written as null', () => {
    expect(() => canonical(JSON.parse('[1e999]') as JsonValue)).toThrow(/^value: a number is out of range$/)
  })

  test('one text for one value', () => {
    expect(canonical({ b: [true, null], a: { d: '', c: {} } })).toBe(
      canonical({ a: { c: {}, d: '' }, b: [true, null] }),
    )
  })
})
