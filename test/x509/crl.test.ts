/**
 * Revocation lists: what a sound one answers, and one row for each thing that makes it worth
 * nothing.
 */
import 'reflect-metadata'
import { readdirSync } from 'node:fs'
import * as x509 from '@peculiar/x509'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { ecdsaP384Sha256, ES256, ES384, RS256, type SignatureAlgorithm } from '../../src/crypto/algorithms.ts'
import { recordChecks } from '../../src/core/record.ts'
import type { Check } from '../../src/core/check.ts'
import { type Certificate, decodeCertificate } from '../../src/x509/certificate.ts'
import { checkCrl, type CheckedCrl, type Crl, decodeCrl, refuseRevoked } from '../../src/x509/crl.ts'
import { concat, hex, unhex, withByte } from '../attester/bytes.ts'
import { createSigner } from '../attester/certificate.ts'
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
import { findVectors } from '../support/vectors.ts'
import {
  authorityExtensions,
  critical,
  type CrlPlan,
  crlNumber,
  day,
  extension,
  extensionsElement,
  hour,
  makeChain,
  makeCrl,
  names,
  now,
  refusal,
  revoked,
  signerOf,
} from './made.ts'

const name = 'issuing CRL'
const decode = (der: Bytes): Crl => decodeCrl(der, name)
const chain = (await makeChain()).map(({ der, name: where }) => decodeCertificate(der, where))
const [root, middle, issuing, leaf] = chain as [Certificate, Certificate, Certificate, Certificate]
const sound = await makeCrl()

const withSerial = (serialNumber: string): Certificate => ({ ...leaf, serialNumber: unhex(serialNumber) })

async function checked(der: Bytes, issuer = issuing, algorithm = ES384, at = now, skewMs = 0): Promise<CheckedCrl> {
  return checkCrl(decode(der), { issuer, algorithm }, { now: at, skewMs }, recordChecks())
}

describe('what a sound one says', () => {
  test('its fields', () => {
    const crl = decode(sound)
    const [tbs, algorithm] = elementsOf(sound) as [Bytes, Bytes]
    expect(crl.name).toBe(name)
    expect(hex(crl.tbs)).toBe(hex(tbs))
    expect(hex(crl.signatureAlgorithm)).toBe(hex(algorithm))
    expect(hex(crl.issuer)).toBe(hex(issuing.subject))
    expect([crl.thisUpdate, crl.nextUpdate]).toEqual([now - day, now + day])
    expect([...crl.extensions.keys()]).toEqual(['551d14'])
    expect(hex(crl.crlNumber as Bytes)).toBe('07')
    expect(crl.keyIdentifier).toBeUndefined()
  })

  test('checked: one line for each check', async () => {
    const checks: Check[] = []
    const recorder = recordChecks((made) => checks.push(made))
    await checkCrl(decode(sound), { issuer: issuing, algorithm: ES384 }, { now, skewMs: 0 }, recorder)
    expect(checks.map(({ id, outcome, stage }) => `${stage} ${id} ${outcome}`)).toEqual([
      'verify crl-issuer pass',
      'verify crl-validity pass',
      'verify crl-algorithm pass',
      'verify crl-signature pass',
    ])
  })

  test('who is revoked, and who is not', async () => {
    const crl = await checked(sound)
    expect(() => {
      refuseRevoked(leaf, crl)
    }).not.toThrow()
    const since = new Date(now - 10 * day).toISOString()
    for (const serial of ['0101', '0102']) {
      expect(
        refused(() => {
          refuseRevoked(withSerial(serial), crl)
        }),
      ).toBe(`crl-revoked: leaf: revoked since ${since} by ${name}, serial number 0202${serial}`)
    }
    for (const serial of ['0100', '0103', '01', '02', '000101', '010100', '0201', '']) {
      expect(() => {
        refuseRevoked(withSerial(serial), crl)
      }).not.toThrow()
    }
  })

  test('a serial number whose first bit is set', async () => {
    const crl = await checked(await makeCrl({ entries: [revoked('ff01')] }))
    expect(
      refused(() => {
        refuseRevoked(withSerial('00ff01'), crl)
      }),
    ).toMatch(/^crl-revoked: /)
    expect(() => {
      refuseRevoked(withSerial('ff01'), crl)
    }).not.toThrow()
  })

  test('a certificate of another issuer: not known is not good', async () => {
    const crl = await checked(sound)
    for (const other of [middle, issuing, root]) {
      expect(
        refused(() => {
          refuseRevoked(other, crl)
        }),
      ).toBe(`crl-issuer: ${other.name}: ${name} is of another issuer`)
    }
    // Not even when the serial number is on the list.
    expect(
      refused(() => {
        refuseRevoked({ ...middle, serialNumber: unhex('0101') }, crl)
      }),
    ).toMatch(/^crl-issuer: /)
  })

  test.each<readonly [what: string, change: Partial<CrlPlan>]>([
    ['nobody', { entries: [] }],
    ['nobody, by an empty list', { entries: [], tbs: (all) => [...all.slice(0, 5), sequence(), ...all.slice(5)] }],
    ['no extensions', { extensions: [] }],
    ['v1', { extensions: [], entries: [revoked('0101')], tbs: (all) => all.slice(1) }],
    ['v1 without entries', { extensions: [], entries: [], tbs: (all) => all.slice(1) }],
    ['critical cRLNumber', { extensions: [extension('2.5.29.20', [2, 1, 7], critical)] }],
    ['an unknown extension that is not critical', { extensions: [crlNumber(7), extension('1.2.3', [5, 0])] }],
    ['dates after 2050', { nextUpdate: new Date('2055-01-01T00:00:00Z') }],
    [
      'reasons and dates',
      {
        entries: [{ ...revoked('0101'), reason: x509.X509CrlReason.superseded, invalidity: new Date(now - 20 * day) }],
      },
    ],
    [
      'an unknown entry extension that is not critical',
      { entries: [{ ...revoked('0101'), extensions: [extension('1.2.3', [5, 0])] }] },
    ],
    [
      'a critical reason',
      { entries: [{ ...revoked('0101'), extensions: [extension('2.5.29.21', [0x0a, 1, 1], critical)] }] },
    ],
    [
      'reason 0, which should have been left out',
      { entries: [{ ...revoked('0101'), extensions: [extension('2.5.29.21', [0x0a, 1, 0])] }] },
    ],
  ])('accepted: %s', async (_what, change) => {
    const crl = await checked(await makeCrl(change))
    expect(() => {
      refuseRevoked(leaf, crl)
    }).not.toThrow()
    if (change.entries?.length === 0) return
    expect(
      refused(() => {
        refuseRevoked(withSerial('0101'), crl)
      }),
    ).toMatch(/^crl-revoked: /)
  })

  test('agrees with @peculiar/x509', async () => {
    const entries = Array.from({ length: 50 }, (_, i) => revoked((1000 + 7 * i).toString(16).padStart(4, '0')))
    const der = await makeCrl({ entries })
    const [crl, theirs] = [await checked(der), new x509.X509Crl(der)]
    for (let serial = 990; serial < 1360; serial++) {
      const digits = serial.toString(16).padStart(4, '0')
      const isRevoked =
        outcomeOf(() => {
          refuseRevoked(withSerial(digits), crl)
        }) === 'refused'
      expect(isRevoked).toBe(theirs.findRevoked(digits) !== null)
    }
  })
})

describe('crl-parse', () => {
  const replaced = (index: number, ...replacement: readonly Uint8Array[]): Partial<CrlPlan> => ({
    tbs: (all) => all.flatMap((given, i): readonly Uint8Array[] => (i === index ? replacement : [given])),
  })
  const utc = time('260531120000Z')
  test.each<readonly [what: string, change: Partial<CrlPlan>, problem: string | RegExp]>([
    ['version 1, written', replaced(0, integer(0)), 'not v1 or v2'],
    ['version 3', replaced(0, integer(2)), 'not v1 or v2'],
    ['version 2, padded', replaced(0, element(2, unhex('0001'))), 'not v1 or v2'],
    ['two versions', replaced(0, integer(1), integer(1)), 'signature must have the tag 30, found 2'],
    ['an empty issuer', replaced(2, sequence()), 'empty issuer'],
    ['no issuer', replaced(2), 'issuer must have the tag 30, found 17'],
    ['no thisUpdate', replaced(3, sequence()), 'thisUpdate is missing'],
    ['no nextUpdate', { nextUpdate: undefined }, 'nextUpdate is missing'],
    ['no nextUpdate, nor entries', { nextUpdate: undefined, entries: [] }, 'nextUpdate is missing'],
    ['no nextUpdate at all behind it', { nextUpdate: undefined, entries: [], extensions: [] }, 'nextUpdate is missing'],
    ['thisUpdate without seconds', replaced(3, time('2605311200Z')), '"2605311200Z" is no time'],
    ['nextUpdate in February 30', replaced(4, time('260230120000Z')), '"260230120000Z" is no time'],
    ['GeneralizedTime before 2050', replaced(4, time('20260601120000Z')), '"20260601120000Z" is no time'],
    ['three dates', replaced(4, utc, utc), /^1 bytes|bytes left over at \d+$/],
    ['entries twice', replaced(5, sequence(), sequence()), /bytes left over at \d+$/],
    [
      'extensions twice',
      replaced(6, extensionsElement(0, crlNumber(1)), extensionsElement(0, crlNumber(1))),
      /bytes left over at \d+$/,
    ],
    [
      'extensions before entries',
      { tbs: (all) => [0, 1, 2, 3, 4, 6, 5].map((i) => all[i] as Bytes) },
      /bytes left over at \d+$/,
    ],
    ['[1]', replaced(6, explicit(1, sequence())), /bytes left over at \d+$/],
    ['entries that are a SET', replaced(5, element(0x31)), /bytes left over at \d+$/],
    [
      'an entry that is a SET',
      replaced(5, sequence(element(0x31, integer(1), utc))),
      'entry must have the tag 30, found 31',
    ],
    ['an empty entry', replaced(5, sequence(sequence())), 'userCertificate at 0 needs 1 bytes, found 0'],
    ['an entry without a date', replaced(5, sequence(sequence(integer(1)))), 'revocationDate is missing'],
    [
      'an entry without a serial number',
      replaced(5, sequence(sequence(utc))),
      'userCertificate must have the tag 2, found 17',
    ],
    [
      'an entry of four',
      replaced(5, sequence(sequence(integer(1), utc, sequence(), sequence()))),
      '2 bytes left over at 2',
    ],
    [
      'an entry whose serial number is padded',
      replaced(5, sequence(sequence(integer(0, 1), utc))),
      'userCertificate is not DER',
    ],
    [
      'an entry whose serial number is empty',
      replaced(5, sequence(sequence(integer(), utc))),
      'userCertificate is not DER',
    ],
    [
      'an entry whose date is none',
      replaced(5, sequence(sequence(integer(1), time('261301000000Z')))),
      '"261301000000Z" is no time',
    ],
    [
      'an entry that goes on behind its list',
      replaced(5, concat([0x30, 2], unhex('3005'))),
      /^entry at \d+ needs 5 bytes, found 0$/,
    ],
    [
      'an entry of an indefinite length',
      replaced(5, sequence(concat([0x30, 0x80], integer(1), utc, [0, 0]))),
      'length of entry not in shortest form',
    ],
    [
      'an entry in the long form',
      replaced(5, sequence(concat([0x30, 0x81, 18], integer(1), utc))),
      'length of entry not in shortest form',
    ],
    [
      'the second entry',
      replaced(5, sequence(sequence(integer(1), utc), sequence(integer(2)))),
      'revocationDate is missing',
    ],
    [
      'an entry of 20 KB',
      replaced(5, sequence(sequence(integer(1), utc, octetString(new Uint8Array(20_000))))),
      /^entry of 200\d\d bytes$/,
    ],
    ['a name of 20 KB', replaced(2, sequence(octetString(new Uint8Array(20_000)))), /^issuer of 200\d\d bytes$/],
    [
      'an algorithm in BER',
      { outer: ([tbs, , signature]) => [tbs as Bytes, unhex('30800000'), signature as Bytes] },
      'length of signatureAlgorithm not in shortest form',
    ],
    [
      'unused bits in the signature',
      { outer: ([tbs, algorithm]) => [tbs as Bytes, algorithm as Bytes, bitString(unhex('80'), 7)] },
      'bit string with unused bits',
    ],
    [
      'no signature',
      { outer: ([tbs, algorithm]) => [tbs as Bytes, algorithm as Bytes] },
      'signatureValue at 0 needs 1 bytes, found 0',
    ],
    ['an element after the signature', { outer: (all) => [...all, element(5)] }, /^2 bytes left over at \d+$/],
  ])('%s', async (_what, change, problem) => {
    const der = await makeCrl(change)
    const message = refused(() => decode(der))
    const prefix = `crl-parse: ${name}: `
    expect(message.slice(0, prefix.length)).toBe(prefix)
    if (typeof problem === 'string' && !problem.startsWith('signatureValue'))
      expect(message.slice(prefix.length)).toBe(problem)
    else
      expect(message.slice(prefix.length)).toMatch(
        typeof problem === 'string' ? /^signatureValue at \d+ needs 1 bytes, found 0$/ : problem,
      )
  })

  test.each([
    ['nothing', new Uint8Array(), 'CertificateList at 0 needs 1 bytes, found 0'],
    ['a byte more', concat(sound, [0]), `1 bytes left over at ${sound.length}`],
    ['a SET', concat([0x31], sound.subarray(1)), 'CertificateList must have the tag 30, found 31'],
    ['PEM', new TextEncoder().encode('-----BEGIN X509 CRL-----\n'), 'CertificateList must have the tag 30, found 2d'],
    ['an error page', new TextEncoder().encode('<html>404</html>'), 'CertificateList must have the tag 30, found 3c'],
    ['an empty SEQUENCE', unhex('3000'), 'TBSCertList at 0 needs 1 bytes, found 0'],
    ['an indefinite length', unhex('30800000'), 'length of CertificateList not in shortest form'],
    ['a length of 2^32 - 1', unhex('3084ffffffff'), 'CertificateList at 6 needs 4294967295 bytes, found 0'],
    ['a length of 2^32', unhex('30850100000000'), 'length of CertificateList not in shortest form'],
    ['a length with a zero in front', unhex('30820005'), 'length of CertificateList not in shortest form'],
  ])('%s', (_what, der, problem) => {
    expect(refused(() => decode(der))).toBe(`crl-parse: ${name}: ${problem}`)
  })

  test('a certificate', () => {
    expect(refused(() => decode(leaf.der))).toMatch(/^crl-parse: issuing CRL: /)
  })

  test('cut off at every byte: refused', () => {
    for (let length = 0; length < sound.length; length++) {
      expect(refused(() => decode(sound.subarray(0, length)))).toMatch(/^crl-(parse|extension): /)
    }
  })
})

test('crl-algorithm: two signature algorithms', async () => {
  const identifier = sequence(objectIdentifier('1.2.840.10045.4.3.2'))
  const der = await makeCrl({ tbs: (all) => all.map((given, i) => (i === 1 ? identifier : given)) })
  expect(refused(() => decode(der))).toBe(`crl-algorithm: ${name}: two signature algorithms`)
})

describe('crl-extension', () => {
  const entryWith = (...extensions: x509.Extension[]): Partial<CrlPlan> => ({
    entries: [revoked('01'), { ...revoked('0101'), extensions }],
  })
  const idp = [0x30, 0]
  test.each<readonly [what: string, change: Partial<CrlPlan>, problem: string | RegExp]>([
    ['unknown and critical', { extensions: [extension('1.2.3', [5, 0], critical)] }, 'unknown critical extension 2a03'],
    [
      'critical issuingDistributionPoint',
      { extensions: [extension('2.5.29.28', idp, critical)] },
      'extension 551d1c of partial, delta and indirect lists',
    ],
    [
      'issuingDistributionPoint, not critical',
      { extensions: [extension('2.5.29.28', idp)] },
      'extension 551d1c of partial, delta and indirect lists',
    ],
    [
      'critical deltaCRLIndicator',
      { extensions: [extension('2.5.29.27', [2, 1, 1], critical)] },
      'extension 551d1b of partial, delta and indirect lists',
    ],
    [
      'deltaCRLIndicator, not critical',
      { extensions: [extension('2.5.29.27', [2, 1, 1])] },
      'extension 551d1b of partial, delta and indirect lists',
    ],
    [
      'critical freshestCRL',
      { extensions: [extension('2.5.29.46', [0x30, 0], critical)] },
      'unknown critical extension 551d2e',
    ],
    ['the same twice', { extensions: [crlNumber(1), crlNumber(2)] }, 'extension 551d14 is there twice'],
    [
      'an empty list of extensions',
      { tbs: (all) => [...all.slice(0, 6), explicit(0, sequence())] },
      'malformed extensions',
    ],
    ['an empty wrapper', { tbs: (all) => [...all.slice(0, 6), explicit(0)] }, /^malformed extensions$/],
    ['extensions in v1', { tbs: (all) => all.slice(1) }, 'extensions in a v1 list'],
    ['entry extensions in v1', { extensions: [], tbs: (all) => all.slice(1) }, 'extensions in a v1 list'],
    ['a negative cRLNumber', { extensions: [extension('2.5.29.20', [2, 1, 0xff])] }, 'cRLNumber out of range'],
    [
      'a cRLNumber of 22 octets',
      { extensions: [extension('2.5.29.20', [2, 22, 1, ...new Array<number>(21).fill(0)])] },
      'cRLNumber out of range',
    ],
    ['a cRLNumber that is a BOOLEAN', { extensions: [extension('2.5.29.20', [1, 1, 0])] }, 'cRLNumber out of range'],
    ['a cRLNumber in BER', { extensions: [extension('2.5.29.20', [2, 2, 0, 1])] }, /is not DER$/],
    [
      'an authorityKeyIdentifier that is none',
      { extensions: [extension('2.5.29.35', [4, 1, 1])] },
      'malformed authorityKeyIdentifier',
    ],
    [
      'an authorityKeyIdentifier in BER',
      { extensions: [extension('2.5.29.35', [0x30, 0x80, 0, 0])] },
      /not in shortest form$/,
    ],
    [
      'unknown and critical, in an entry',
      entryWith(extension('1.2.3', [5, 0], critical)),
      'unknown critical extension 2a03',
    ],
    [
      'certificateIssuer in an entry',
      entryWith(extension('2.5.29.29', [0x30, 0], critical)),
      'extension 551d1d of partial, delta and indirect lists',
    ],
    [
      'certificateIssuer in an entry, not critical',
      entryWith(extension('2.5.29.29', [0x30, 0])),
      'extension 551d1d of partial, delta and indirect lists',
    ],
    [
      'the same twice, in an entry',
      entryWith(extension('1.2.3', [5, 0]), extension('1.2.3', [5, 0])),
      'extension 2a03 is there twice',
    ],
    ['reason 7, which is not used', entryWith(extension('2.5.29.21', [0x0a, 1, 7])), 'reason code 07'],
    ['reason 8, removeFromCRL', entryWith(extension('2.5.29.21', [0x0a, 1, 8])), 'reason code 08'],
    ['reason 11', entryWith(extension('2.5.29.21', [0x0a, 1, 11])), 'reason code 0b'],
    ['reason -1', entryWith(extension('2.5.29.21', [0x0a, 1, 0xff])), 'reason code ff'],
    ['reason 256', entryWith(extension('2.5.29.21', [0x0a, 2, 1, 0])), 'reason code 0100'],
    ['a reason that is an INTEGER', entryWith(extension('2.5.29.21', [2, 1, 1])), 'reason code 01'],
    ['a reason that is nothing', entryWith(extension('2.5.29.21', [])), 'tag at 0 needs 1 bytes, found 0'],
    [
      'empty entry extensions',
      {
        tbs: (all) =>
          all.map((given, i) => (i === 5 ? sequence(sequence(integer(1), time('260531120000Z'), sequence())) : given)),
      },
      'malformed extensions',
    ],
    [
      'entry extensions in a wrapper',
      {
        tbs: (all) =>
          all.map((given, i) =>
            i === 5 ? sequence(sequence(integer(1), time('260531120000Z'), extensionsElement(0, crlNumber(1)))) : given,
          ),
      },
      /^malformed extensions$/,
    ],
    [
      'critical FALSE, written',
      {
        tbs: (all) => [
          ...all.slice(0, 6),
          explicit(0, sequence(sequence(objectIdentifier('1.2.3'), boolean(false), octetString(unhex('00'))))),
        ],
      },
      'extension 2a03 encodes FALSE',
    ],
  ])('%s', async (_what, change, problem) => {
    const der = await makeCrl(change)
    const message = refused(() => decode(der))
    const prefix = `crl-extension: ${name}: `
    expect(message.slice(0, prefix.length)).toBe(prefix)
    if (typeof problem === 'string') expect(message.slice(prefix.length)).toBe(problem)
    else expect(message.slice(prefix.length)).toMatch(problem)
  })
})

describe('crl-issuer', () => {
  const keyIdentifier = (...bytes: number[]): x509.Extension =>
    extension('2.5.29.35', [0x30, 2 + bytes.length, 0x80, bytes.length, ...bytes])
  const issuerWith = async (...extensions: x509.Extension[]): Promise<Certificate> => {
    const made = await makeChain({ issuing: { extensions } })
    return decodeCertificate(made[2]?.der as Bytes, 'issuing')
  }

  test.each([
    ['a list of another issuer', { issuer: names.middle }],
    ['the same names in another order', { issuer: [...names.issuing].reverse() }],
    ['another case', { issuer: [{ O: ['Veritee tests'] }, { CN: ['issuing'] }] }],
  ])('%s, with the right signature', async (_what, change) => {
    expect(await refusal(checked(await makeCrl(change)))).toBe(`crl-issuer: ${name} is not of issuing`)
  })

  test('the right list for another certificate', async () => {
    for (const other of [root, middle, leaf]) {
      expect(await refusal(checked(sound, other))).toBe(`crl-issuer: ${name} is not of ${other.name}`)
    }
  })

  test.each([
    ['without cRLSign', authorityExtensions(0, x509.KeyUsageFlags.keyCertSign)],
    ['without keyUsage', [new x509.BasicConstraintsExtension(true, 0, true)]],
  ])('an issuer %s', async (_what, extensions) => {
    expect(await refusal(checked(sound, await issuerWith(...extensions)))).toBe(
      `crl-issuer: ${name} needs cRLSign in issuing`,
    )
  })

  test('key identifiers: equal where both are there', async () => {
    const subject = extension('2.5.29.14', [4, 3, 1, 2, 3])
    const issuer = await issuerWith(...authorityExtensions(0), subject)
    const list = async (...bytes: number[]): Promise<Bytes> => makeCrl({ extensions: [keyIdentifier(...bytes)] })
    expect((await checked(await list(1, 2, 3), issuer)).keyIdentifier).toEqual(Uint8Array.of(1, 2, 3))
    for (const other of [[1, 2, 4], [1, 2], [], [1, 2, 3, 4]]) {
      expect(await refusal(checked(await list(...other), issuer))).toBe(
        `crl-issuer: ${name} names another key than that of issuing`,
      )
    }
    await expect(checked(sound, issuer)).resolves.toBeDefined()
    await expect(checked(await list(9), issuing)).resolves.toBeDefined()
    // By issuer and serial number [1] [2] instead: nothing to compare.
    const bySerial = extension('2.5.29.35', [0x30, 5, 0xa1, 0, 0x82, 1, 5])
    await expect(checked(await makeCrl({ extensions: [bySerial] }), issuer)).resolves.toBeDefined()
  })
})

describe('crl-validity', () => {
  const at = async (moment: number, skewMs = 0): Promise<string> =>
    checked(sound, issuing, ES384, moment, skewMs).then(
      () => 'valid',
      (error: unknown) => (error as Error).message,
    )
  const iso = (moment: number): string => new Date(moment).toISOString()

  test('both ends belong to it', async () => {
    for (const moment of [now - day, now, now + day]) expect(await at(moment)).toBe('valid')
    for (const moment of [now - day - 1, now + day + 1, 0, Date.parse('2126-01-01T00:00:00Z')]) {
      expect(await at(moment)).toBe(
        `validity of ${name}: expected ${iso(now - day)} to ${iso(now + day)}, found ${iso(moment)}`,
      )
    }
    expect(await refusal(checked(sound, issuing, ES384, now + 2 * day))).toMatch(/^crl-validity: /)
  })

  test('tolerance is for both ends', async () => {
    for (const moment of [now - day - 1000, now + day + 1000]) {
      expect(await at(moment, 1000)).toBe('valid')
      expect(await at(moment, 999)).toMatch(/^validity of /)
    }
  })

  test('a time that is no number is within no validity', async () => {
    expect(await at(NaN)).not.toBe('valid')
    expect(await at(now, NaN)).not.toBe('valid')
  })
})

describe('crl-algorithm', () => {
  test.each<readonly [what: string, algorithm: SignatureAlgorithm]>([
    ['ES256', ES256],
    ['RS256', RS256],
    ['P-384 with SHA-256', ecdsaP384Sha256],
  ])('%s is wanted', async (_what, algorithm) => {
    expect(await refusal(checked(sound, issuing, algorithm))).toBe(
      `crl-algorithm: algorithms of ${name}: expected ${algorithm.name}, found 300a06082a8648ce3d040303`,
    )
  })

  test('SHA-256, by the same key', async () => {
    const der = await makeCrl({ hash: 'SHA-256' })
    expect(await refusal(checked(der))).toMatch(/^crl-algorithm: .*found 300a06082a8648ce3d040302$/)
    await expect(checked(der, issuing, ecdsaP384Sha256)).resolves.toBeDefined()
  })

  test('an issuer with a key of another kind', async () => {
    const [, , other] = await makeChain({ issuing: { curve: 'P-256' } })
    expect(await refusal(checked(sound, decodeCertificate(other?.der as Bytes, 'issuing')))).toMatch(/^crl-algorithm: /)
  })
})

describe('crl-signature', () => {
  const refused = `crl-signature: ${name}: signature does not match issuing`

  test('by a stranger', async () => {
    expect(await refusal(checked(await makeCrl({ signer: await createSigner() })))).toBe(refused)
  })

  test('by the issuer above', async () => {
    expect(await refusal(checked(await makeCrl({ signer: await signerOf('middle') })))).toBe(refused)
  })

  test('an entry taken out, or put in', async () => {
    const swapped = (change: (entries: Bytes[]) => readonly Uint8Array[]): Promise<Bytes> =>
      makeCrl({
        outer: ([tbs, ...rest]) => [
          sequence(
            ...elementsOf(tbs as Bytes).map((given, i) => (i === 5 ? sequence(...change(elementsOf(given))) : given)),
          ),
          ...rest,
        ],
      })
    expect(await refusal(checked(await swapped((entries) => entries.slice(1))))).toBe(refused)
    expect(await refusal(checked(await swapped((entries) => [...entries, ...entries])))).toBe(refused)
  })

  test('the signature of another list, none, or the first bit changed', async () => {
    const [, , other] = elementsOf(await makeCrl({ entries: [] })) as [Bytes, Bytes, Bytes]
    for (const signature of [
      other,
      bitString(new Uint8Array()),
      withByte(elementsOf(sound)[2] as Bytes, -1, (byte) => byte ^ 1),
    ]) {
      const der = await makeCrl({ outer: ([tbs, algorithm]) => [tbs as Bytes, algorithm as Bytes, signature] })
      expect(await refusal(checked(der))).toBe(refused)
    }
  })

  test('a bit of every byte flipped: refused', async () => {
    const survivors: number[] = []
    for (let at = 0; at < sound.length; at++) {
      const outcome = await checked(withByte(sound, at, (byte) => byte ^ (1 << (at & 7)))).then(
        () => 'valid',
        (error: unknown) => String((error as { code?: string }).code),
      )
      expect(outcome).toMatch(/^(valid|crl-(parse|algorithm|extension|issuer|validity|signature))$/)
      if (outcome === 'valid') survivors.push(at)
    }
    expect(survivors).toEqual([])
  })
})

describe('megabytes', () => {
  /** TBSCertList and its surroundings around `count` entries; signed by nobody. */
  function bigCrl(count: number): Bytes {
    const entries = new Uint8Array(count * entrySize)
    for (let i = 0; i < count; i++) {
      const serial = integer(1, (i >> 24) & 0xff, (i >> 16) & 0xff, (i >> 8) & 0xff, i & 0xff)
      entries.set(sequence(serial, time('260101000000Z'), reason), i * entrySize)
    }
    const [tbs, ...rest] = elementsOf(sound) as [Bytes, ...Bytes[]]
    const fields = elementsOf(tbs).map((given, i) => (i === 5 ? longSequence(entries) : given))
    return longSequence(longSequence(...fields), ...rest)
  }
  const reason = sequence(sequence(objectIdentifier('2.5.29.21'), octetString(unhex('0a0101'))))
  const entrySize = sequence(integer(1, 0, 0, 0, 0), time('260101000000Z'), reason).length
  const count = 100_000
  let crl: CheckedCrl

  beforeAll(() => {
    crl = decode(bigCrl(count)) as CheckedCrl
  })

  test('are decoded without keeping the entries, and searched from end to end', () => {
    expect(crl.der.length).toBeGreaterThan(3_500_000)
    // Whatever there is of entries is one view of the list.
    expect(crl.revokedCertificates.buffer).toBe(crl.der.buffer)
    expect(Object.values(crl).filter((value) => Array.isArray(value))).toEqual([])
    for (const serial of ['0100000000', '010000c350', '010001869f']) {
      expect(
        refused(() => {
          refuseRevoked(withSerial(serial), crl)
        }),
      ).toMatch(/^crl-revoked: leaf: revoked since 2026-01-01T00:00:00.000Z/)
    }
    for (const serial of ['01000186a0', '0d', '00ffffffff']) {
      expect(() => {
        refuseRevoked(withSerial(serial), crl)
      }).not.toThrow()
    }
  })

  test('work grows with the length and no faster', () => {
    const workOf = (body: () => void): number => {
      const spy = vi.spyOn(Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array, 'subarray')
      body()
      const { length } = spy.mock.calls
      spy.mockRestore()
      return length
    }
    const [small, large] = [bigCrl(2000), bigCrl(20_000)]
    expect(workOf(() => decode(large))).toBeLessThan(10 * workOf(() => decode(small)))
    const [few, many] = [decode(small), decode(large)] as [CheckedCrl, CheckedCrl]
    const lookup = (list: CheckedCrl): number =>
      workOf(() => {
        refuseRevoked(leaf, list)
      })
    expect(lookup(many)).toBeLessThanOrEqual(10 * lookup(few))
    expect(lookup(many)).toBeLessThanOrEqual(10 * 20_000)
  })

  test('a list whose last entry is bad is refused as a whole', () => {
    const broken = new Uint8Array(crl.der)
    const last = crl.revokedCertificates.byteOffset + crl.revokedCertificates.length - entrySize
    broken[last + 2] = 4
    expect(refused(() => decode(broken))).toBe(`crl-parse: ${name}: userCertificate must have the tag 2, found 4`)
  })

  function longSequence(...content: readonly Uint8Array[]): Bytes {
    const body = concat(...content)
    if (body.length < 0x10000) return sequence(body)
    return concat([0x30, 0x83, body.length >> 16, (body.length >> 8) & 0xff, body.length & 0xff], body)
  }
})

const vectors = findVectors('intel')
describe('lists that a vendor issues', () => {
  if (!vectors.found) {
    test.skip(vectors.skipLine)
    return
  }
  const issuers = ['certs/pck-platform-ca.der', 'certs/pck-processor-ca.der', 'roots/intel-sgx-root-ca.der'].map(
    (file) => decodeCertificate(vectors.read(file), file),
  )
  const files = readdirSync(`${vectors.directory}/collateral/crl`).map((file) => `collateral/crl/${file}`)

  test.each(files)('%s', async (file) => {
    const crl = decodeCrl(vectors.read(file), file)
    const theirs = new x509.X509Crl(vectors.read(file))
    const issuer = issuers.find(({ subject }) => hex(subject) === hex(crl.issuer)) as Certificate
    const time = { now: crl.thisUpdate + hour, skewMs: 0 }
    const checkedCrl = await checkCrl(crl, { issuer, algorithm: ES256 }, time, recordChecks())
    expect([crl.thisUpdate, crl.nextUpdate]).toEqual([theirs.thisUpdate.getTime(), theirs.nextUpdate?.getTime()])
    const issued = (serial: string): Certificate => ({ ...leaf, issuer: crl.issuer, serialNumber: unhex(serial) })
    for (const { serialNumber } of theirs.entries) {
      const serial = /^[89a-f]/.test(serialNumber) ? `00${serialNumber}` : serialNumber
      expect(
        refused(() => {
          refuseRevoked(issued(serial), checkedCrl)
        }),
      ).toMatch(/^crl-revoked: /)
    }
    expect(() => {
      refuseRevoked(issued('0123456789'), checkedCrl)
    }).not.toThrow()
    for (const other of issuers.filter((certificate) => certificate !== issuer)) {
      expect(await refusal(checkCrl(crl, { issuer: other, algorithm: ES256 }, time, recordChecks()))).toMatch(
        /^crl-issuer: /,
      )
    }
  })
})
