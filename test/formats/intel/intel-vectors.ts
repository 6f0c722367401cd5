/**
 * The shared vectors of Intel, as the verifiers take them: files become the plain object that a
 * caller would hand over.
 */
import type { DcapEndorsements } from '../../../src/formats/intel/collateral/endorsements.ts'
import { findVectors } from '../../support/vectors.ts'

/** One case of the manifest; its `about` explains the fields. */
export interface IntelCase {
  readonly id: string
  readonly kind: 'real' | 'vendor-sample' | 'mutated' | 'synthetic'
  readonly quote: string
  readonly files: Readonly<Partial<Record<CaseFile, string>>> & { readonly root: string }
  readonly timeUnix: number
  readonly tags?: readonly string[]
  readonly expect: IntelExpectation
  readonly oracles: Readonly<Record<string, string>>
}

export type CaseFile =
  'tcbInfo' | 'qeIdentity' | 'pckCrl' | 'rootCaCrl' | 'tcbSigningChain' | 'pckCrlIssuerChain' | 'pckChain' | 'root'

export interface IntelExpectation {
  readonly result: 'status' | 'reject' | 'signatures-valid'
  readonly reason?: string
  readonly reasonAnyOf?: readonly string[]
  readonly tcbStatus?: string
  readonly platformTcbStatus?: string
  readonly tdxModuleTcbStatus?: string
  readonly qeTcbStatus?: string
  readonly launchTcbStatus?: string
  readonly currentTcbStatus?: string
  readonly tcbDate?: string
  readonly advisoryIDs?: readonly string[]
  readonly tcbEvaluationDataNumber?: { readonly tcbInfo: number; readonly qeIdentity: number }
  readonly debug?: boolean
  readonly serviceTd?: boolean
  readonly septVeDisable?: boolean
}

interface QuoteEntry {
  readonly file: string
  readonly tee?: 'sgx' | 'tdx'
  readonly version?: number
  readonly fields?: QuoteFields
  readonly pck?: PckFields
}

/** What the manifest says stands in a quote; bytes in hexadecimal. */
export interface QuoteFields {
  readonly header: Readonly<Record<string, unknown>>
  readonly bodyType: number
  readonly report: Readonly<Record<string, unknown>>
  readonly qe: {
    readonly isvSvn: number
    readonly isvProdId: number
    readonly mrSigner: string
    readonly authDataLength: number
  }
  readonly certDataType: number
  readonly quoteLength: number
  readonly trailingBytes: number
}

export interface PckFields {
  readonly ca: string
  readonly serial: string
  readonly ppid: string
  readonly tcbComponents: readonly number[]
  readonly pceSvn: number
  readonly cpuSvn: string
  readonly pceId: string
  readonly fmspc: string
  readonly sgxType: number
  readonly platformInstanceId: string | null
  readonly configuration: Readonly<Record<string, boolean>> | null
}

export interface IntelManifest {
  readonly quotes: Readonly<Record<string, QuoteEntry>>
  readonly cases: readonly IntelCase[]
}

/** The vectors, opened. */
export interface IntelVectors {
  readonly manifest: IntelManifest
  readonly read: (file: string) => Uint8Array<ArrayBuffer>
  readonly quote: (name: string) => Uint8Array<ArrayBuffer>
  /** `undefined` for Intel's own root: then what this library pins must do. */
  readonly trustAnchors: (entry: IntelCase) => readonly Uint8Array[] | undefined
  readonly endorsements: (entry: IntelCase) => DcapEndorsements
}

/** Whatever stands there is named: MRSERVICETD, and the two hashes of body type 4. */
export function serviceTdsOf(quote: Uint8Array): Uint8Array[] {
  return quote[0] === 5
    ? [654, 783, 883].map((at) => quote.slice(at, at + 48)).filter(({ length }) => length === 48)
    : []
}

const intelRoot = 'roots/intel-sgx-root-ca.der'

/** @returns the vectors, or the line that says why their tests are skipped */
export function openIntelVectors(): IntelVectors | string {
  const vectors = findVectors('intel')
  if (!vectors.found) return vectors.skipLine
  const { read } = vectors
  const manifest = vectors.manifest as IntelManifest
  const text = (file: string): string => new TextDecoder().decode(read(file))
  const base64 = (file: string): string => Buffer.from(read(file)).toString('base64')
  return {
    manifest,
    read,
    quote(name) {
      const entry = manifest.quotes[name]
      if (entry === undefined) throw new Error(`no quote ${name}`)
      return read(entry.file)
    },
    trustAnchors: ({ files: { root } }) => (root === intelRoot ? undefined : [read(root)]),
    endorsements({ files }) {
      const { tcbInfo, qeIdentity, pckCrl, rootCaCrl, tcbSigningChain, pckChain } = files
      return {
        tcbInfo: tcbInfo === undefined ? '' : text(tcbInfo),
        tcbInfoIssuerChain: tcbSigningChain === undefined ? '' : text(tcbSigningChain),
        qeIdentity: qeIdentity === undefined ? '' : text(qeIdentity),
        qeIdentityIssuerChain: tcbSigningChain === undefined ? '' : text(tcbSigningChain),
        pckCrl: pckCrl === undefined ? '' : base64(pckCrl),
        rootCaCrl: rootCaCrl === undefined ? '' : base64(rootCaCrl),
        ...(pckChain !== undefined && { pckCertificateChain: text(pckChain) }),
      }
    },
  }
}
