/**
 * Names as text: for people, hence nothing in them may look like something else than it is.
 */
import { describe, expect, test } from 'vitest'
import { nameToText, printable } from '../../src/x509/name.ts'
import { concat, unhex } from '../attester/bytes.ts'
import { type Bytes, element, integer, objectIdentifier, sequence, set } from '../attester/der.ts'
import { outcomeOf, refused } from '../encoding/refusal.ts'

const utf8 = (text: string, tag = 0x0c): Bytes => element(tag, new TextEncoder().encode(text))
const attribute = (type: string, value: Bytes): Bytes => sequence(objectIdentifier(type), value)
const name = (...sets: readonly (readonly Bytes[])[]): Bytes => sequence(...sets.map((members) => set(...members)))

test.each([
  ['nothing', name(), ''],
  [
    'in the order of the certificate',
    name([attribute('2.5.4.6', utf8('US', 0x13))], [attribute('2.5.4.3', utf8('a'))]),
    'C=US, CN=a',
  ],
  ['several in one set', name([attribute('2.5.4.3', utf8('a')), attribute('2.5.4.11', utf8('b'))]), 'CN=a+OU=b'],
  [
    'a type without a short name',
    name([attribute('1.2.840.113549.1.9.1', utf8('a@b', 0x16))]),
    '1.2.840.113549.1.9.1=a@b',
  ],
  ['separators are escaped', name([attribute('2.5.4.3', utf8('a, O=b+c\\'))]), 'CN=a\\, O\\=b\\+c\\\\'],
  ['BMPString', name([attribute('2.5.4.3', element(0x1e, unhex('00e90020')))]), 'CN=é '],
  ['a line feed', name([attribute('2.5.4.3', utf8('a\nCN=root'))]), 'CN=a\\\\u{a}CN\\=root'],
  ['an escape sequence of terminals', name([attribute('2.5.4.3', utf8('\u001b[31m'))]), 'CN=\\\\u{1b}[31m'],
  ['a direction mark', name([attribute('2.5.4.3', utf8('\u202egro.swa'))]), 'CN=\\\\u{202e}gro.swa'],
])('%s', (_what, der, text) => {
  expect(nameToText(der)).toBe(text)
})

describe('refused', () => {
  test.each([
    ['nothing', unhex('')],
    ['a byte more', concat(name(), [0])],
    ['an attribute without a value', name([sequence(objectIdentifier('2.5.4.3'))])],
    ['an attribute without a type', name([sequence(integer(1), utf8('a'))])],
    ['an attribute of three', name([sequence(objectIdentifier('2.5.4.3'), utf8('a'), utf8('b'))])],
  ])('%s', (_what, der) => {
    expect(refused(() => nameToText(der))).toMatch(/^cert-parse: name: /)
  })
})

test('bytes that are no text come out as text all the same', () => {
  expect(nameToText(name([attribute('2.5.4.3', element(0x0c, unhex('fffe')))]))).toBe('CN=\ufffd\ufffd')
  expect(outcomeOf(() => nameToText(name([attribute('2.5.4.3', element(0x1e, unhex('d8')))])))).not.toBe('refused')
})

test.each([
  ['abc é 水', 'abc é 水'],
  ['a\0b', 'a\\u{0}b'],
  ['\u2028\u2029', '\\u{2028}\\u{2029}'],
  ['\u200b\ufeff', '\\u{200b}\\u{feff}'],
  ['\u2066a\u2069', '\\u{2066}a\\u{2069}'],
  ['\ud800', '\\u{d800}'],
  ['\u{e0041}', '\\u{e0041}'],
])('printable %j', (text, expected) => {
  expect(printable(text)).toBe(expected)
})
