/**
 * A fake Intel: a PKI of the shape that Intel's has, a provisioning service that signs
 * endorsements, and a platform whose quoting enclave signs quotes of TDs and enclaves. Overrides
 * break exactly one thing and keep everything else right, signatures included. Time is an argument.
 *
 * Shape of the real one: P-256 and ecdsa-with-SHA256 throughout; root, one of two CAs, PCK
 * certificate; TCB Signing right below the root.
 */
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import type { DcapEndorsements } from '../../src/formats/intel/collateral/endorsements.ts'
import { concat, hex, pattern, unhex } from './bytes.ts'
import { type CertificatePlan, createSigner, type DistinguishedName, issue, sign, type Signer } from './certificate.ts'
import {
  bitString,
  boolean,
  type Bytes,
  ecdsaSignature,
  element,
  elementsOf,
  explicit,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  time,
  unsigned,
} from './der.ts'

export type IntelCertificateId = 'root' | 'platform' | 'processor' | 'pck' | 'signer'

export interface IntelAttesterOptions {
  readonly now: Date
  /** Which CA certifies the platform. Default `platform`. */
  readonly ca?: 'platform' | 'processor'
  /** What differs from a sound certificate. */
  readonly certificates?: { readonly [Id in IntelCertificateId]?: Partial<CertificatePlan> }
  /**
   * Changes the entries of the PCK's SGX extension: PPID, TCB, PCE-ID, FMSPC, SGX type, platform
   * instance ID, configuration.
   */
  readonly pckEntries?: (entries: Bytes[]) => readonly Uint8Array[]
  /** Changes the entries of TCB inside it: 16 components, PCESVN, CPUSVN. */
  readonly tcbEntries?: (entries: Bytes[]) => readonly Uint8Array[]
  /** Keys by certificate id. What is missing is made and added. */
  readonly keys?: Map<string, Signer>
}

/** What a test can change of TCB Info and QE identity. Each has some of these members. */
export interface DocumentJson {
  readonly fmspc: string
  readonly tcbLevels: readonly LevelJson[]
  readonly tdxModuleIdentities: readonly IdentityJson[]
}

export interface LevelJson {
  readonly tcb: TcbJson
  readonly tcbDate: string
  readonly tcbStatus: string
  readonly advisoryIDs?: readonly string[]
}

export interface TcbJson {
  readonly sgxtcbcomponents: readonly SvnJson[]
  readonly tdxtcbcomponents: readonly SvnJson[]
  readonly pcesvn: number
  /** Of a TDX module or a quoting enclave, in the place of the others. */
  readonly isvsvn: number
}

export interface SvnJson {
  readonly svn: number
}

export interface IdentityJson {
  readonly id: string
  readonly tcbLevels: readonly LevelJson[]
}

export interface EndorsementOverrides {
  /** Default `tdx`. */
  readonly tee?: 'tdx' | 'sgx'
  /** Changes the body before it is signed. */
  readonly tcbInfo?: (body: DocumentJson) => object
  readonly qeIdentity?: (body: DocumentJson) => object
  /** Changes the text of the body before it is signed. */
  readonly tcbInfoText?: (body: string) => string
  readonly qeIdentityText?: (body: string) => string
  /** Changes the finished document. */
  readonly tcbInfoDocument?: (document: string) => string
  readonly qeIdentityDocument?: (document: string) => string
  readonly pckCrl?: CrlOverrides
  readonly rootCaCrl?: CrlOverrides
  /** Sign instead of the right key. */
  readonly tcbInfoSigner?: Signer
  readonly qeIdentitySigner?: Signer
}

export interface CrlOverrides {
  readonly issuer?: DistinguishedName
  readonly signer?: Signer
  readonly thisUpdate?: Date
  readonly nextUpdate?: Date
  /** Serial numbers in hexadecimal. */
  readonly revoked?: readonly string[]
  /** The key of which the list says that it signed; default: the signer's. */
  readonly keyIdentifier?: Uint8Array
  /** Changes the extensions, cRLNumber and authorityKeyIdentifier, before the list is signed. */
  readonly extensions?: (extensions: readonly Bytes[]) => readonly Uint8Array[]
  /** Changes the finished list. */
  readonly der?: (der: Bytes) => Uint8Array
}

/** Bytes to write at an offset. */
export type Patch = readonly [offset: number, bytes: ArrayLike<number>]

export interface QuoteOverrides {
  /** Default `tdx`. */
  readonly tee?: 'tdx' | 'sgx'
  /** Default 4 for TDX, 3 for SGX. */
  readonly version?: number
  /** Of version 5. Default 3 for TDX, 1 for SGX. */
  readonly bodyType?: number
  readonly header?: readonly Patch[]
  readonly body?: readonly Patch[]
  /** The QE report before it is signed. */
  readonly qeReport?: readonly Patch[]
  readonly qeAuthData?: Uint8Array
  /** Sign instead of the right keys. */
  readonly qeReportSigner?: Signer
  readonly quoteSigner?: Signer
  readonly certificationDataType?: number
  readonly certificationData?: Uint8Array
  /** Changes the signature data after signing. */
  readonly data?: (data: Bytes) => Uint8Array
  /** Changes the finished quote. */
  readonly quote?: (quote: Bytes) => Uint8Array
}

export interface IntelAttester {
  /** The root certificate, DER: pin it. */
  readonly root: Bytes
  /** By id, DER. */
  readonly certificates: Readonly<Record<IntelCertificateId, Bytes>>
  readonly keys: ReadonlyMap<string, Signer>
  /** PEM: PCK certificate, CA, root. */
  readonly pckChain: string
  /** PEM: TCB Signing, root. */
  readonly signerChain: string
  endorsements(overrides?: EndorsementOverrides): Promise<DcapEndorsements>
  quote(overrides?: QuoteOverrides): Promise<Bytes>
}

const day = 86_400_000
const year = 365 * day
const critical = true

const name = (commonName: string): DistinguishedName => [
  { CN: [commonName] },
  { O: ['veritee tests, NOT Intel'] },
  { C: ['US'] },
]
const subjects: Readonly<Record<IntelCertificateId, DistinguishedName>> = {
  root: name('Intel SGX Root CA'),
  platform: name('Intel SGX PCK Platform CA'),
  processor: name('Intel SGX PCK Processor CA'),
  pck: name('Intel SGX PCK Certificate'),
  signer: name('Intel SGX TCB Signing'),
}
export const serialNumbers: Readonly<Record<IntelCertificateId, string>> = {
  root: '22650cd65a9d3489f383b49552bf501b392706ac',
  platform: '00956f5dcdbd1be1e94049c9d4f433ce01570bde54',
  processor: '00d0fd1ebdb9e1a2',
  pck: '6d308642ec3783630068c3bf517e8b5f3323e1d5',
  signer: '7e3882d5fb55294a40498e458403e91491bdf455',
}

/** The platform, as its PCK certificate says and its quoting enclave reports. */
export const platform = {
  ppid: 'a1'.repeat(16),
  platformInstanceId: 'b2'.repeat(16),
  fmspc: '00806f050000',
  pceId: '0000',
  components: [8, 8, 2, 2, 4, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0],
  pceSvn: 13,
  qeIsvSvn: 8,
  teeTcbSvn: '0b010800000000000000000000000000',
} as const

/** What the TD and the enclave report. */
export const measurements = {
  mrTd: hex(pattern(48, 1)),
  rtmr0: hex(pattern(48, 2)),
  rtmr1: hex(pattern(48, 3)),
  rtmr2: hex(pattern(48, 4)),
  mrEnclave: hex(pattern(32, 5)),
  mrSigner: hex(pattern(32, 6)),
  isvProdId: 7,
  isvSvn: 3,
} as const
export const reportData: Bytes = pattern(64, 9)

const qeSigners = {
  sgx: '8c4f5775d796503e96137f77c68a829a0056ac8ded70140b081b094490c57bff',
  tdx: 'dc9e2a7c6f948f17474e34a7fc43ed030f7c1563f1babddf6340c82e0e54a8c5',
} as const
const sgxExtension = '1.2.840.113741.1.13.1'
const ecdsaWithSha256 = sequence(objectIdentifier('1.2.840.10045.4.3.2'))

export async function createIntelAttester(options: IntelAttesterOptions): Promise<IntelAttester> {
  const { now, ca = 'platform', certificates: overrides = {}, keys = new Map<string, Signer>() } = options
  for (const id of [...Object.keys(subjects), 'attestation'])
    if (!keys.has(id)) keys.set(id, await createSigner('P-256'))
  const key = (id: string): Signer => keys.get(id) as Signer
  const make = async (id: IntelCertificateId, issuer: IntelCertificateId): Promise<Bytes> =>
    issue(
      { ...planOf(id, options), ...overrides[id] },
      key(id),
      overrides[issuer]?.subject ?? subjects[issuer],
      key(issuer),
    )
  const certificates = {
    root: await make('root', 'root'),
    platform: await make('platform', 'root'),
    processor: await make('processor', 'root'),
    pck: await make('pck', ca),
    signer: await make('signer', 'root'),
  }
  const pckChain = pem(certificates.pck, certificates[ca], certificates.root)
  const signerChain = pem(certificates.signer, certificates.root)
  return {
    root: certificates.root,
    certificates,
    keys,
    pckChain,
    signerChain,
    async endorsements(wanted = {}) {
      const { tee = 'tdx' } = wanted
      const [tcbInfo, qeIdentity] = [
        [tcbInfoOf(tee, now), wanted.tcbInfo],
        [qeIdentityOf(tee, now), wanted.qeIdentity],
      ].map(([sound, change]) => (change as EndorsementOverrides['tcbInfo'])?.(sound as DocumentJson) ?? sound)
      const tcbInfoText = wanted.tcbInfoText?.(JSON.stringify(tcbInfo)) ?? JSON.stringify(tcbInfo)
      const qeIdentityText = wanted.qeIdentityText?.(JSON.stringify(qeIdentity)) ?? JSON.stringify(qeIdentity)
      const signed = async (member: string, body: string, signer = key('signer')): Promise<string> =>
        `{"${member}":${body},"signature":"${hex(await sign(signer, new TextEncoder().encode(body)))}"}`
      const tcbInfoDocument = await signed('tcbInfo', tcbInfoText, wanted.tcbInfoSigner)
      const qeIdentityDocument = await signed('enclaveIdentity', qeIdentityText, wanted.qeIdentitySigner)
      return {
        tcbInfo: wanted.tcbInfoDocument?.(tcbInfoDocument) ?? tcbInfoDocument,
        tcbInfoIssuerChain: signerChain,
        qeIdentity: wanted.qeIdentityDocument?.(qeIdentityDocument) ?? qeIdentityDocument,
        qeIdentityIssuerChain: signerChain,
        pckCrl: await makeCrl(now, { issuer: subjects[ca], signer: key(ca), ...wanted.pckCrl }),
        rootCaCrl: await makeCrl(now, { issuer: subjects.root, signer: key('root'), ...wanted.rootCaCrl }),
      }
    },
    quote: async (wanted = {}) => makeQuote(key('pck'), key('attestation'), pckChain, wanted),
  }
}

/** TCB Info as Intel serves it: two levels for the platform, two for the TDX module. */
export function tcbInfoOf(tee: 'tdx' | 'sgx', now: Date): object {
  const level = (change: number, tcbStatus: string, tcbDate: string, advisoryIDs?: string[]): object => ({
    tcb: {
      sgxtcbcomponents: platform.components.map((svn) => ({ svn: Math.max(0, svn - change) })),
      pcesvn: platform.pceSvn,
      ...(tee === 'tdx' && {
        tdxtcbcomponents: [...unhex(platform.teeTcbSvn)].map((svn, i) => ({
          svn: i < 2 ? 0 : Math.max(0, svn - change),
        })),
      }),
    },
    tcbDate,
    tcbStatus,
    ...(advisoryIDs && { advisoryIDs }),
  })
  const module = { mrsigner: '00'.repeat(48), attributes: '00'.repeat(8), attributesMask: 'FF'.repeat(8) }
  return {
    id: tee.toUpperCase(),
    version: 3,
    ...datesOf(now),
    fmspc: platform.fmspc.toUpperCase(),
    pceId: platform.pceId,
    tcbType: 0,
    tcbEvaluationDataNumber: 20,
    ...(tee === 'tdx' && {
      tdxModule: module,
      tdxModuleIdentities: [
        {
          id: 'TDX_01',
          ...module,
          tcbLevels: [
            { tcb: { isvsvn: 11 }, tcbDate: '2025-11-12T00:00:00Z', tcbStatus: 'UpToDate' },
            {
              tcb: { isvsvn: 5 },
              tcbDate: '2024-11-13T00:00:00Z',
              tcbStatus: 'OutOfDate',
              advisoryIDs: ['INTEL-SA-01245', 'INTEL-SA-01192'],
            },
          ],
        },
      ],
    }),
    tcbLevels: [
      level(0, 'UpToDate', '2025-11-12T00:00:00Z'),
      level(2, 'OutOfDate', '2024-03-13T00:00:00Z', ['INTEL-SA-01103']),
    ],
  }
}

/** QE identity as Intel serves it. */
export function qeIdentityOf(tee: 'tdx' | 'sgx', now: Date): object {
  return {
    id: tee === 'tdx' ? 'TD_QE' : 'QE',
    version: 2,
    ...datesOf(now),
    tcbEvaluationDataNumber: 20,
    miscselect: '00000000',
    miscselectMask: 'FFFFFFFF',
    attributes: '11000000000000000000000000000000',
    attributesMask: 'FBFFFFFFFFFFFFFF0000000000000000',
    mrsigner: qeSigners[tee].toUpperCase(),
    isvprodid: tee === 'tdx' ? 2 : 1,
    tcbLevels: [
      { tcb: { isvsvn: platform.qeIsvSvn }, tcbDate: '2025-11-12T00:00:00Z', tcbStatus: 'UpToDate' },
      { tcb: { isvsvn: 4 }, tcbDate: '2023-02-15T00:00:00Z', tcbStatus: 'OutOfDate', advisoryIDs: ['INTEL-SA-00477'] },
    ],
  }
}

/** A date as Intel's JSON has it. */
export const jsonDate = (milliseconds: number): string => new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z')

/** Fresh, for thirty days. */
function datesOf(now: Date): object {
  return { issueDate: jsonDate(now.getTime() - day), nextUpdate: jsonDate(now.getTime() + 29 * day) }
}

/** Text blocks as Intel's service sends them. */
export function pem(...certificates: readonly Uint8Array[]): string {
  return certificates
    .map((der) => btoa(String.fromCharCode(...der)).replace(/.{64}(?=.)/g, '$&\n'))
    .map((base64) => `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`)
    .join('')
}

function planOf(
  id: IntelCertificateId,
  { now, ca = 'platform', pckEntries, tcbEntries }: IntelAttesterOptions,
): CertificatePlan {
  const isCa = id !== 'pck' && id !== 'signer'
  const pathLength = id === 'root' ? 1 : 0
  return {
    id,
    subject: subjects[id],
    notBefore: new Date(Math.floor(now.getTime() / 1000) * 1000 - year),
    notAfter: new Date(Math.floor(now.getTime() / 1000) * 1000 + 6 * year),
    serialNumber: serialNumbers[id],
    curve: 'P-256',
    hash: 'SHA-256',
    extensions: [
      new x509.BasicConstraintsExtension(isCa, isCa ? pathLength : undefined, critical),
      new x509.Extension('2.5.29.15', critical, new Uint8Array(unhex(isCa ? '03020106' : '030206c0'))),
      ...(id === 'pck'
        ? [new x509.Extension(sgxExtension, !critical, sgxExtensionOf(ca, pckEntries, tcbEntries))]
        : []),
    ],
    keyIdentifiers: 'both',
  }
}

/** One entry of the SGX extension, by the last arcs of its identifier. */
export function sgxEntry(arcs: string, value: Uint8Array): Bytes {
  return sequence(objectIdentifier(`${sgxExtension}.${arcs}`), value)
}

function sgxExtensionOf(
  ca: 'platform' | 'processor',
  changeEntries: IntelAttesterOptions['pckEntries'],
  changeTcb: IntelAttesterOptions['tcbEntries'],
): Bytes {
  const tcb = [
    ...platform.components.map((svn, i) => sgxEntry(`2.${i + 1}`, unsigned(Uint8Array.of(svn)))),
    sgxEntry('2.17', unsigned(Uint8Array.of(platform.pceSvn))),
    sgxEntry('2.18', octetString(Uint8Array.from(platform.components))),
  ]
  const entries = [
    sgxEntry('1', octetString(unhex(platform.ppid))),
    sgxEntry('2', sequence(...(changeTcb?.(tcb) ?? tcb))),
    sgxEntry('3', octetString(unhex(platform.pceId))),
    sgxEntry('4', octetString(unhex(platform.fmspc))),
    sgxEntry('5', element(0x0a, Uint8Array.of(ca === 'platform' ? 1 : 0))),
    ...(ca === 'platform'
      ? [
          sgxEntry('6', octetString(unhex(platform.platformInstanceId))),
          sgxEntry(
            '7',
            sequence(sgxEntry('7.1', boolean(true)), sgxEntry('7.2', boolean(false)), sgxEntry('7.3', boolean(true))),
          ),
        ]
      : []),
  ]
  return sequence(...(changeEntries?.(entries) ?? entries))
}

/** A complete v2 list in base64. */
async function makeCrl(
  now: Date,
  wanted: CrlOverrides & { readonly issuer: DistinguishedName; readonly signer: Signer },
): Promise<string> {
  const {
    issuer,
    signer,
    thisUpdate = new Date(now.getTime() - day),
    nextUpdate = new Date(now.getTime() + 29 * day),
  } = wanted
  const utc = (date: Date): Bytes =>
    time(
      date
        .toISOString()
        .replace(/[-:T]|\.\d+/g, '')
        .slice(2),
    )
  const keyId = wanted.keyIdentifier ?? (await keyIdentifierOf(signer))
  const entries = (wanted.revoked ?? []).map((serial) => sequence(unsigned(unhex(serial)), utc(thisUpdate)))
  const extensions = [
    sequence(objectIdentifier('2.5.29.20'), octetString(integer(1))),
    sequence(objectIdentifier('2.5.29.35'), octetString(sequence(element(0x80, keyId)))),
  ]
  const tbs = sequence(
    integer(1),
    ecdsaWithSha256,
    new Uint8Array(new x509.Name(issuer).toArrayBuffer()),
    utc(thisUpdate),
    utc(nextUpdate),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
    explicit(0, sequence(...(wanted.extensions?.(extensions) ?? extensions))),
  )
  const der = sequence(tbs, ecdsaWithSha256, bitString(ecdsaSignature(await sign(signer, tbs))))
  return btoa(String.fromCharCode(...(wanted.der?.(der) ?? der)))
}

/** SHA-1 of the key, as `keyIdentifiers` of certificates have it. */
async function keyIdentifierOf({ publicKey }: Signer): Promise<Bytes> {
  const { rawData } = await x509.SubjectKeyIdentifierExtension.create(publicKey)
  const [, value] = elementsOf(new Uint8Array(rawData))
  return new Uint8Array((value as Bytes).subarray(4))
}

async function makeQuote(pck: Signer, attestation: Signer, pckChain: string, wanted: QuoteOverrides): Promise<Bytes> {
  const { tee = 'tdx', version = tee === 'tdx' ? 4 : 3, bodyType = tee === 'tdx' ? 3 : 1 } = wanted
  const { qeAuthData = pattern(32), certificationDataType = 5 } = wanted
  const certificationData = wanted.certificationData ?? concat(new TextEncoder().encode(pckChain), [0])
  const header = patched(
    concat(
      u16(version),
      u16(2),
      u32(tee === 'tdx' ? 0x81 : 0),
      u32(0),
      unhex('939a7233f79c4ca9940a0db3957f0607'),
      new Uint8Array(20),
    ),
    wanted.header,
  )
  const whole = tee === 'tdx' ? tdReport() : enclaveReport()
  const size = tee === 'sgx' ? 384 : version < 5 ? 584 : ({ 2: 584, 3: 648, 4: 885 }[bodyType] ?? 648)
  const body = patched(concat(whole, new Uint8Array(Math.max(0, size - whole.length))).slice(0, size), wanted.body)
  const signed = concat(header, ...(version === 5 ? [u16(bodyType), u32(size)] : []), body)
  const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', attestation.publicKey)).slice(1)
  const qeReport = patched(await qeReportOf(tee, publicKey, qeAuthData), wanted.qeReport)
  const certified = concat(
    qeReport,
    await sign(wanted.qeReportSigner ?? pck, qeReport),
    u16(qeAuthData.length),
    qeAuthData,
    u16(certificationDataType),
    u32(certificationData.length),
    certificationData,
  )
  const signature = await sign(wanted.quoteSigner ?? attestation, signed)
  const data = concat(
    signature,
    publicKey,
    ...(version === 3 ? [certified] : [u16(6), u32(certified.length), certified]),
  )
  const changed = wanted.data?.(data) ?? data
  const quote = concat(signed, u32(changed.length), changed)
  return new Uint8Array(wanted.quote?.(quote) ?? quote)
}

async function qeReportOf(tee: 'tdx' | 'sgx', publicKey: Uint8Array, authData: Uint8Array): Promise<Bytes> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', concat(publicKey, authData)))
  return patched(new Uint8Array(384), [
    [48, unhex('11000000000000000000000000000000')],
    [64, pattern(32, 7)],
    [128, unhex(qeSigners[tee])],
    [256, u16(tee === 'tdx' ? 2 : 1)],
    [258, u16(platform.qeIsvSvn)],
    [320, digest],
  ])
}

/** Offsets of fields in a TD report, for {@link QuoteOverrides.body}. */
export const tdOffsets = {
  teeTcbSvn: 0,
  mrSeam: 16,
  mrSignerSeam: 64,
  seamAttributes: 112,
  tdAttributes: 120,
  xfam: 128,
  mrTd: 136,
  mrConfigId: 184,
  mrOwner: 232,
  mrOwnerConfig: 280,
  rtmr0: 328,
  rtmr1: 376,
  rtmr2: 424,
  rtmr3: 472,
  reportData: 520,
  teeTcbSvn2: 584,
  mrServiceTd: 600,
  initialServiceTdHash: 729,
  currentServiceTdHash: 829,
} as const

function tdReport(): Bytes {
  return patched(new Uint8Array(648), [
    [tdOffsets.teeTcbSvn, unhex(platform.teeTcbSvn)],
    [tdOffsets.mrSeam, pattern(48, 8)],
    [tdOffsets.tdAttributes, unhex('0000001000000000')],
    [tdOffsets.xfam, unhex('e702060000000000')],
    [tdOffsets.mrTd, unhex(measurements.mrTd)],
    [tdOffsets.rtmr0, unhex(measurements.rtmr0)],
    [tdOffsets.rtmr1, unhex(measurements.rtmr1)],
    [tdOffsets.rtmr2, unhex(measurements.rtmr2)],
    [tdOffsets.reportData, reportData],
    [tdOffsets.teeTcbSvn2, unhex(platform.teeTcbSvn)],
  ])
}

/**
 * Offsets of fields in an enclave's report, for {@link QuoteOverrides.body} and
 * {@link QuoteOverrides.qeReport}.
 */
export const sgxOffsets = {
  miscSelect: 16,
  isvExtProdId: 32,
  attributes: 48,
  mrEnclave: 64,
  mrSigner: 128,
  configId: 192,
  isvProdId: 256,
  isvSvn: 258,
  configSvn: 260,
  isvFamilyId: 304,
  reportData: 320,
} as const

function enclaveReport(): Bytes {
  return patched(new Uint8Array(384), [
    [0, Uint8Array.from(platform.components)],
    [sgxOffsets.attributes, unhex('05000000000000000700000000000000')],
    [sgxOffsets.mrEnclave, unhex(measurements.mrEnclave)],
    [sgxOffsets.mrSigner, unhex(measurements.mrSigner)],
    [sgxOffsets.isvProdId, u16(measurements.isvProdId)],
    [sgxOffsets.isvSvn, u16(measurements.isvSvn)],
    [sgxOffsets.reportData, reportData],
  ])
}

function patched(bytes: Uint8Array, patches: readonly Patch[] = []): Bytes {
  const copy = new Uint8Array(bytes)
  for (const [offset, patch] of patches) copy.set(patch, offset)
  return copy
}

/** Little-endian, as everything in a quote. */
export const u16 = (value: number): Bytes => Uint8Array.of(value & 0xff, value >> 8)
export const u32 = (value: number): Bytes =>
  Uint8Array.of(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24)
