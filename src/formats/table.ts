/**
 * The formats: one row each, and the only list of them. A format's code is loaded when its row is
 * asked for it.
 */
import type { AttestationResult } from '../core/result.ts'
import type { Bytes } from '../encoding/bytes.ts'
import { isSevSnpReport } from './amd/looks-like.ts'
import type { SevSnpOptions, SevSnpResult } from './amd/sev-snp/index.ts'
import type { CcaOptions, CcaResult } from './arm/cca/index.ts'
import { isCcaToken, isPsaToken } from './arm/looks-like.ts'
import type { PsaOptions, PsaResult } from './arm/psa/index.ts'
import type { AndroidKeyOptions, AndroidKeyResult } from './android/key/index.ts'
import { isAndroidKeyEvidence } from './android/looks-like.ts'
import type { AppAttestOptions, AppAttestResult } from './apple/app-attest/index.ts'
import { isAppAttestEvidence } from './apple/looks-like.ts'
import { isNitroDocument, isNitroTpmDocument } from './aws/looks-like.ts'
import type { NitroOptions, NitroResult } from './aws/nitro/index.ts'
import type { NitroTpmOptions, NitroTpmResult } from './aws/nitro-tpm/index.ts'
import { isAzureSevSnp, isAzureTdx } from './azure/looks-like.ts'
import { isSgxQuote, isTdxQuote } from './intel/looks-like.ts'
import type { SgxOptions, SgxResult } from './intel/sgx/index.ts'
import type { TdxOptions, TdxResult } from './intel/tdx/index.ts'

export type { SevSnpOptions, SevSnpResult } from './amd/sev-snp/index.ts'
export type { CcaOptions, CcaResult } from './arm/cca/index.ts'
export type { PsaOptions, PsaResult } from './arm/psa/index.ts'
export type { AndroidKeyOptions, AndroidKeyResult } from './android/key/index.ts'
export type { AppAttestOptions, AppAttestResult } from './apple/app-attest/index.ts'
export type { NitroOptions, NitroResult } from './aws/nitro/index.ts'
export type { NitroTpmOptions, NitroTpmResult } from './aws/nitro-tpm/index.ts'
export type { SgxOptions, SgxResult } from './intel/sgx/index.ts'
export type { TdxOptions, TdxResult } from './intel/tdx/index.ts'

/** One row. */
export interface Format<Name extends string, Options, Result extends AttestationResult<Name>> {
  readonly name: Name
  /**
   * Whether evidence has the shape of this format. The first row that says so is right: some
   * reports of SEV-SNP begin like quotes of SGX.
   */
  readonly looksLike: (evidence: Bytes) => boolean
  /** Loads the verifier. */
  readonly load: () => Promise<(evidence: Uint8Array, options: Options) => Promise<Result>>
}

/** The formats of this version. */
export type Formats = readonly [
  Format<'sev-snp', SevSnpOptions, SevSnpResult>,
  Format<'nitro', NitroOptions, NitroResult>,
  Format<'nitro-tpm', NitroTpmOptions, NitroTpmResult>,
  Format<'tdx', TdxOptions, TdxResult>,
  Format<'sgx', SgxOptions, SgxResult>,
  Format<'cca', CcaOptions, CcaResult>,
  Format<'psa', PsaOptions, PsaResult>,
  Format<'android-key', AndroidKeyOptions, AndroidKeyResult>,
  Format<'app-attest', AppAttestOptions, AppAttestResult>,
]

/** The rows, in the order in which evidence is tried. */
export const formats: Formats = [
  {
    name: 'sev-snp',
    looksLike: isSevSnpReport,
    load: async () => (await import('./amd/sev-snp/verify.ts')).verifySevSnp,
  },
  {
    name: 'nitro',
    looksLike: isNitroDocument,
    load: async () => (await import('./aws/nitro/index.ts')).verifyNitro,
  },
  {
    name: 'nitro-tpm',
    looksLike: isNitroTpmDocument,
    load: async () => (await import('./aws/nitro-tpm/index.ts')).verifyNitroTpm,
  },
  {
    name: 'tdx',
    looksLike: isTdxQuote,
    load: async () => (await import('./intel/tdx/verify.ts')).verifyTdx,
  },
  {
    name: 'sgx',
    looksLike: isSgxQuote,
    load: async () => (await import('./intel/sgx/verify.ts')).verifySgx,
  },
  {
    name: 'cca',
    looksLike: isCcaToken,
    load: async () => (await import('./arm/cca/verify.ts')).verifyCca,
  },
  {
    name: 'psa',
    looksLike: isPsaToken,
    load: async () => (await import('./arm/psa/verify.ts')).verifyPsa,
  },
  {
    name: 'android-key',
    looksLike: isAndroidKeyEvidence,
    load: async () => (await import('./android/key/verify.ts')).verifyAndroidKey,
  },
  {
    name: 'app-attest',
    looksLike: isAppAttestEvidence,
    load: async () => (await import('./apple/app-attest/verify.ts')).verifyAppAttest,
  },
]

/** The kinds of evidence that this version verifies. */
export type EvidenceFormat = Formats[number]['name']

/** Options per format: evidence of a format without options is refused. */
export type EvidenceOptions = {
  readonly [One in Formats[number] as One['name']]?: Parameters<Awaited<ReturnType<One['load']>>>[1]
}

/** The result of a format that `format` names. */
export type EvidenceResult = Awaited<ReturnType<Awaited<ReturnType<Formats[number]['load']>>>>

/**
 * A cloud's wrapping of another format. It takes more than these bytes to verify it, hence a
 * function of its own.
 */
export interface Carrier<Name extends string> {
  readonly name: Name
  /** The function that verifies it, and the entry that exports it. */
  readonly verifier: string
  readonly looksLike: (evidence: Bytes) => boolean
}

/** The wrappings that this version knows. */
export type Carriers = readonly [Carrier<'azure-sev-snp'>, Carrier<'azure-tdx'>]

/** The wrappings, one row each. */
export const carriers: Carriers = [
  { name: 'azure-sev-snp', verifier: 'verifyAzureSevSnp of veritee/azure', looksLike: isAzureSevSnp },
  { name: 'azure-tdx', verifier: 'verifyAzureTdx of veritee/azure', looksLike: isAzureTdx },
]

/** Evidence of another format inside a cloud's wrapping. */
export type EvidenceCarrier = Carriers[number]['name']
