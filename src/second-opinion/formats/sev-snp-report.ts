/**
 * ATTESTATION_REPORT of AMD SEV-SNP, and the certificate table behind it, read a second time.
 *
 * Source: AMD 56860, tables of ATTESTATION_REPORT, GUEST_POLICY and PLATFORM_INFO; AMD 56421 for
 * the table.
 */
import { areZeros, demand, digitsOf, joined, type Octets } from '../readers/bytes.ts'
import { certificatesInPem } from '../readers/text.ts'

/** A report as claims have it, its versions still as bytes. */
export interface ReadReport {
  readonly fields: Readonly<Record<string, unknown>>
  readonly version: number
  readonly signingKey: 'VCEK' | 'VLEK'
  readonly chipId: Octets
  readonly cpu: { readonly family: number; readonly model: number; readonly stepping: number } | undefined
  readonly tcbs: Readonly<Record<'currentTcb' | 'reportedTcb' | 'committedTcb' | 'launchTcb', Octets>>
  readonly currentVersion: readonly number[]
  readonly committedVersion: readonly number[]
  readonly isDebug: boolean
  readonly isMigratable: boolean
  readonly vmpl: number
  readonly signed: Octets
  readonly signature: Octets
  /** The certificate of its own kind in the table behind it. */
  readonly vek: Octets | undefined
}

const reportSize = 1184
const guids: Readonly<Record<string, ReadReport['signingKey']>> = {
  '63da758de6644564adc5f4b93be8accd': 'VCEK',
  a8074bc2a25a483eaae639c045a0b8a1: 'VLEK',
}

const policyBits: Readonly<Record<string, number>> = {
  smtAllowed: 16,
  migrateMa: 18,
  debug: 19,
  singleSocket: 20,
  cxlAllowed: 21,
  memAes256Xts: 22,
  raplDisabled: 23,
  ciphertextHiding: 24,
  pageSwapDisabled: 25,
}
const platformBits: Readonly<Record<string, number>> = {
  smtEnabled: 0,
  tsmeEnabled: 1,
  eccEnabled: 2,
  raplDisabled: 3,
  ciphertextHiding: 4,
  aliasCheckComplete: 5,
  iommuWriteSafe: 6,
  tioEnabled: 7,
}
/** First byte and length of what is copied as it is. */
const copied = {
  familyId: [16, 16],
  imageId: [32, 16],
  reportData: [80, 64],
  measurement: [144, 48],
  hostData: [192, 32],
  idKeyDigest: [224, 48],
  authorKeyDigest: [272, 48],
  reportId: [320, 32],
  reportIdMa: [352, 32],
} as const

/** @throws Error */
export function readReport(evidence: Octets): ReadReport {
  demand(evidence.length >= reportSize && evidence.length <= 65_536, `${evidence.length} bytes`)
  const bytes = evidence.slice(0, reportSize)
  const data = new DataView(bytes.buffer)
  const part = (from: number, length: number): Octets => bytes.slice(from, from + length)
  const version = data.getUint32(0, true)
  demand(version >= 2 && version <= 5, `version ${version}`)
  demand(data.getUint32(52, true) === 1, 'a signature algorithm other than ECDSA P-384')
  const keyInfo = data.getUint32(72, true)
  checkReserved(part, version)
  // Bit 0: author key; bit 1: the key is masked; bits 2 to 4: which key.
  demand(keyInfo >>> 5 === 0, 'bits of KEY_INFO that are reserved')
  demand((keyInfo & 2) === 0, 'a masked key: the report is not signed')
  const signingKey = (['VCEK', 'VLEK'] as const)[keyInfo >>> 2]
  demand(signingKey !== undefined, 'a key that is neither VCEK nor VLEK')
  const policy = data.getBigUint64(8, true)
  demand(((policy >> 17n) & 1n) === 1n, 'bit 17 of the guest policy is clear')
  const platform = data.getBigUint64(64, true)
  const cpu =
    version < 3
      ? undefined
      : { family: bytes[392] as number, model: bytes[393] as number, stepping: bytes[394] as number }
  const vmpl = data.getUint32(48, true)
  const guest = flagsIn(policy, policyBits)
  const firmware = (at: number): readonly number[] => [...part(at, 3)].reverse()
  const mitigations = (at: number): bigint | undefined => (version < 5 ? undefined : data.getBigUint64(at, true))
  const chipId = part(416, 64)
  const currentVersion = firmware(488)
  const committedVersion = firmware(492)
  return {
    fields: {
      version,
      guestSvn: data.getUint32(4, true),
      policy: { abiMajor: Number((policy >> 8n) & 255n), abiMinor: Number(policy & 255n), ...guest, raw: policy },
      vmpl,
      platformInfo: { ...flagsIn(platform, platformBits), raw: platform },
      signingKey,
      authorKeyEnabled: (keyInfo & 1) === 1,
      ...Object.fromEntries(Object.entries(copied).map(([name, [from, length]]) => [name, part(from, length)])),
      cpu,
      currentVersion,
      committedVersion,
      launchMitVector: mitigations(504),
      currentMitVector: mitigations(512),
    },
    version,
    signingKey,
    chipId,
    cpu,
    tcbs: { currentTcb: part(56, 8), reportedTcb: part(384, 8), committedTcb: part(480, 8), launchTcb: part(496, 8) },
    currentVersion,
    committedVersion,
    isDebug: guest['debug'] === true,
    isMigratable: guest['migrateMa'] === true || part(352, 32).some((byte) => byte !== 255),
    vmpl,
    signed: part(0, 672),
    // Little-endian, 72 bytes each, of which 48 are used.
    signature: joined(part(672, 48).reverse(), part(744, 48).reverse()),
    vek: readTable(evidence.slice(reportSize), signingKey),
  }
}

function flagsIn(raw: bigint, bits: Readonly<Record<string, number>>): Record<string, boolean> {
  return Object.fromEntries(Object.entries(bits).map(([name, bit]) => [name, ((raw >> BigInt(bit)) & 1n) === 1n]))
}

/** Everything that no field has is zero, the rest of the signature too, which nothing signs. */
function checkReserved(part: (from: number, length: number) => Octets, version: number): void {
  const reserved: readonly (readonly [from: number, length: number])[] = [
    [76, 4],
    version < 3 ? [392, 24] : [395, 21],
    [491, 1],
    [495, 1],
    version < 5 ? [504, 168] : [520, 152],
    [720, 24],
    [792, 24],
    [816, 368],
  ]
  for (const [from, length] of reserved) demand(areZeros(part(from, length)), `bytes at ${from} that are reserved`)
}

/**
 * The certificate of one kind in a table, whose entries are inside it, apart, each of another GUID,
 * with zeros between them.
 */
function readTable(table: Octets, kind: ReadReport['signingKey']): Octets | undefined {
  if (table.length === 0) return undefined
  const data = new DataView(table.buffer)
  const entries: { readonly guid: string; readonly from: number; readonly to: number }[] = []
  let at = 0
  for (; ; at += 24) {
    demand(at + 24 <= table.length, 'a certificate table without an end')
    const head = table.slice(at, at + 24)
    if (areZeros(head)) break
    const from = data.getUint32(at + 16, true)
    entries.push({ guid: digitsOf(head.slice(0, 16)), from, to: from + data.getUint32(at + 20, true) })
    demand(entries.length <= 32, 'a certificate table of more than 32 entries')
  }
  demand(new Set(entries.map(({ guid }) => guid)).size === entries.length, 'a GUID that is there twice')
  let end = at + 24
  for (const { from, to } of [...entries].sort((a, b) => a.from - b.from)) {
    demand(from >= end && to <= table.length, 'entries of the certificate table that overlap, or reach beyond it')
    demand(areZeros(table.slice(end, from)), 'bytes between entries of the certificate table')
    end = to
  }
  demand(areZeros(table.slice(end)), 'bytes behind the last entry of the certificate table')
  const own = entries.find(({ guid }) => Object.hasOwn(guids, guid) && guids[guid] === kind)
  if (own === undefined) return undefined
  const found = table.slice(own.from, own.to)
  if (found[0] !== 0x2d) return found
  const [only, more] = certificatesInPem(new TextDecoder().decode(found))
  demand(more === undefined, 'more than one certificate in an entry')
  return only
}
