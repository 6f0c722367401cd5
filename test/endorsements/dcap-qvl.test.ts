/**
 * Collateral in the shape of dcap-qvl: what comes out is what Intel served, byte for byte, and
 * verifies; what is of another shape is refused with its name.
 */
import { describe, expect, test } from 'vitest'
import { type DcapQvlCollateral, fromDcapQvl } from '../../src/endorsements/index.ts'
import { VerificationError } from '../../src/core/errors.ts'
import { skipReferenceValues, skipReportData, verifySgx } from '../../src/formats/intel/sgx/index.ts'
import { verifyTdx } from '../../src/formats/intel/tdx/index.ts'
import { hex } from '../attester/bytes.ts'
import { attester, makeSgx, makeTdx } from '../formats/intel/made.ts'
import { openIntelVectors } from '../formats/intel/intel-vectors.ts'
import type { DcapEndorsements } from '../../src/formats/intel/collateral/endorsements.ts'

const bytesOf = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'))

/** As dcap-qvl takes Intel's answers apart. */
function apart(endorsements: DcapEndorsements, write: (bytes: Uint8Array) => unknown = hex): DcapQvlCollateral {
  const split = (document: string, member: string): [string, Uint8Array] => {
    const [, body = '', signature = ''] =
      new RegExp(`^\\s*\\{\\s*"${member}"\\s*:\\s*(\\{[^]*\\})\\s*,\\s*"signature"\\s*:\\s*"(.*)"\\s*\\}\\s*$`).exec(
        document,
      ) ?? []
    return [body, new Uint8Array(Buffer.from(signature, 'hex'))]
  }
  const [tcbInfo, tcbInfoSignature] = split(endorsements.tcbInfo, 'tcbInfo')
  const [qeIdentity, qeIdentitySignature] = split(endorsements.qeIdentity, 'enclaveIdentity')
  return {
    pck_crl_issuer_chain: 'not looked at',
    tcb_info: tcbInfo,
    tcb_info_signature: write(tcbInfoSignature),
    tcb_info_issuer_chain: endorsements.tcbInfoIssuerChain,
    qe_identity: qeIdentity,
    qe_identity_signature: write(qeIdentitySignature),
    qe_identity_issuer_chain: endorsements.qeIdentityIssuerChain,
    pck_crl: write(bytesOf(endorsements.pckCrl)),
    root_ca_crl: write(bytesOf(endorsements.rootCaCrl)),
  } as unknown as DcapQvlCollateral
}

const sound = await attester.endorsements()
const collateral = apart(sound)

describe('H14 fromDcapQvl', () => {
  test.each([
    ['hexadecimal, as Rust writes it', hex],
    ['hexadecimal in capitals', (bytes: Uint8Array) => hex(bytes).toUpperCase()],
    ['arrays of numbers, as JavaScript has them', (bytes: Uint8Array) => [...bytes]],
    ['bytes', (bytes: Uint8Array) => bytes],
  ] as const)('%s', async (_how, write) => {
    const given = apart(sound, write)
    const converted = fromDcapQvl(given)
    expect(converted).toEqual(sound)
    expect(Object.isFrozen(converted)).toBe(true)
    const tdx = await makeTdx()
    await expect(verifyTdx(tdx.evidence, { ...tdx.options, endorsements: converted })).resolves.toBeDefined()
    const sgx = await makeSgx()
    const ofSgx = fromDcapQvl(apart(sgx.options.endorsements, write))
    await expect(verifySgx(sgx.evidence, { ...sgx.options, endorsements: ofSgx })).resolves.toBeDefined()
  })

  test('a chain of the PCK certificate goes along, and null is none', () => {
    expect(fromDcapQvl({ ...collateral, pck_certificate_chain: attester.pckChain })).toEqual({
      ...sound,
      pckCertificateChain: attester.pckChain,
    })
    expect(fromDcapQvl({ ...collateral, pck_certificate_chain: null })).toEqual(sound)
  })

  const refused = (change: Readonly<Record<string, unknown>>): string => {
    try {
      fromDcapQvl({ ...collateral, ...change })
    } catch (error) {
      if (error instanceof VerificationError) return `${error.code} ${error.message}`
      throw error
    }
    return 'accepted'
  }
  const text = 'must be text of 1 to 1048576 characters'
  const bytes = 'must be hexadecimal digits without anything else, or bytes'
  const body = 'must be the body alone: {…}'
  const terminated = 'ends with a NUL character, as strings of C do: take it off'
  test.each([
    ...['tcb_info', 'tcb_info_issuer_chain', 'qe_identity', 'qe_identity_issuer_chain'].flatMap((name) => [
      [name, undefined, text] as const,
      [name, '', text] as const,
      [name, 5, text] as const,
      [name, 'x'.repeat(1_048_577), text] as const,
    ]),
    ...['tcb_info_signature', 'qe_identity_signature', 'pck_crl', 'root_ca_crl'].flatMap((name) => [
      [name, undefined, bytes] as const,
      [name, '', bytes] as const,
      [name, '0x30', bytes] as const,
      [name, '3', bytes] as const,
      [name, ' 30', bytes] as const,
      [name, '30\n', bytes] as const,
      [name, 'MAA=', bytes] as const,
      [name, [256], bytes] as const,
      [name, [0.5], bytes] as const,
      [name, ['30'], bytes] as const,
    ]),
    ['tcb_info', ` ${collateral.tcb_info}`, body],
    ['tcb_info', sound.tcbInfo.slice(1), body],
    ['qe_identity', '[]', body],
    ['qe_identity', `${collateral.qe_identity}\0`, terminated],
    ['tcb_info', `${collateral.tcb_info}\0`, terminated],
    ['tcb_info_signature', 'ab'.repeat(63), 'must have 64 bytes, found 63'],
    ['qe_identity_signature', 'ab'.repeat(65), 'must have 64 bytes, found 65'],
    ['pck_crl', '0201', 'must be DER'],
    ['tcb_info_issuer_chain', 'no PEM', 'no PEM block labelled CERTIFICATE'],
    ['qe_identity_issuer_chain', '{}', 'no PEM block labelled CERTIFICATE'],
  ] as const)('%s: %j', (name, value, problem) => {
    expect(refused({ [name]: value })).toBe(`endorsement-format ${name}: ${problem}`)
  })

  test('a list that is none', () => {
    expect(refused({ root_ca_crl: '3000' })).toMatch(/^crl-parse root_ca_crl: /)
  })

  test.each([undefined, null, 'text', 5, [], new Map()])('%s is a mistake', (given) => {
    expect(() => fromDcapQvl(given as never)).toThrow(new TypeError('collateral must be a plain object'))
  })

  test('a body that was changed, or that smuggles a second one in, does not verify', async () => {
    const { evidence, options } = await makeTdx()
    for (const tcb_info of [
      collateral.tcb_info.replace('OutOfDate', 'UpToDate'),
      `${collateral.tcb_info},"tcbInfo":${collateral.tcb_info}`,
      `{},"x":${collateral.tcb_info}`,
    ]) {
      const endorsements = fromDcapQvl({ ...collateral, tcb_info })
      await expect(verifyTdx(evidence, { ...options, endorsements })).rejects.toMatchObject({
        code: expect.stringMatching(/^tcb-info-(format|signature)$/) as string,
      })
    }
  })

  const vectors = openIntelVectors()
  if (typeof vectors === 'string') test.skip(vectors)
  else
    test('genuine collateral of Intel, taken apart and put together, is what it was', async () => {
      const real = vectors.manifest.cases.filter(
        ({ kind, expect: { result }, files }) => kind === 'real' && result === 'status' && files.pckChain === undefined,
      )
      expect(real.length).toBeGreaterThan(40)
      for (const entry of real) {
        const endorsements = vectors.endorsements(entry)
        const converted = fromDcapQvl(apart(endorsements))
        for (const name of ['pckCrl', 'rootCaCrl'] as const) expect(converted[name]).toBe(endorsements[name])
      }
      const entry = real.find(({ quote, expect: { debug } }) => vectors.quote(quote)[4] === 0 && debug === false)
      if (entry === undefined) throw new Error('no quote of SGX')
      const result = await verifySgx(vectors.quote(entry.quote), {
        endorsements: fromDcapQvl(apart(vectors.endorsements(entry))),
        referenceValues: skipReferenceValues,
        reportData: skipReportData,
        acceptedTcbStatuses: [
          'SWHardeningNeeded',
          'ConfigurationAndSWHardeningNeeded',
          'OutOfDate',
          'OutOfDateConfigurationNeeded',
          'ConfigurationNeeded',
        ],
        now: new Date(entry.timeUnix * 1000),
      })
      expect(result.claims.tcbStatus).toBe(entry.expect.tcbStatus)
    })
})
