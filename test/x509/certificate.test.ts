/**
 * Certificates: what a sound one says, and one row for each thing that makes it none.
 */
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import { describe, expect, test } from 'vitest'
import {
  type Certificate,
  CRL_SIGN,
  decodeCertificate,
  DIGITAL_SIGNATURE,
  KEY_CERT_SIGN,
} from '../../src/x509/certificate.ts'
import { concat, hex, unhex } from '../attester/bytes.ts'
import {
  bitString,
  boolean,
  type Bytes,
  element,
  elementsOf,
  explicit,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  time,
} from '../attester/der.ts'
import { outcomeOf, refused } from '../encoding/refusal.ts'
import { extension, keyUsage, makeChain, now } from './made.ts'

const [rootDer, , , leafDer] = (await makeChain()).map(({ der }) => new Uint8Array(der)) as [Bytes, Bytes, Bytes, Bytes]
const decode = (der: Uint8Array<ArrayBuffer>): Certificate => decodeCertificate(der, 'cabundle[1]')

/**
 * The leaf with elements of TBSCertificate replaced by index; its signature is of no interest here.
 */
function withTbs(change: (elements: Bytes[]) => readonly Uint8Array[]): Bytes {
  const [tbs, ...rest] = elementsOf(leafDer) as [Bytes, ...Bytes[]]
  return sequence(sequence(...change(elementsOf(tbs))), ...rest)
}
const withElement = (index: number, ...replacement: readonly Uint8Array[]): Bytes =>
  withTbs((elements) => elements.flatMap((given, i): readonly Uint8Array[] => (i === index ? replacement : [given])))
const withExtensions = (...list: readonly Uint8Array[]): Bytes => withElement(7, explicit(3, sequence(...list)))
const id = objectIdentifier
const basicConstraintsOf = (...value: readonly Uint8Array[]): Bytes =>
  withExtensions(sequence(id('2.5.29.19'), boolean(true), octetString(concat(...value))))
const keyUsageOf = (...value: readonly Uint8Array[]): Bytes =>
  withExtensions(sequence(id('2.5.29.15'), octetString(concat(...value))))

describe('what a sound one says', () => {
  const leaf = decode(leafDer)

  test('the leaf', () => {
    expect(leaf.name).toBe('cabundle[1]')
    expect(hex(leaf.serialNumber)).toBe('0d')
    expect(new Date(leaf.notBefore).toISOString()).toBe('2026-06-01T10:00:00.000Z')
    expect(new Date(leaf.notAfter).toISOString()).toBe('2026-06-01T14:00:00.000Z')
    expect(leaf.basicConstraints).toEqual({ cA: false, pathLength: undefined })
    expect(leaf.keyUsage).toBe(DIGITAL_SIGNATURE | 0x4000)
    expect([...leaf.extensions.keys()]).toEqual(['551d13', '551d0f'])
    expect([...leaf.extensions.values()].map(({ critical }) => critical)).toEqual([true, false])
    expect(leaf.notAfter).toBeGreaterThan(now)
  })

  test('bytes as they stand in it, as views', () => {
    const [tbs, algorithm, signature] = elementsOf(leafDer) as [Bytes, Bytes, Bytes]
    const elements = elementsOf(tbs)
    expect(leaf.der).toBe(leafDer)
    expect([leaf.tbs, leaf.signatureAlgorithm].map(hex)).toEqual([tbs, algorithm].map(hex))
    expect([leaf.issuer, leaf.subject, leaf.spki].map(hex)).toEqual([3, 5, 6].map((i) => hex(elements[i] as Bytes)))
    expect(hex(signature)).toMatch(new RegExp(`00${hex(leaf.signature)}$`))
    for (const view of [leaf.tbs, leaf.issuer, leaf.subject, leaf.spki, leaf.signature, leaf.serialNumber])
      expect(view.buffer).toBe(leafDer.buffer)
  })

  test('the root', () => {
    const root = decode(rootDer)
    expect(root.basicConstraints).toEqual({ cA: true, pathLength: undefined })
    expect(root.keyUsage).toBe(DIGITAL_SIGNATURE | KEY_CERT_SIGN | CRL_SIGN)
    expect(hex(root.issuer)).toBe(hex(root.subject))
  })

  test.each([
    ['pathLenConstraint 0', basicConstraintsOf(sequence(boolean(true), integer(0))), { cA: true, pathLength: 0 }],
    [
      'pathLenConstraint 200',
      basicConstraintsOf(sequence(boolean(true), integer(0, 200))),
      { cA: true, pathLength: 200 },
    ],
    ['empty basicConstraints', basicConstraintsOf(sequence()), { cA: false, pathLength: undefined }],
    ['no basicConstraints', withExtensions(sequence(id('1.2.3'), octetString(unhex('00')))), undefined],
  ])('%s', (_what, der, expected) => {
    expect(decode(der).basicConstraints).toEqual(expected)
  })

  test('keyUsage: each bit where RFC 5280 has it', () => {
    const usage = (flags: x509.KeyUsageFlags): number =>
      decode(withExtensions(new Uint8Array(keyUsage(flags).rawData))).keyUsage
    const { digitalSignature, keyCertSign, cRLSign, decipherOnly } = x509.KeyUsageFlags
    expect([digitalSignature, keyCertSign, cRLSign, decipherOnly].map(usage)).toEqual([
      DIGITAL_SIGNATURE,
      KEY_CERT_SIGN,
      CRL_SIGN,
      0x0080,
    ])
    expect(decode(withExtensions(sequence(id('1.2.3'), octetString(unhex('00'))))).keyUsage).toBe(0)
  })

  test('dates through 2049 in UTCTime, from 2050 on in GeneralizedTime', () => {
    const der = withElement(4, sequence(time('491231235959Z'), time('20500101000000Z')))
    expect([decode(der).notBefore, decode(der).notAfter]).toEqual([
      Date.parse('2049-12-31T23:59:59Z'),
      Date.parse('2050-01-01T00:00:00Z'),
    ])
  })

  test.each([
    ['1', integer(1)],
    ['20 octets', integer(...new Array<number>(20).fill(0x7f))],
    ['20 octets, and a zero for the sign', integer(0, ...new Array<number>(20).fill(0xff))],
  ])('serial number: %s', (_what, serial) => {
    expect(hex(decode(withElement(1, serial)).serialNumber)).toBe(hex(serial.subarray(2)))
  })

  test('an empty subject is for the path to judge', () => {
    expect(hex(decode(withElement(5, sequence())).subject)).toBe('3000')
  })
})

describe('cert-parse', () => {
  const version = (...content: readonly Uint8Array[]): Bytes => withElement(0, explicit(0, ...content))
  const [tbs, algorithm, signature] = elementsOf(leafDer) as [Bytes, Bytes, Bytes]
  const utc = time('260601120000Z')
  test.each<readonly [what: string, der: Uint8Array<ArrayBuffer>, problem: string | RegExp]>([
    ['nothing', new Uint8Array(), 'tag at 0 needs 1 bytes, found 0'],
    ['PEM', new TextEncoder().encode('-----BEGIN CERTIFICATE-----'), /./],
    ['a byte more', concat(leafDer, [0]), /^1 bytes left over at \d+$/],
    ['not a SEQUENCE outside', concat([0x31], leafDer.subarray(1)), /./],
    ['two elements', sequence(tbs, algorithm), 'Certificate must have the tags 303003, found 3030'],
    [
      'four elements',
      sequence(tbs, algorithm, signature, element(5)),
      'Certificate must have the tags 303003, found 30300305',
    ],
    ['a signature that is an OCTET STRING', sequence(tbs, algorithm, octetString(signature)), /found 303004$/],
    [
      'unused bits in the signature',
      sequence(tbs, algorithm, bitString(unhex('80'), 7)),
      'bit string with unused bits',
    ],
    ['version 1', withElement(0), /^TBSCertificate must have the tags a0023030303030a3, found 023030303030a3$|a3/],
    ['version 1, written', version(integer(0)), 'not an X.509 v3 certificate'],
    ['version 2', version(integer(1)), 'not an X.509 v3 certificate'],
    ['version 4', version(integer(3)), 'not an X.509 v3 certificate'],
    ['version 259', version(integer(1, 2)), 'not an X.509 v3 certificate'],
    ['version 2 as ENUMERATED', version(element(0x0a, unhex('02'))), 'not an X.509 v3 certificate'],
    ['two versions', version(integer(2), integer(2)), 'not an X.509 v3 certificate'],
    ['an empty version', version(), 'not an X.509 v3 certificate'],
    ['version 2 in BER', version(element(2, unhex('0002'))), /is not DER$/],
    ['serial number 0', withElement(1, integer(0)), 'serialNumber out of range'],
    ['a negative serial number', withElement(1, integer(0x80)), 'serialNumber out of range'],
    [
      'a serial number of 21 octets',
      withElement(1, integer(1, ...new Array<number>(20).fill(0))),
      'serialNumber out of range',
    ],
    ['a padded serial number', withElement(1, integer(0, 1)), /is not DER$/],
    ['no serial number', withElement(1), /^TBSCertificate must have the tags/],
    ['an empty issuer', withElement(3, sequence()), 'empty issuer'],
    ['no dates', withElement(4, sequence()), 'malformed validity'],
    ['one date', withElement(4, sequence(utc)), 'malformed validity'],
    ['three dates', withElement(4, sequence(utc, utc, utc)), 'malformed validity'],
    ['a date that is none', withElement(4, sequence(utc, time('260230120000Z'))), '"260230120000Z" is no time'],
    ['a date without seconds', withElement(4, sequence(time('2606011200Z'), utc)), '"2606011200Z" is no time'],
    [
      'GeneralizedTime before 2050',
      withElement(4, sequence(utc, time('20490101000000Z'))),
      '"20490101000000Z" is no time',
    ],
    ['dates that are integers', withElement(4, sequence(integer(1), integer(2))), /is no time$/],
    [
      'an issuerUniqueID',
      withTbs((all) => [...all.slice(0, 7), element(0x81, unhex('00aa')), ...all.slice(7)]),
      /found a002303030303081a3$/,
    ],
    [
      'a subjectUniqueID',
      withTbs((all) => [...all.slice(0, 7), element(0x82, unhex('00aa')), ...all.slice(7)]),
      /found a002303030303082a3$/,
    ],
    ['no extensions', withElement(7), /^TBSCertificate must have the tags/],
    ['extensions twice', withTbs((all) => [...all, all[7] as Bytes]), /a3a3$/],
    ['an element more', withTbs((all) => [...all, element(5)]), /a305$/],
    [
      'subject and key swapped',
      withTbs((all) => [0, 1, 2, 3, 5, 4, 6, 7].map((i) => all[i] as Bytes)),
      /is no time|malformed validity/,
    ],
  ])('%s', (_what, der, problem) => {
    const message = refused(() => decode(der))
    const prefix = 'cert-parse: cabundle[1]: '
    expect(message.slice(0, prefix.length)).toBe(prefix)
    if (typeof problem === 'string') expect(message.slice(prefix.length)).toBe(problem)
    else expect(message.slice(prefix.length)).toMatch(problem)
  })
})

test.each([
  ['another inside', withElement(2, sequence(id('1.2.840.10045.4.3.2')))],
  ['NULL parameters inside', withElement(2, sequence(id('1.2.840.10045.4.3.3'), element(5)))],
])('cert-algorithm: two signature algorithms, %s', (_what, der) => {
  expect(refused(() => decode(der))).toBe('cert-algorithm: cabundle[1]: two signature algorithms')
})

describe('cert-extension', () => {
  const value = octetString(unhex('00'))
  const twice = sequence(id('1.2.3'), value)
  test.each<readonly [what: string, der: Bytes, problem: string | RegExp]>([
    ['an empty wrapper', withElement(7, explicit(3)), /^malformed extensions$/],
    ['two lists', withElement(7, explicit(3, sequence(twice), sequence(twice))), /^malformed extensions$/],
    ['an empty list', withExtensions(), 'malformed extensions'],
    ['the same twice', withExtensions(twice, sequence(id('1.2.4'), value), twice), 'extension 2a03 is there twice'],
    [
      'the same twice, once critical',
      withExtensions(twice, sequence(id('1.2.3'), boolean(true), value)),
      'extension 2a03 is there twice',
    ],
    [
      'critical FALSE, written',
      withExtensions(sequence(id('1.2.3'), boolean(false), value)),
      'extension 2a03 encodes FALSE',
    ],
    ['no value', withExtensions(sequence(id('1.2.3'))), /^extension must have the tags 0604, found 06$/],
    [
      'critical, no value',
      withExtensions(sequence(id('1.2.3'), boolean(true))),
      /^extension must have the tags 0604, found 0601$/,
    ],
    ['a value that is no OCTET STRING', withExtensions(sequence(id('1.2.3'), element(5))), /found 0605$/],
    [
      'two values',
      withExtensions(sequence(id('1.2.3'), value, value)),
      /^extension must have the tags 060104, found 060404$/,
    ],
    ['an extension that is no SEQUENCE', withExtensions(element(0x31, id('1.2.3'), value)), /./],
    ['no identifier', withExtensions(sequence(value)), /found 04$/],
    ['basicConstraints: FALSE, written', basicConstraintsOf(sequence(boolean(false))), 'malformed basicConstraints'],
    [
      'basicConstraints: pathLenConstraint without CA',
      basicConstraintsOf(sequence(integer(0))),
      /^basicConstraints must have the tags 01, found 02$/,
    ],
    [
      'basicConstraints: FALSE and pathLenConstraint',
      basicConstraintsOf(sequence(boolean(false), integer(0))),
      'malformed basicConstraints',
    ],
    [
      'basicConstraints: pathLenConstraint -1',
      basicConstraintsOf(sequence(boolean(true), integer(0xff))),
      'integer out of range',
    ],
    [
      'basicConstraints: pathLenConstraint 2^32',
      basicConstraintsOf(sequence(boolean(true), integer(1, 0, 0, 0, 0))),
      'integer out of range',
    ],
    [
      'basicConstraints: three elements',
      basicConstraintsOf(sequence(boolean(true), integer(0), integer(0))),
      /^basicConstraints must have the tags 0102, found 010202$/,
    ],
    [
      'basicConstraints: a SET',
      basicConstraintsOf(element(0x31, boolean(true))),
      /^basicConstraints must have the tags 01/,
    ],
    ['basicConstraints: TRUE as 01', basicConstraintsOf(unhex('3003010101')), /tag 01 at 2 is not DER$/],
    ['basicConstraints: a byte more', basicConstraintsOf(unhex('300000')), '1 bytes left over at 2'],
    ['basicConstraints: nothing', basicConstraintsOf(), 'tag at 0 needs 1 bytes, found 0'],
    ['keyUsage: no bit', keyUsageOf(unhex('030100')), 'malformed keyUsage'],
    ['keyUsage: zeros', keyUsageOf(unhex('03020700')), 'malformed keyUsage'],
    ['keyUsage: a zero bit at the end', keyUsageOf(unhex('03020680')), 'malformed keyUsage'],
    ['keyUsage: no unused bits given', keyUsageOf(unhex('03020080')), 'malformed keyUsage'],
    ['keyUsage: a zero octet at the end', keyUsageOf(unhex('0303078000')), 'malformed keyUsage'],
    ['keyUsage: three octets', keyUsageOf(unhex('030400800080')), 'malformed keyUsage'],
    ['keyUsage: bit 9, which has no name', keyUsageOf(unhex('0303068040')), 'malformed keyUsage'],
    ['keyUsage: bit 15, which has no name', keyUsageOf(unhex('0303008001')), 'malformed keyUsage'],
    ['keyUsage: an OCTET STRING', keyUsageOf(unhex('04020780')), 'malformed keyUsage'],
    ['keyUsage: a byte more', keyUsageOf(unhex('0302078000')), '1 bytes left over at 4'],
    ['keyUsage: an unused bit set', keyUsageOf(unhex('03020781')), /is not DER$/],
  ])('%s', (_what, der, problem) => {
    const message = refused(() => decode(der))
    const prefix = 'cert-extension: cabundle[1]: '
    expect(message.slice(0, prefix.length)).toBe(prefix)
    if (typeof problem === 'string') expect(message.slice(prefix.length)).toBe(problem)
    else expect(message.slice(prefix.length)).toMatch(problem)
  })

  test('an unknown extension is kept, whatever is in it', () => {
    const der = withExtensions(new Uint8Array(extension('1.2.3.4', [0xff, 0xff], true).rawData))
    expect(decode(der).extensions.get('2a0304')).toEqual({ critical: true, value: unhex('ffff') })
  })
})

describe('hostile', () => {
  test('cut off at every byte: refused', () => {
    for (let length = 0; length < leafDer.length; length++) {
      expect(outcomeOf(() => decode(leafDer.subarray(0, length)))).toBe('refused')
    }
  })

  test('every byte replaced by 16 others: decoded or refused, nothing else', () => {
    for (let at = 0; at < leafDer.length; at++) {
      for (let value = at & 15; value < 256; value += 16) {
        const changed = new Uint8Array(leafDer)
        changed[at] = value
        outcomeOf(() => decode(changed))
      }
    }
  })
})
