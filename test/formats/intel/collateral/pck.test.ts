/**
 * The SGX extension of PCK certificates: entries in any order are read, and entries that are
 * missing, doubled, unknown or of another size are refused.
 */
import { refusalOf } from '../../../support/refusal.ts'
import { describe, expect, test } from 'vitest'
import { concat, hex } from '../../../attester/bytes.ts'
import type { Bytes } from '../../../attester/der.ts'
import { boolean, element, integer, octetString, sequence } from '../../../attester/der.ts'
import { type IntelAttesterOptions, platform, sgxEntry } from '../../../attester/intel.ts'
import { sgx, tdx } from '../made.ts'

type Entries = (entries: Bytes[]) => readonly Uint8Array[]
const pck = (pckEntries: Entries): { attester: Omit<IntelAttesterOptions, 'now'> } => ({ attester: { pckEntries } })
const tcb = (tcbEntries: Entries): { attester: Omit<IntelAttesterOptions, 'now'> } => ({ attester: { tcbEntries } })
/** With the entry at a position replaced. */
const replaced =
  (at: number, entry: Uint8Array): Entries =>
  (entries) =>
    entries.map((old, i) => (i === at ? entry : old))

test('what it says', async () => {
  const { claims } = await tdx()
  expect(claims.platform).toMatchObject({
    ca: 'platform',
    fmspc: platform.fmspc,
    pceId: platform.pceId,
    sgxType: 'scalable',
    tcbComponents: platform.components,
    pceSvn: platform.pceSvn,
    configuration: { dynamicPlatform: true, cachedKeys: false, smtEnabled: true },
  })
  expect(hex(claims.platform.ppid)).toBe(platform.ppid)
  expect(hex(claims.platform.platformInstanceId as Uint8Array)).toBe(platform.platformInstanceId)
})

test('the processor CA says less', async () => {
  const { claims } = await sgx({ attester: { ca: 'processor' } })
  expect(claims.platform).toMatchObject({ ca: 'processor', sgxType: 'standard' })
  expect([claims.platform.platformInstanceId, claims.platform.configuration]).toEqual([undefined, undefined])
})

test('the order of entries does not matter', async () => {
  for (const change of [pck((entries) => [...entries].reverse()), tcb((entries) => [...entries].reverse())])
    expect((await tdx(change)).claims.platform).toMatchObject({
      fmspc: platform.fmspc,
      pceSvn: platform.pceSvn,
      tcbComponents: platform.components,
    })
})

test('versions above 127 are numbers, not signs', async () => {
  const { claims } = await sgx(
    tcb((entries) =>
      replaced(0, sgxEntry('2.1', integer(0, 200)))(replaced(1, sgxEntry('2.2', integer(0, 255)))(entries) as Bytes[]),
    ),
  )
  expect(claims.platform.tcbComponents.slice(0, 2)).toEqual([200, 255])
  const pceSvn = await sgx(tcb(replaced(16, sgxEntry('2.17', integer(0, 255, 255)))))
  expect(pceSvn.claims.platform.pceSvn).toBe(65_535)
})

describe('refused', () => {
  const octets = (length: number): Uint8Array => octetString(new Uint8Array(length))
  test.each([
    ['an entry that is missing', pck((entries) => entries.slice(0, -1)), /6 entries in the SGX extension, expected 7/],
    [
      'an entry that is there twice',
      pck((entries) => [...entries.slice(0, -1), entries[0] as Bytes]),
      /entry 1 of the SGX extension is unknown, or is there twice/,
    ],
    [
      'an entry too many',
      pck((entries) => [...entries, sgxEntry('8', octets(1))]),
      /entry 8 of the SGX extension is unknown/,
    ],
    ['an entry 0', pck(replaced(6, sgxEntry('0', octets(1)))), /7 entries in the SGX extension, expected 7/],
    ['an entry of another identifier', pck(replaced(6, sgxEntry('7.1', octets(1)))), /malformed SGX extension/],
    ['an entry that is no pair', pck(replaced(6, sequence(octets(1)))), /malformed SGX extension/],
    [
      'an entry of three',
      pck((entries) => replaced(6, sequence(entries[6]?.subarray(2) as Bytes, octets(1)))(entries)),
      /malformed SGX extension/,
    ],
    ['an entry that is no sequence', pck(replaced(6, octets(1))), /malformed SGX extension/],
    ['a short PPID', pck(replaced(0, sgxEntry('1', octets(15)))), /entry 1 of the SGX extension must have 16 bytes/],
    [
      'a PPID of another type',
      pck(replaced(0, sgxEntry('1', integer(1)))),
      /entry 1 of the SGX extension has another type/,
    ],
    ['a long FMSPC', pck(replaced(3, sgxEntry('4', octets(7)))), /entry 4 of the SGX extension must have 6 bytes/],
    ['a long PCE-ID', pck(replaced(2, sgxEntry('3', octets(3)))), /entry 3 of the SGX extension must have 2 bytes/],
    ['an unknown SGX type', pck(replaced(4, sgxEntry('5', element(0x0a, Uint8Array.of(3))))), /unknown SGX type/],
    [
      'an SGX type of two bytes',
      pck(replaced(4, sgxEntry('5', element(0x0a, Uint8Array.of(1, 0))))),
      /unknown SGX type/,
    ],
    [
      'a platform instance ID that is too long',
      pck(replaced(5, sgxEntry('6', octets(17)))),
      /entry 6 of the SGX extension must have 16 bytes/,
    ],
    [
      'configuration without SMT',
      pck(replaced(6, sgxEntry('7', sequence(sgxEntry('7.1', boolean(true)), sgxEntry('7.2', boolean(true)))))),
      /2 entries in the SGX extension, expected 3/,
    ],
    [
      'configuration that is no sequence',
      pck(replaced(6, sgxEntry('7', octets(3)))),
      /entry 7 of the SGX extension has another type/,
    ],
    ['17 entries of TCB', tcb((entries) => entries.slice(1)), /17 entries in the SGX extension, expected 18/],
    [
      'a component above 255',
      tcb(replaced(3, sgxEntry('2.4', integer(1, 0)))),
      /entry 4 of the SGX extension must be 0 to 255/,
    ],
    ['a negative component', tcb(replaced(3, sgxEntry('2.4', integer(0x80)))), /integer out of range/],
    [
      'a PCESVN above 65535',
      tcb(replaced(16, sgxEntry('2.17', integer(1, 0, 0)))),
      /entry 17 of the SGX extension must be 0 to 65535/,
    ],
    [
      'a component that is text',
      tcb(replaced(3, sgxEntry('2.4', octets(1)))),
      /entry 4 of the SGX extension has another type/,
    ],
    [
      'a short CPUSVN',
      tcb(replaced(17, sgxEntry('2.18', octets(15)))),
      /entry 18 of the SGX extension must have 16 bytes/,
    ],
  ] as const)('%s', async (_what, change, message) => {
    const refusal = await refusalOf(sgx(change))
    expect({ code: refusal.code, message: refusal.message }).toEqual({
      code: 'pck-cert-format',
      message: expect.stringMatching(message) as string,
    })
  })

  test('no SGX extension, and five entries of the platform CA', async () => {
    const none = await refusalOf(sgx({ attester: { certificates: { pck: { extensions: [] } } } }))
    expect(none.code).toBe('cert-extension')
    const five = await refusalOf(sgx(pck((entries) => entries.slice(0, 5))))
    expect(five.message).toBe('PCK certificate: 5 entries in the SGX extension, expected 7')
  })

  test('a CA of another name', async () => {
    const subject = [{ CN: ['Intel SGX Something CA'] }]
    const refusal = await refusalOf(sgx({ attester: { certificates: { platform: { subject } } } }))
    expect(refusal.message).toBe('PCK certificate: issued by "Intel SGX Something CA", not by a PCK CA')
  })

  test('a name with two common names, or none', async () => {
    for (const subject of [
      [{ CN: ['Intel SGX PCK Certificate'] }, { CN: ['Another'] }],
      [{ O: ['Intel SGX PCK Certificate'] }],
    ]) {
      const refusal = await refusalOf(sgx({ attester: { certificates: { pck: { subject } } } }))
      expect([refusal.code, refusal.message]).toEqual(['cert-path', 'PCK certificate: not one common name'])
    }
  })

  test('bytes that are no DER', async () => {
    const refusal = await refusalOf(sgx(pck((entries) => [concat(entries[0] as Bytes, [0x30, 0x80])])))
    expect(refusal.code).toBe('pck-cert-format')
  })
})
