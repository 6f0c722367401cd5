/**
 * A verifier that is wrong in one place accepts what it must not, or reads what is not there; with
 * a second opinion it does neither. Each slip is shown to matter first: alone, the verifier is
 * fooled.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { allowDebug, skipReferenceValues } from '../../src/formats/aws/nitro/index.ts'
import { skipReportData } from '../../src/formats/intel/sgx/index.ts'
import { SecondOpinionError, withSecondOpinion } from '../../src/second-opinion/index.ts'
import { makeFolder, removeFolder } from '../portable/cleanup.ts'
import { fixture, type Question, skipLine, snpVectors } from './corpus.ts'
import { type Slip, sabotaged, trueSignature } from './sabotage.ts'

interface Mutant extends Slip {
  readonly what: string
  /** Evidence with which the slip is seen. */
  readonly question: () => Question
  /** What the second opinion finds. */
  readonly found: RegExp
}

const anyCode = { referenceValues: skipReferenceValues }
const asked =
  (path: string, change: object = {}): (() => Question) =>
  () => {
    const own = fixture(path)
    return { ...own, options: { ...own.options, ...change } }
  }

const mutants: readonly Mutant[] = [
  {
    what: 'a signature holds whatever WebCrypto says, over a document',
    ...trueSignature,
    question: asked('nitro/tampered-payload', anyCode),
    found: /cose-signature|cert-/,
  },
  {
    what: 'a signature holds whatever WebCrypto says, over a quote',
    ...trueSignature,
    question: asked('tdx/tampered-quote', anyCode),
    found: /quote-signature/,
  },
  {
    what: 'a chain may have any root',
    file: 'x509/path.ts',
    from: 'holds: roots.includes(root)',
    to: 'holds: root.length > 0',
    question: asked('nitro/wrong-root-same-name'),
    found: /root-mismatch/,
  },
  {
    what: "a chain of Intel's may have any root",
    file: 'x509/path.ts',
    from: 'holds: roots.includes(root)',
    to: 'holds: root.length > 0',
    question: asked('tdx/wrong-root-same-name'),
    found: /root-mismatch/,
  },
  {
    what: 'a CA may be below any other',
    file: 'x509/path.ts',
    from: 'if (below > allowed)',
    to: 'if (below > allowed + 9)',
    question: asked('nitro/path-length-exceeded'),
    found: /cert-path-length/,
  },
  {
    what: 'an issuer is not compared',
    file: 'x509/path.ts',
    from: '!equalBytes(issuer, parent.subject) ||',
    to: '',
    question: asked('nitro/wrong-issuer-name'),
    found: /cert-chain-name/,
  },
  {
    what: 'a CA may sign evidence',
    file: 'x509/path.ts',
    from: 'demand((basicConstraints?.cA === true) === isCa, `${must} be a CA`)\n  demand(((keyUsage & KEY_CERT_SIGN) !== 0) === isCa, `${must} have keyCertSign`)',
    to: '',
    question: asked('nitro/leaf-is-ca'),
    found: /cert-extension/,
  },
  {
    what: 'dates are not looked at',
    file: 'core/time.ts',
    from: 'return now >= notBefore - skewMs && now <= notAfter + skewMs',
    to: 'return now + notBefore + notAfter + skewMs > 0',
    question: asked('nitro/expired-intermediate'),
    found: /cert-validity/,
  },
  {
    what: 'what a list revokes is not looked for',
    file: 'x509/crl.ts',
    from: 'if (!equalBytes(contentOf(serial), serialNumber)) continue',
    to: 'if (serialNumber.length > 0) continue',
    question: asked('tdx/revoked-platform'),
    found: /crl-revoked/,
  },
  {
    what: 'of two entries with one key, the last one counts',
    file: 'encoding/cbor.ts',
    from: 'if (map.has(key)) refuse(`duplicate key ${JSON.stringify(key)}`)',
    to: '',
    question: asked('nitro/duplicate-pcr', { ...anyCode, debug: allowDebug }),
    found: /payload-cbor.*twice/,
  },
  {
    what: 'bytes behind the document are not seen',
    file: 'encoding/reader.ts',
    from: 'export function end(',
    to: 'export function end(): void {}\nexport function formerEnd(',
    question: asked('nitro/trailing-byte'),
    found: /cose-shape.*left over/,
  },
  {
    what: 'the measurement of a TD is read 48 bytes too far',
    file: 'formats/intel/quote/report.ts',
    from: 'mrTd: field(48),\n    mrConfigId: field(48),',
    to: 'mrConfigId: field(48),\n    mrTd: field(48),',
    question: asked('tdx/valid', anyCode),
    found: /differ in claims\.mr(Td|ConfigId)/,
  },
  {
    what: 'MRSIGNER is read in place of MRENCLAVE',
    file: 'formats/intel/quote/report.ts',
    from: '    mrEnclave,\n    mrSigner,\n',
    to: '    mrEnclave: mrSigner,\n    mrSigner,\n',
    question: asked('sgx/valid', anyCode),
    found: /differ in claims\.mrEnclave/,
  },
  {
    what: 'registers of an enclave are one off',
    file: 'formats/aws/evidence.ts',
    from: 'pcrs.set(`PCR${index}`',
    to: 'pcrs.set(`PCR${(index + 1) % 32}`',
    question: asked('nitro/valid', { ...anyCode, debug: allowDebug }),
    found: /differ in claims\.pcrs/,
  },
  {
    what: 'any reference value fits',
    file: 'appraisal/tests.ts',
    from: 'return { expected: toHex(value), value, passes: (found) => equalBytes(found, value) }',
    to: 'return { expected: toHex(value), value, passes: (found) => found.length > 0 }',
    question: asked('tdx/wrong-rtmr'),
    found: /policy-measurements/,
  },
  {
    what: 'any nonce will do',
    file: 'appraisal/binding.ts',
    from: 'found !== undefined && equalBytes(found, expected)',
    to: 'found !== undefined',
    question: asked('nitro/replayed-nonce'),
    found: /policy-nonce/,
  },
  {
    what: 'any report data will do',
    file: 'appraisal/binding.ts',
    from: 'found !== undefined && equalBytes(found, expected)',
    to: 'found !== undefined',
    question: asked('sgx/wrong-report-data'),
    found: /policy-report-data/,
  },
  {
    what: 'the key that signed a quote may be any',
    file: 'formats/intel/collateral/signatures.ts',
    from: '{ holds: bound === expected,',
    to: '{ holds: bound.length === expected.length,',
    question: asked('tdx/swapped-key'),
    found: /attestation-key-binding/,
  },
  {
    what: 'the highest level is taken, reached or not',
    file: 'formats/intel/evaluate.ts',
    from: 'const level = levels.find(reached)',
    to: 'const level = levels.find(() => reached !== undefined)',
    question: asked('tdx/below-every-level'),
    found: /tcb-not-supported/,
  },
  {
    what: 'a debug bit is overlooked',
    file: 'formats/intel/tdx/evidence.ts',
    from: 'tdAttributes[0] !== 0',
    to: 'tdAttributes[1] !== 0',
    question: asked('tdx/debug', anyCode),
    found: /policy-debug/,
  },
  {
    what: 'a signature holds whatever WebCrypto says, over a token',
    ...trueSignature,
    question: asked('cca/flipped-signature'),
    found: /platform-signature|realm-signature/,
  },
  {
    what: 'a platform may vouch for any key of a realm',
    file: 'formats/arm/cca/verify.ts',
    from: 'holds: equalBytes(binding, keyHash),',
    to: 'holds: binding.length === keyHash.length,',
    question: asked('cca/other-binding'),
    found: /attestation-key-binding/,
  },
  {
    what: 'who signed a component is read in place of what it is',
    file: 'formats/arm/components.ts',
    from: "claim(map, [2, 'measurement'], readDigest)",
    to: "claim(map, [5, 'measurement'], readDigest)",
    question: asked('cca/valid-anything'),
    found: /differ in claims\.platform\.softwareComponents/,
  },
  {
    what: 'any state of a device will do',
    file: 'formats/arm/lifecycle.ts',
    from: 'holds: accepted.includes(lifecycleState),',
    to: 'holds: accepted.length > 0,',
    question: asked('psa/decommissioned'),
    found: /policy-lifecycle/,
  },
  {
    what: 'a serial number is compared with the zero that says that it is positive',
    file: 'formats/android/key/status-list.ts',
    from: "hexadecimal.toLowerCase().replace(/^0+/, '')",
    to: 'hexadecimal.toLowerCase()',
    question: asked('android-key/revoked'),
    found: /status-revoked/,
  },
  {
    what: 'a key may come from outside',
    file: 'formats/android/key/appraise.ts',
    from: 'holds: origin === 0,',
    to: 'holds: origin !== undefined,',
    question: asked('android-key/imported'),
    found: /policy-key/,
  },
  {
    what: 'an attestation may be for any client data',
    file: 'formats/apple/app-attest/verify.ts',
    from: 'holds: equalBytes(found, expected),',
    to: 'holds: found.length === expected.length,',
    question: asked('app-attest/other-client-data'),
    found: /app-attest-nonce/,
  },
]

const ofAmd =
  (id: string | ((question: Question) => boolean), change?: (question: Question) => Question): (() => Question) =>
  () => {
    const found = snpVectors().find((question) => (typeof id === 'string' ? question.name === id : id(question)))
    if (found === undefined) throw new Error(`no vector ${String(id)}`)
    return change === undefined ? found : change(found)
  }
const anyGuest = { referenceValues: skipReferenceValues, reportData: skipReportData }
const sound = 'syn-ok-genoa-v5'

const mutantsOfAmd: readonly Mutant[] = [
  {
    what: 'the measurement of a guest is read 16 bytes too early',
    file: 'formats/amd/sev-snp/report.ts',
    from: 'measurement: field(0x090, 48)',
    to: 'measurement: field(0x080, 48)',
    question: ofAmd(sound, (question) => ({ ...question, options: { ...question.options, ...anyGuest } })),
    found: /differ in claims\.measurement/,
  },
  {
    what: 'a signature holds whatever WebCrypto says, over a report',
    ...trueSignature,
    question: ofAmd(sound, (question) => {
      const evidence = question.evidence.slice()
      evidence[0x90] = (evidence[0x90] ?? 0) ^ 1
      return { ...question, evidence, options: { ...question.options, ...anyGuest } }
    }),
    found: /report-signature/,
  },
]

let folder: string
beforeAll(async () => {
  folder = await makeFolder()
})
afterAll(() => removeFolder(folder))

async function expectCaught({ question, found, ...slip }: Mutant): Promise<void> {
  const { format, evidence, options } = question()
  const verify = await sabotaged(format, slip, folder)
  // Alone it is fooled.
  expect(await verify(evidence, options)).toMatchObject({ format })
  const error: unknown = await withSecondOpinion(verify)(evidence, options).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(SecondOpinionError)
  const { code, message, first, second } = error as SecondOpinionError
  expect(code).toBe('second-opinion-disagrees')
  expect(message).toMatch(found)
  expect(first).toMatchObject({ says: 'accepts', format })
  expect(second.format).toBe(format)
}

describe('a verifier with one slip', () => {
  test.each(mutants.map((mutant) => [mutant.what, mutant] as const))('%s', async (_what, mutant) => {
    await expectCaught(mutant)
  })

  if (skipLine !== undefined) test.skip(skipLine)
  else
    test.each(mutantsOfAmd.map((mutant) => [mutant.what, mutant] as const))('%s', async (_what, mutant) => {
      await expectCaught(mutant)
    })

  test('a slip that is not there would be told', async () => {
    await expect(sabotaged('nitro', { file: 'x509/path.ts', from: 'no such text', to: '' }, folder)).rejects.toThrow(
      'does not have this once',
    )
    await expect(
      sabotaged('nitro', { file: 'x509/crl.ts', from: 'export function refuseRevoked', to: '' }, folder),
    ).rejects.toThrow()
  })
})
