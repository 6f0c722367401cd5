/**
 * PEM: every refusal that the reader promises.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodePem } from '../../src/encoding/pem.ts'
import type { Source } from '../../src/encoding/reader.ts'
import { outcomeOf, refused, seeded } from './refusal.ts'

const source: Source = { name: '--root', code: 'cert-parse' }
const decode = (text: string): Uint8Array[] => decodePem(text, 'CERTIFICATE', source)
const begin = '-----BEGIN CERTIFICATE-----'
const end = '-----END CERTIFICATE-----'
const block = (body: string, eol = '\n'): string => [begin, body, end, ''].join(eol)

describe('accepted', () => {
  test('what Node writes, in lines of 64, LF or CRLF, any number of blocks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 200 }), { minLength: 1, maxLength: 4 }),
        fc.constantFrom('\n', '\r\n'),
        (contents, eol) => {
          const lines = contents.map((content) =>
            block(
              (
                Buffer.from(content)
                  .toString('base64')
                  .match(/.{1,64}/g) ?? []
              ).join(eol),
              eol,
            ),
          )
          expect(decode(lines.join(''))).toEqual(contents)
        },
      ),
      seeded,
    )
  })

  test('text before, between and after blocks', () => {
    expect(decode(`Subject: a\n${block('AQI=')}\nissued by\n${block('Aw==')}bye`)).toEqual([
      Uint8Array.of(1, 2),
      Uint8Array.of(3),
    ])
  })

  test('no line feed at the end', () => {
    expect(decode(`${begin}\nAQI=\n${end}`)).toEqual([Uint8Array.of(1, 2)])
  })
})

describe('refused', () => {
  test.each([
    ['nothing', '', 'no PEM block labelled CERTIFICATE'],
    ['base64 alone', 'AQI=', 'no PEM block labelled CERTIFICATE'],
    [
      'another label',
      block('AQI=').replaceAll('CERTIFICATE', 'PRIVATE KEY'),
      'PEM block is labelled "PRIVATE KEY", expected CERTIFICATE',
    ],
    [
      'another label beside the right one',
      block('AQI=') + block('AQI=').replaceAll('CERTIFICATE', 'X509 CRL'),
      'PEM block is labelled "X509 CRL", expected CERTIFICATE',
    ],
    [
      'a label in lower case',
      block('AQI=').replaceAll('CERTIFICATE', 'certificate'),
      'PEM block is labelled "certificate", expected CERTIFICATE',
    ],
    ['an end of another label', `${begin}\nAQI=\n-----END X-----`, 'PEM block is labelled "X", expected CERTIFICATE'],
    ['a block inside a block', `${begin}\n${begin}\nAQI=\n${end}\n${end}`, 'PEM block inside a block'],
    ['an end without a beginning', end, 'PEM end without a beginning'],
    ['two ends', block('AQI=') + end, 'PEM end without a beginning'],
    ['no end', `${begin}\nAQI=\n`, 'PEM block without an end'],
    ['no end after a good block', `${block('AQI=')}${begin}\nAQI=`, 'PEM block without an end'],
    ['a header inside the block', block('Proc-Type: 4,ENCRYPTED\n\nAQI='), 'PEM must be canonical base64'],
    ['unused bits set', block('AQJ='), 'PEM must be canonical base64'],
    ['padding in the middle', block('AQ==\nAQ=='), 'PEM must be canonical base64'],
    ['white space inside a line', block('AQ I='), 'PEM must be canonical base64'],
    ['no padding', block('+/8'), 'PEM must be canonical base64'],
    ['dashes missing', `----BEGIN CERTIFICATE----\nAQI=\n----END CERTIFICATE----`, 'no PEM block labelled CERTIFICATE'],
  ])('%s', (_what, text, problem) => {
    expect(refused(() => decode(text))).toBe(`cert-parse: --root: ${problem}`)
  })

  test('RFC 7468 section 3: base64 of the standard alphabet and with its padding only', () => {
    for (const body of ['-_8', 'AQI', '-_-_']) {
      expect(refused(() => decode(block(body)))).toMatch(/^cert-parse: --root: .*base64/)
    }
  })
})

test('any text: blocks, or a refusal', () => {
  const line = fc.constantFrom(begin, end, 'AQI=', 'AAAA', '', ' ', '-----', '-----BEGIN -----', '=', 'A', '\u0000')
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
      const outcome = outcomeOf(() => decode(lines.join('\n')))
      if (outcome !== 'refused') expect(outcome.value.length).toBe(lines.filter((text) => text === begin).length)
    }),
    { ...seeded, numRuns: 3000 },
  )
})
