/**
 * The reader of quotes: every field of every quote of the vectors, and what becomes of quotes that
 * lose or change a bit.
 */
import { refusalOf } from '../../../support/refusal.ts'
import { describe, expect, test } from 'vitest'
import { VerificationError } from '../../../../src/core/errors.ts'
import { decodeQuote, type Quote } from '../../../../src/formats/intel/quote/quote.ts'
import { decodeSgxEvidence, verifySgx } from '../../../../src/formats/intel/sgx/index.ts'
import { decodeTdxEvidence, verifyTdx } from '../../../../src/formats/intel/tdx/index.ts'
import { recordChecks } from '../../../../src/core/record.ts'
import { hex, pattern } from '../../../attester/bytes.ts'
import { attester, makeSgx, makeTdx } from '../made.ts'
import { openIntelVectors } from '../intel-vectors.ts'

const decode = (bytes: Uint8Array<ArrayBuffer>): Quote => decodeQuote(bytes, recordChecks())

/** Bytes as the manifest has them, numbers as they are. */
const plain = (value: unknown): unknown => (value instanceof Uint8Array ? hex(value) : value)

const vectors = openIntelVectors()
if (typeof vectors === 'string') {
  test.skip(vectors)
} else {
  const { quotes } = vectors.manifest
  // Two that are refused, which the cases of the manifest cover.
  const broken = ['syn/sgx5-tee-mismatch', 'syn/sgx3-pck-no-sgx-extension']
  const described = Object.entries(quotes).filter(
    ([name, { fields }]) => fields !== undefined && !broken.includes(name),
  )

  test('all quotes are described', () => {
    expect(described.length).toBeGreaterThanOrEqual(33)
  })

  describe('fields of', () => {
    test.each(described)('%s', (name, { fields, pck, tee }) => {
      if (fields === undefined) throw new Error('described')
      const bytes = vectors.quote(name)
      const quote = decode(bytes)
      const { header, body, qeReport, qeAuthData, certificationDataType } = quote
      expect(body.tee).toBe(tee)
      expect(body.type).toBe(fields.bodyType)
      expect(header.version).toBe(fields.header.version)
      expect(hex(header.userData)).toBe(fields.header.userData)
      expect(certificationDataType).toBe(fields.certDataType)
      expect(quote.signedBytes.length + 4 + signatureDataSize(quote)).toBe(fields.quoteLength)
      expect(bytes.length - fields.quoteLength).toBe(fields.trailingBytes)
      expect({
        isvSvn: qeReport.isvSvn,
        isvProdId: qeReport.isvProdId,
        mrSigner: hex(qeReport.mrSigner),
        authDataLength: qeAuthData.length,
      }).toEqual(fields.qe)

      const evidence = body.tee === 'tdx' ? decodeTdxEvidence(bytes) : decodeSgxEvidence(bytes)
      const report: Record<string, unknown> = { ...evidence, ...(body.tee === 'tdx' ? body.report.extension : {}) }
      // The manifest has MISCSELECT as a number, and VMID as a byte.
      const { miscSelect, vmid, ...rest } = fields.report
      for (const [field, value] of Object.entries(rest)) expect([field, plain(report[field])]).toEqual([field, value])
      if (miscSelect !== undefined)
        expect(new DataView((report.miscSelect as Uint8Array<ArrayBuffer>).buffer).getUint32(0, true)).toBe(miscSelect)
      if (vmid !== undefined) expect(hex(Uint8Array.of(report.vmId as number))).toBe(vmid)

      expect(evidence.certificates).toHaveLength(fields.certDataType === 5 ? 3 : 0)
      const { platform } = evidence
      if (pck === undefined || platform === undefined) return
      expect({
        fmspc: platform.fmspc,
        pceId: platform.pceId,
        ppid: hex(platform.ppid),
        cpuSvn: hex(platform.cpuSvn),
        pceSvn: platform.pceSvn,
        tcbComponents: platform.tcbComponents,
        sgxType: ['standard', 'scalable', 'scalable-with-integrity'].indexOf(platform.sgxType),
        platformInstanceId: platform.platformInstanceId && hex(platform.platformInstanceId),
        configuration: platform.configuration,
        ca: `Intel SGX PCK ${platform.ca === 'platform' ? 'Platform' : 'Processor'} CA`,
      }).toEqual({
        fmspc: pck.fmspc,
        pceId: pck.pceId,
        ppid: pck.ppid,
        cpuSvn: pck.cpuSvn,
        pceSvn: pck.pceSvn,
        tcbComponents: pck.tcbComponents,
        sgxType: pck.sgxType,
        platformInstanceId: pck.platformInstanceId ?? undefined,
        configuration: pck.configuration ?? undefined,
        ca: pck.ca,
      })
    })
  })
}

/** From the sizes of its parts. */
function signatureDataSize({ header, qeAuthData, certificationData }: Quote): number {
  return 64 + 64 + (header.version === 3 ? 0 : 6) + 384 + 64 + 2 + qeAuthData.length + 6 + certificationData.length
}

test('a Node Buffer, and a view into a larger one, are read like the bytes that they hold', async () => {
  const { evidence, options } = await makeTdx()
  const pool = Buffer.concat([pattern(100), evidence, pattern(100)])
  await expect(verifyTdx(pool.subarray(100, 100 + evidence.length), options)).resolves.toBeDefined()
})

test('each decoder refuses the quotes of the other', async () => {
  const [td, enclave] = [await makeTdx(), await makeSgx()]
  const tee = async (promise: Promise<unknown>): Promise<string> => {
    const { code, message } = await refusalOf(promise)
    return `${code}: ${message}`
  }
  expect(await tee(verifyTdx(enclave.evidence, td.options))).toBe(
    'quote-tee: TEE of the quote: expected tdx, found sgx',
  )
  expect(await tee(verifySgx(td.evidence, enclave.options))).toBe(
    'quote-tee: TEE of the quote: expected sgx, found tdx',
  )
  expect(() => decodeTdxEvidence(enclave.evidence)).toThrow(VerificationError)
  expect(() => decodeSgxEvidence(td.evidence)).toThrow(VerificationError)
  expect(() => decodeTdxEvidence('quote' as never)).toThrow(new TypeError('evidence must be a Uint8Array'))
})

test('what is decoded shares no memory with the quote', async () => {
  const { evidence } = await makeTdx()
  const { mrTd, certificates, qeReport, userData } = decodeTdxEvidence(evidence)
  for (const bytes of [mrTd, qeReport.mrSigner, userData]) expect(bytes.buffer.byteLength).toBe(bytes.length)
  const before = hex(mrTd)
  evidence.fill(0)
  expect(hex(mrTd)).toBe(before)
  expect(certificates.map((der) => hex(der))).toEqual(
    (['pck', 'platform', 'root'] as const).map((id) => hex(attester.certificates[id])),
  )
})

test('certificates that cannot be read are said to be so', async () => {
  const text = (pem: string): Uint8Array => new TextEncoder().encode(pem)
  const chain = async (certificationData: Uint8Array): Promise<Uint8Array> =>
    attester.quote({ quote: (quote) => quote, certificationData })
  expect(() => decodeTdxEvidence(new Uint8Array(0))).toThrow(/bytes of quote: expected 1 to 65536, found 0/)
  await expect(chain(text('x')).then(decodeTdxEvidence)).rejects.toThrow(/PCK certificate chain: no PEM block/)
  await expect(chain(text(attester.signerChain)).then(decodeTdxEvidence)).rejects.toThrow(
    /PCK certificate: no SGX extension/,
  )
})

describe('one bit anywhere', () => {
  test.each(['tdx', 'sgx'] as const)('of a quote of %s: refused, or a bit that nothing covers', async (tee) => {
    const { evidence, options } = await (tee === 'tdx' ? makeTdx({ quote: { version: 5 } }) : makeSgx())
    const verify = (bytes: Uint8Array): Promise<unknown> =>
      tee === 'tdx' ? verifyTdx(bytes, options as never) : verifySgx(bytes, options as never)
    const accepted: number[] = []
    const length = evidence.length
    // Each byte up to the certificates, then one in seven: those are text, checked as such
    // elsewhere.
    for (let at = 0; at < length; at += at < 1400 ? 1 : 7) {
      const changed = new Uint8Array(evidence)
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8))
      const outcome = await verify(changed).then(
        () => undefined,
        (error: unknown) => error,
      )
      if (outcome === undefined) accepted.push(at)
      else expect(outcome, `byte ${at}`).toBeInstanceOf(VerificationError)
    }
    // Ends of lines of PEM, which no signature covers, and its NUL: nothing else.
    const tolerated = accepted.map((at) => String.fromCharCode(evidence[at] ?? 0))
    expect(tolerated.every((character) => character === '\n' || character === '\0')).toBe(true)
  })
})
