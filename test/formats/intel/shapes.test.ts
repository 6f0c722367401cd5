/**
 * Endorsements in shapes that are nearly right: each is refused, and the message says what it is.
 * Everything else is right, signatures included.
 */
import { refusalOf } from '../../support/refusal.ts'
import { describe, expect, test } from 'vitest'
import { VerificationError } from '../../../src/core/errors.ts'
import { decodeIntelCrl } from '../../../src/formats/intel/collateral/crl-extensions.ts'
import {
  boolean,
  type Bytes,
  element,
  elementsOf,
  integer,
  objectIdentifier,
  octetString,
  sequence,
} from '../../attester/der.ts'
import { createIntelAttester, pem } from '../../attester/intel.ts'
import { findVectors } from '../../support/vectors.ts'
import { attester, type Change, now, sgx, tdx } from './made.ts'

async function refuses(change: Change, code: string, message: string | RegExp): Promise<void> {
  for (const verify of [tdx, sgx]) {
    const refusal = await refusalOf(verify(change))
    expect(refusal).toBeInstanceOf(VerificationError)
    expect({ code: refusal.code, message: refusal.message }).toEqual({
      code,
      message: typeof message === 'string' ? message : (expect.stringMatching(message) as string),
    })
  }
}

const lists = ['rootCaCrl', 'pckCrl'] as const

describe('H14 extensions of revocation lists', () => {
  const asCritical = (extension: Bytes): Bytes => {
    const [id, value] = elementsOf(extension) as [Bytes, Bytes]
    return sequence(id, boolean(true), value)
  }
  describe.each(lists)('%s', (list) => {
    const listed = (extensions: (sound: readonly Bytes[]) => readonly Uint8Array[]): Change => ({
      endorsements: { [list]: { extensions } },
    })
    test.each([
      ['no cRLNumber', (of: readonly Bytes[]) => of.slice(1), 'no cRLNumber'],
      ['no authorityKeyIdentifier', (of: readonly Bytes[]) => of.slice(0, 1), 'no authorityKeyIdentifier'],
      [
        'critical cRLNumber',
        ([number, key]: readonly Bytes[]) => [asCritical(number as Bytes), key as Bytes],
        'critical cRLNumber',
      ],
      [
        'critical authorityKeyIdentifier',
        ([number, key]: readonly Bytes[]) => [number as Bytes, asCritical(key as Bytes)],
        'critical authorityKeyIdentifier',
      ],
      [
        'a key that is named by nothing',
        ([number]: readonly Bytes[]) => [
          number as Bytes,
          sequence(objectIdentifier('2.5.29.35'), octetString(sequence(element(0x82, integer(1))))),
        ],
        'no authorityKeyIdentifier',
      ],
    ] as const)('%s', async (_what, extensions, problem) => {
      await refuses(listed(extensions), 'crl-extension', `${list}: ${problem}`)
    })

    test('in the other order, and with one more that is not critical', async () => {
      const more = sequence(objectIdentifier('1.2.3.4'), octetString(integer(1)))
      await expect(tdx(listed((sound) => [...[...sound].reverse(), more]))).resolves.toBeDefined()
    })
  })

  const vectors = findVectors('intel')
  if (!vectors.found) test.skip(vectors.skipLine)
  else
    test('every list of Intel in the vectors has both, neither critical', () => {
      const { cases } = vectors.manifest as { cases: { files: Record<string, string | undefined> }[] }
      const files = new Set(
        cases.flatMap(({ files: { pckCrl, rootCaCrl } }) => [pckCrl, rootCaCrl]).filter((file) => file !== undefined),
      )
      expect(files.size).toBeGreaterThan(40)
      for (const file of files) expect(decodeIntelCrl(vectors.read(file), file).crlNumber, file).toBeDefined()
    })
})

describe('H14 a NUL at the end, as Open Enclave delivers strings', () => {
  const hint = 'ends with a NUL, as C writes it (Open Enclave): take it off'
  test.each([
    ['tcbInfo', 'tcb-info-format', `TCB Info: ${hint}`],
    ['qeIdentity', 'qe-identity-format', `QE identity: ${hint}`],
    ['rootCaCrl', 'crl-parse', `rootCaCrl: ${hint}`],
    ['pckCrl', 'crl-parse', `pckCrl: ${hint}`],
  ] as const)('%s', async (item, code, message) => {
    for (const tee of ['tdx', 'sgx'] as const) {
      const endorsements = await attester.endorsements({ tee })
      const { [item]: text } = endorsements
      const refusal = await refusalOf((tee === 'tdx' ? tdx : sgx)({ items: { [item]: `${text}\0` } }))
      expect([refusal.code, refusal.message]).toEqual([code, message])
    }
  })
})

describe('H14 a PCK certificate that the root itself issued', () => {
  test.each([
    ['in the usual order', [0, 1, 2]],
    ['the root in the middle', [0, 2, 1]],
    ['the root first', [2, 1, 0]],
  ] as const)('%s', async (_how, order) => {
    const keys = new Map(attester.keys)
    // Its issuer's name and its signature are the root's.
    const issuer = [{ CN: ['Intel SGX Root CA'] }, { O: ['veritee tests, NOT Intel'] }, { C: ['US'] }]
    const signedBy = keys.get('root')
    if (signedBy === undefined) throw new Error('no root')
    const direct = await createIntelAttester({ now, keys, certificates: { pck: { issuer, signedBy } } })
    const { pck, platform, root } = direct.certificates
    const sent = [pck, platform, root] as const
    const certificationData = new TextEncoder().encode(pem(...order.map((i) => sent[i])))
    for (const [tee, verify] of [
      ['tdx', tdx],
      ['sgx', sgx],
    ] as const) {
      const options = { trustAnchors: [root], endorsements: await direct.endorsements({ tee }) }
      const refusal = await refusalOf(verify({ quote: { certificationData }, options }))
      expect(refusal).toBeInstanceOf(VerificationError)
      expect([refusal.code, refusal.message]).toEqual([
        'cert-chain-name',
        'issuer of PCK certificate is not CA of the PCK, or is itself',
      ])
    }
  })

  test('what has no root at all is reported by the certificate that stands in its place', async () => {
    const { pck, platform } = attester.certificates
    const certificationData = new TextEncoder().encode(pem(pck, platform, platform))
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', platform))
    await refuses(
      { quote: { certificationData } },
      'root-mismatch',
      new RegExp(`found ${Buffer.from(digest).toString('hex')}$`),
    )
  })
})

describe('H14 JSON that was parsed and written again', () => {
  const hint = ' (with white space, unlike what Intel serves: parsed and written again?)'
  const rewritten = (document: string): string => JSON.stringify(JSON.parse(document), null, 2)
  test.each([
    ['tcbInfoDocument', 'tcb-info-signature', 'TCB Info'],
    ['qeIdentityDocument', 'qe-identity-signature', 'QE identity'],
  ] as const)('%s', async (document, code, name) => {
    await refuses(
      { endorsements: { [document]: rewritten } },
      code,
      `${name}, every byte as served: signature does not match Intel's TCB signing key${hint}`,
    )
    // Without white space there is no such sign: a number that was changed, say.
    await refuses(
      {
        endorsements: {
          [document]: (text: string) => text.replace('"tcbEvaluationDataNumber":20', '"tcbEvaluationDataNumber":21'),
        },
      },
      code,
      `${name}, every byte as served: signature does not match Intel's TCB signing key`,
    )
  })

  test('white space outside of the body is no part of what is signed, and inside of a text no sign', async () => {
    const outside = (document: string): string => document.replace('{', '{ ').replace(',"signature"', ' ,\n"signature"')
    await expect(tdx({ endorsements: { tcbInfoDocument: outside } })).resolves.toBeDefined()
    const spaced = (body: string): string => body.replace(/^\{/, '{ "text": "a, b", ')
    const { checks } = await tdx({ endorsements: { tcbInfoText: spaced } })
    expect(checks.find(({ id }) => id === 'tcb-info-signature')).toMatchObject({ outcome: 'pass', actual: undefined })
  })
})
