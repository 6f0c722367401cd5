/**
 * What examples take from the program of their reader, with its type: data, and functions that every
 * reader writes. No name of the library is among them, so that examples import what they use.
 */
import type OpenAIClient from 'openai'
import type { ProviderProfile } from '../../src/ai/index.ts'
import type { AttestedFetch, Verify } from '../../src/client/index.ts'
import type { IntelEndorsements, SevSnpEndorsements } from '../../src/endorsements/index.ts'
import type { NitroOptions, NitroReferenceValues, NitroResult } from '../../src/formats/aws/nitro/index.ts'
import type { SgxReferenceValues } from '../../src/formats/intel/sgx/index.ts'
import type { EventExpectations } from '../../src/formats/intel/tdx/events/index.ts'
import type { TdxOptions, TdxReferenceValues } from '../../src/formats/intel/tdx/index.ts'
import type { SevSnpOptions } from '../../src/formats/sev-snp.ts'
import type { GatewayOptions } from '../../src/gateway/index.ts'

declare global {
  type Bytes = Uint8Array<ArrayBuffer>

  // What an enclave, a guest, a realm or a phone gave, and ways to ask for it.
  const evidence: Bytes
  const quote: Bytes
  const report: Bytes
  const certificate: Bytes
  const chain: Bytes
  const attestation: Bytes
  const hclReport: Bytes
  const tdxQuote: Bytes
  const message: Bytes
  const signature: Bytes
  const nonceAndKey: Bytes
  /** Of CCA and PSA in bytes, of EAR in text. */
  const token: Bytes & string
  const eventLog: Bytes & string
  const ccel: Bytes
  const appCompose: string
  function fetchDocument(nonce: Bytes): Promise<Bytes>
  function fetchQuote(nonce: Bytes): Promise<{ quote: Bytes; endorsements: IntelEndorsements }>
  function fetchReport(nonce: Bytes): Promise<{ report: Bytes; endorsements: SevSnpEndorsements }>
  function fetchToken(nonce: Bytes): Promise<Bytes>

  // What the reader expects.
  const nonce: Bytes
  const challenge: Bytes
  const referenceValues: NitroReferenceValues & TdxReferenceValues & SgxReferenceValues
  const endorsements: IntelEndorsements & SevSnpEndorsements
  const nitroOptions: NitroOptions
  const tdxOptions: TdxOptions
  const snpOptions: SevSnpOptions
  const mrTd: string
  const rtmr0: string
  const rtmr1: string
  const rtmr2: string
  const sha256OfCertificate: Bytes
  const hash: string
  const image: string
  const kms: string
  const jwk: JsonWebKey
  const minimumVersion: number

  // Reference values that authorities signed, and keys.
  const file: Bytes
  const fileA: Bytes
  const fileB: Bytes
  const platformFile: Bytes
  const realmFile: Bytes
  const ca: Bytes
  const first: Bytes
  const second: Bytes
  const third: Bytes
  const spki: Bytes
  const privateKey: CryptoKey
  const key: CryptoKey
  const pemText: string
  const product: string
  const fileOfSecurity: Bytes
  const fileOfRelease: Bytes
  const security: Bytes
  const release: Bytes
  const auditor: Bytes

  // An image that is measured.
  const firmware: Blob
  const kernel: Blob
  const initrd: Blob
  const append: string
  const notAfter: Date
  const pcrs: readonly Bytes[]

  // What the reader's page or server has.
  const card: string
  const body: Bytes & string
  const origin: string
  const response: Response
  const result: NitroResult
  const send: AttestedFetch
  const verify: Verify
  const options: GatewayOptions
  const nsm: { attest(parts: { nonce: Bytes; publicKey: Bytes }): Promise<Bytes> }
  const Deno: { serve(handler: (request: Request) => Response | Promise<Response>): void }
  function show(...what: unknown[]): void

  // Private AI.
  const profile: ProviderProfile
  const text: string
  const OpenAI: typeof OpenAIClient
  const client: OpenAIClient
  const request: OpenAIClient.ChatCompletionCreateParamsNonStreaming
  const model: string
  const apiKey: string
  const expected: EventExpectations
}
