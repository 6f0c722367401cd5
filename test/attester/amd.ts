/**
 * A fake AMD: a root (ARK) with its intermediates and its revocation list, a key of one chip (VCEK)
 * or one cloud (VLEK), and a processor that signs reports of guests with it. Overrides break
 * exactly one thing and keep everything else right, signatures included. Time is an argument, and
 * so are keys: making RSA keys of 4096 bits takes seconds.
 *
 * Shape of the real one: RSA-PSS with SHA-384 and a salt of 48 bytes, names of six attributes,
 * P-384 keys in certificates with the serial number 0.
 */
import { concat, pattern, unhex } from './bytes.ts'
import {
  bitString,
  boolean,
  type Bytes,
  element,
  explicit,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
} from './der.ts'

export type AmdProduct = 'Milan' | 'Genoa' | 'Turin'
export type AmdKeyName = 'ark' | 'ask' | 'asvk' | 'vek'

/** `vek` is on P-384, the others are RSA keys of 4096 bits. */
export type AmdKeys = Readonly<Record<AmdKeyName, CryptoKeyPair>>

/** What differs from a sound certificate. */
export interface AmdCertificateChange {
  /**
   * Changes the fields of TBSCertificate before it is signed: version, serial, algorithm, issuer,
   * validity, subject, key, extensions.
   */
  readonly tbs?: (fields: Bytes[]) => readonly Uint8Array[]
  /** Changes the extensions before the certificate is signed. */
  readonly extensions?: (extensions: Bytes[]) => readonly Uint8Array[]
  readonly notBefore?: Date
  readonly notAfter?: Date
  /** Signs instead of the issuer. */
  readonly signedBy?: CryptoKey
  /** Default 48. */
  readonly saltLength?: number
  /** Changes the finished certificate. */
  readonly der?: (der: Bytes) => Bytes
}

/** What the certificate of the key says of it. */
export interface VekPlan {
  readonly productName?: string
  readonly structVersion?: Bytes
  /** By part; what is not named is that of the usual report. */
  readonly tcb?: Readonly<Record<string, Bytes>>
  /** 64 bytes, of Turin 8; `undefined` leaves it out. */
  readonly hwId?: Uint8Array | undefined
  readonly cspId?: string | undefined
}

export interface AmdCrlChange {
  readonly thisUpdate?: Date
  readonly nextUpdate?: Date
  /** Serial numbers in hexadecimal. */
  readonly revoked?: readonly string[]
  readonly issuer?: AmdProduct
  /** AlgorithmIdentifier, DER. */
  readonly algorithm?: Bytes
  readonly signedBy?: CryptoKey
  readonly extensions?: (extensions: Bytes[]) => readonly Uint8Array[]
  readonly der?: (der: Bytes) => Bytes
}

export interface AmdOptions {
  readonly now: Date
  readonly keys: AmdKeys
  /** Default Genoa. */
  readonly product?: AmdProduct
  /** Default a key of a chip. */
  readonly kind?: 'VCEK' | 'VLEK'
  readonly ark?: AmdCertificateChange
  readonly intermediate?: AmdCertificateChange
  readonly vek?: AmdCertificateChange & VekPlan
  readonly crl?: AmdCrlChange
  /**
   * Parts that were made before, for those without a change here: RSA signatures take milliseconds
   * each.
   */
  readonly reuse?: AmdChain
}

/** Bytes to write at an offset. */
export type ReportPatch = readonly [offset: number, bytes: ArrayLike<number>]

export interface ReportOverrides {
  /** Default 5. */
  readonly version?: number
  /** Written before the report is signed. */
  readonly fields?: readonly ReportPatch[]
  /** Written when it is signed. */
  readonly after?: readonly ReportPatch[]
  /** Signs instead of the key in the certificate. */
  readonly signedBy?: CryptoKey
}

/** What a made-up AMD says of the key, as texts of bytes. */
export interface AmdChain {
  readonly ark: Bytes
  readonly intermediate: Bytes
  readonly vek: Bytes
  readonly crl: Bytes
}

export interface AmdAttester extends AmdChain {
  /** As `verifySevSnp` takes it. */
  readonly endorsements: { readonly vek: string; readonly certificateChain: string; readonly crl: string }
  report(overrides?: ReportOverrides): Promise<Bytes>
}

/** Offsets of fields of a report, by AMD's names. */
export const at = {
  version: 0x000,
  guestSvn: 0x004,
  policy: 0x008,
  familyId: 0x010,
  imageId: 0x020,
  vmpl: 0x030,
  algorithm: 0x034,
  currentTcb: 0x038,
  platformInfo: 0x040,
  keyInfo: 0x048,
  reportData: 0x050,
  measurement: 0x090,
  hostData: 0x0c0,
  idKeyDigest: 0x0e0,
  authorKeyDigest: 0x110,
  reportId: 0x140,
  reportIdMa: 0x160,
  reportedTcb: 0x180,
  cpu: 0x188,
  chipId: 0x1a0,
  committedTcb: 0x1e0,
  currentVersion: 0x1e8,
  committedVersion: 0x1ec,
  launchTcb: 0x1f0,
  launchMitVector: 0x1f8,
  currentMitVector: 0x200,
  signature: 0x2a0,
} as const

const signedSize = 0x2a0

export type TcbPart = 'fmc' | 'bootloader' | 'tee' | 'snp' | 'microcode'

/** What the guest of the usual report is. */
export const guest = {
  reportData: pattern(64, 9),
  measurement: pattern(48, 1),
  chipId: pattern(64, 0x81),
  tcb: { fmc: 1, bootloader: 10, tee: 2, snp: 27, microcode: 0x58 } as Readonly<Record<TcbPart, number>>,
  firmware: [1, 55, 54],
} as const

/** Family, model, stepping. */
export const processors: Readonly<Record<AmdProduct, readonly [family: number, model: number, stepping: number]>> = {
  Milan: [0x19, 0x01, 1],
  Genoa: [0x19, 0x11, 1],
  Turin: [0x1a, 0x02, 1],
}

/** TCB_VERSION. */
export function tcbBytes(product: AmdProduct, tcb: Readonly<Record<TcbPart, number>> = guest.tcb): Bytes {
  const { fmc, bootloader, tee, snp, microcode } = tcb
  return Uint8Array.from(
    product === 'Turin'
      ? [fmc, bootloader, tee, snp, 0, 0, 0, microcode]
      : [bootloader, tee, 0, 0, 0, 0, snp, microcode],
  )
}

export const u32 = (value: number): Bytes =>
  Uint8Array.from([value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, (value >>> 24) & 0xff])
export const u64 = (value: bigint): Bytes =>
  Uint8Array.from({ length: 8 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn))

/** RSASSA-PSS, SHA-384, salt 48, without and with the default of trailerField written out. */
export const pss: Bytes = unhex(
  '304106092a864886f70d01010a3034a00f300d06096086480165030402020500a11c301a06092a864886f70d010108300d06096086480165030402020500a203020130',
)
export const pssWithTrailer: Bytes = unhex(
  '304606092a864886f70d01010a3039a00f300d06096086480165030402020500a11c301a06092a864886f70d010108300d06096086480165030402020500a203020130a303020101',
)

/** All six attributes, in AMD's order and string types. */
export function nameOf(commonName: string): Bytes {
  const utf8 = 0x0c
  const attribute = (id: string, type: number, value: string): Bytes =>
    set(sequence(objectIdentifier(id), element(type, new TextEncoder().encode(value))))
  return sequence(
    attribute('2.5.4.11', utf8, 'Engineering'),
    attribute('2.5.4.6', 0x13, 'US'),
    attribute('2.5.4.7', utf8, 'Santa Clara'),
    attribute('2.5.4.8', utf8, 'CA'),
    attribute('2.5.4.10', utf8, 'Advanced Micro Devices'),
    attribute('2.5.4.3', utf8, commonName),
  )
}

/**
 * Extensions of a certificate of a key, below AMD's arc. The value is what comes into the OCTET
 * STRING.
 */
export const arc = '1.3.6.1.4.1.3704.1'
export const amdExtension = (suffix: string, value: Uint8Array): Bytes =>
  sequence(objectIdentifier(`${arc}.${suffix}`), octetString(value))

/** An INTEGER from 0 to 255 as AMD writes it. */
export const spl = (value: number): Bytes => (value < 0x80 ? integer(value) : integer(0, value))
const ia5 = (text: string): Bytes => element(0x16, new TextEncoder().encode(text))

/** Makes the PKI, and a processor. */
export async function createAmdAttester(options: AmdOptions): Promise<AmdAttester> {
  const { keys, now, product = 'Genoa', kind = 'VCEK' } = options
  const isChip = kind === 'VCEK'
  const years = (count: number): Date => new Date(now.getTime() + count * 365 * 86_400_000)
  const middleKeys = isChip ? keys.ask : keys.asvk
  const [arkName, middleName] = [`ARK-${product}`, isChip ? `SEV-${product}` : `SEV-VLEK-${product}`]
  const [arkId, middleId] = await Promise.all([identifierOf(keys.ark.publicKey), identifierOf(middleKeys.publicKey)])
  const [ark, intermediate, vek] = await Promise.all([
    made('ark', options) ??
      issue(
        {
          serial: integer(1),
          issuer: arkName,
          subject: arkName,
          notBefore: years(-4),
          notAfter: years(20),
          extensions: [subjectKey(arkId), basicConstraints(), keyUsage(0x06, 1)],
        },
        [keys.ark.publicKey, keys.ark.privateKey],
        options.ark,
      ),
    made('intermediate', options) ??
      issue(
        {
          serial: integer(1, 0, isChip ? 1 : 2),
          issuer: arkName,
          subject: middleName,
          notBefore: years(-3),
          notAfter: years(20),
          extensions: [subjectKey(middleId), authorityKey(arkId), basicConstraints(0), keyUsage(0x04, 2)],
        },
        [middleKeys.publicKey, keys.ark.privateKey],
        options.intermediate,
      ),
    made('vek', options) ??
      issue(
        {
          serial: integer(0),
          issuer: middleName,
          subject: `SEV-${kind}`,
          notBefore: years(-0.5),
          notAfter: years(6),
          extensions: vekExtensions(product, isChip, options.vek),
        },
        [keys.vek.publicKey, middleKeys.privateKey],
        options.vek,
      ),
  ])
  const crl = made('crl', options) ?? (await makeCrl(arkName, arkId, options))
  return {
    ark,
    intermediate,
    vek,
    crl,
    endorsements: { vek: base64(vek), certificateChain: pem(intermediate) + pem(ark), crl: base64(crl) },
    report: (overrides = {}) => makeReport(overrides, product, kind, keys.vek.privateKey),
  }
}

/** A part that need not be made again. */
function made(part: keyof AmdChain, options: AmdOptions): Bytes | undefined {
  return options[part] === undefined ? options.reuse?.[part] : undefined
}

interface Plan {
  readonly serial: Bytes
  readonly issuer: string
  readonly subject: string
  readonly notBefore: Date
  readonly notAfter: Date
  readonly extensions: Bytes[]
}

const unchanged = (given: Bytes[]): readonly Uint8Array[] => given

async function issue(
  plan: Plan,
  [own, issuer]: readonly [own: CryptoKey, issuer: CryptoKey],
  change: AmdCertificateChange = {},
): Promise<Bytes> {
  const { tbs = unchanged, extensions = unchanged, signedBy = issuer } = change
  const fields = [
    explicit(0, integer(2)),
    plan.serial,
    pssWithTrailer,
    nameOf(plan.issuer),
    sequence(dateOf(change.notBefore ?? plan.notBefore), dateOf(change.notAfter ?? plan.notAfter)),
    nameOf(plan.subject),
    new Uint8Array(await crypto.subtle.exportKey('spki', own)),
    explicit(3, sequence(...extensions(plan.extensions))),
  ]
  const changed = tbs(fields)
  const signed = sequence(...changed)
  // The outer copy of the algorithm is the inner one's.
  const algorithm = changed[2] as Uint8Array
  const signature = await signPss(signedBy, signed, change.saltLength)
  const der = sequence(signed, algorithm, bitString(signature))
  return change.der?.(der) ?? der
}

async function signPss(key: CryptoKey, data: Bytes, saltLength = 48): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.sign({ name: 'RSA-PSS', saltLength }, key, data))
}

function vekExtensions(product: AmdProduct, isChip: boolean, plan: VekPlan = {}): Bytes[] {
  const isTurin = product === 'Turin'
  const names = { bootloader: '3.1', tee: '3.2', snp: '3.3', microcode: '3.8', ...(isTurin && { fmc: '3.9' }) }
  const hwId = 'hwId' in plan ? plan.hwId : isChip ? guest.chipId.subarray(0, isTurin ? 8 : 64) : undefined
  const cspId = 'cspId' in plan ? plan.cspId : isChip ? undefined : 'CN=cc-us-east-2.example.com'
  const productName = plan.productName ?? (product === 'Milan' && isChip ? 'Milan-B0' : product)
  return [
    amdExtension('1', plan.structVersion ?? integer(isTurin ? 1 : 0)),
    amdExtension('2', ia5(productName)),
    ...Object.entries(names).map(([part, id]) => amdExtension(id, plan.tcb?.[part] ?? spl(guest.tcb[part as TcbPart]))),
    ...(isTurin ? [] : [amdExtension('3.4', plan.tcb?.spl4 ?? integer(0))]),
    ...(['5', '6', '7'] as const).map((n) => amdExtension(`3.${n}`, plan.tcb?.[`spl${n}`] ?? integer(0))),
    ...(hwId === undefined ? [] : [amdExtension('4', hwId)]),
    ...(cspId === undefined ? [] : [amdExtension('5', ia5(cspId))]),
  ]
}

async function makeCrl(arkName: string, arkId: Bytes, { now, keys, crl: change = {} }: AmdOptions): Promise<Bytes> {
  const day = 86_400_000
  const { thisUpdate = new Date(now.getTime() - 30 * day), nextUpdate = new Date(now.getTime() + 300 * day) } = change
  const { algorithm = pss, extensions = unchanged, revoked = [] } = change
  const entries = revoked.map((serial) => sequence(element(0x02, unhex(serial)), dateOf(thisUpdate)))
  const tbs = sequence(
    integer(1),
    algorithm,
    nameOf(change.issuer === undefined ? arkName : `ARK-${change.issuer}`),
    dateOf(thisUpdate),
    dateOf(nextUpdate),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
    explicit(
      0,
      sequence(...extensions([authorityKey(arkId), sequence(objectIdentifier('2.5.29.20'), octetString(integer(7)))])),
    ),
  )
  const der = sequence(tbs, algorithm, bitString(await signPss(change.signedBy ?? keys.ark.privateKey, tbs)))
  return change.der?.(der) ?? der
}

/** A production guest that booted firmware alone: everything in order. */
async function makeReport(
  { version = 5, fields = [], after = [], signedBy }: ReportOverrides,
  product: AmdProduct,
  kind: 'VCEK' | 'VLEK',
  key: CryptoKey,
): Promise<Bytes> {
  const report = new Uint8Array(1184)
  const tcb = tcbBytes(product)
  const [major, minor, build] = guest.firmware
  const chipId = new Uint8Array(64)
  if (kind === 'VCEK') chipId.set(guest.chipId.subarray(0, product === 'Turin' ? 8 : 64))
  const usual: readonly ReportPatch[] = [
    [at.version, u32(version)],
    [at.policy, u64(0x30000n)],
    [at.algorithm, u32(1)],
    [at.currentTcb, tcb],
    [at.platformInfo, u64(version === 2 ? 0x1n : 0x25n)],
    [at.keyInfo, u32(kind === 'VCEK' ? 0 : 4)],
    [at.reportData, guest.reportData],
    [at.measurement, guest.measurement],
    [at.reportId, pattern(32, 0x11)],
    [at.reportIdMa, new Uint8Array(32).fill(0xff)],
    [at.reportedTcb, tcb],
    [at.cpu, version === 2 ? [] : processors[product]],
    [at.chipId, chipId],
    [at.committedTcb, tcb],
    [at.currentVersion, [build, minor, major]],
    [at.committedVersion, [build, minor, major]],
    [at.launchTcb, tcb],
    [at.launchMitVector, version < 5 ? [] : u64(3n)],
    [at.currentMitVector, version < 5 ? [] : u64(3n)],
  ]
  for (const [offset, bytes] of [...usual, ...fields]) report.set(bytes, offset)
  const raw = new Uint8Array(
    await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-384' }, signedBy ?? key, report.slice(0, signedSize)),
  )
  report.set(raw.slice(0, 48).reverse(), at.signature)
  report.set(raw.slice(48).reverse(), at.signature + 72)
  for (const [offset, bytes] of after) report.set(bytes, offset)
  return report
}

/** GUIDs of certificate tables, in the order of RFC 4122, as they are on the wire. */
export const tableGuids = {
  VCEK: '63da758de6644564adc5f4b93be8accd',
  VLEK: 'a8074bc2a25a483eaae639c045a0b8a1',
  ASK: '4ab7b379bbac4fe4a02f05aef327c782',
  ARK: 'c0b406a4a803495297433fb6014cd0ae',
} as const

/** The table of an extended report. */
export function certificateTable(...entries: readonly (readonly [guid: string, data: Uint8Array])[]): Bytes {
  let offset = 24 * (entries.length + 1)
  const heads = entries.map(([guid, data]) => {
    const head = concat(unhex(guid), u32(offset), u32(data.length))
    offset += data.length
    return head
  })
  return concat(...heads, new Uint8Array(24), ...entries.map(([, data]) => data))
}

function basicConstraints(pathLength?: number): Bytes {
  const value = sequence(boolean(true), ...(pathLength === undefined ? [] : [integer(pathLength)]))
  return extensionOf('2.5.29.19', value, true)
}

/** @param bits the octet, with so many of them unused */
export function keyUsage(bits: number, unused: number): Bytes {
  return extensionOf('2.5.29.15', bitString(Uint8Array.of(bits), unused), true)
}

const subjectKey = (id: Bytes): Bytes => extensionOf('2.5.29.14', octetString(id))
const authorityKey = (id: Bytes): Bytes => extensionOf('2.5.29.35', sequence(element(0x80, id)))

export function extensionOf(id: string, value: Uint8Array, isCritical = false): Bytes {
  return sequence(objectIdentifier(id), ...(isCritical ? [boolean(true)] : []), octetString(value))
}

async function identifierOf(key: CryptoKey): Promise<Bytes> {
  const spki = await crypto.subtle.exportKey('spki', key)
  return new Uint8Array(await crypto.subtle.digest('SHA-256', spki)).slice(0, 20)
}

/** UTCTime until 2049, GeneralizedTime after. */
function dateOf(date: Date): Bytes {
  const digits = date.toISOString().replace(/\.\d+|[-:T]/g, '')
  return time(date.getUTCFullYear() < 2050 ? digits.slice(2) : digits)
}

export function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}

export function pem(der: Uint8Array): string {
  const lines = base64(der).match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}

/** Keys as JWK, by name, to be kept with fixtures: those of the fake AMD protect nothing. */
export type StoredAmdKeys = Readonly<Record<AmdKeyName, JsonWebKey>>

const rsa: RsaHashedKeyGenParams = {
  name: 'RSA-PSS',
  hash: 'SHA-384',
  modulusLength: 4096,
  publicExponent: Uint8Array.of(1, 0, 1),
}
const p384: EcKeyGenParams = { name: 'ECDSA', namedCurve: 'P-384' }
const parametersOf = (name: string): RsaHashedKeyGenParams | EcKeyGenParams => (name === 'vek' ? p384 : rsa)

/** Takes seconds. */
export async function createAmdKeys(): Promise<AmdKeys> {
  const names: readonly AmdKeyName[] = ['ark', 'ask', 'asvk', 'vek']
  const pairs = names.map(
    async (name) => [name, await crypto.subtle.generateKey(parametersOf(name), true, ['sign', 'verify'])] as const,
  )
  return Object.fromEntries(await Promise.all(pairs)) as unknown as AmdKeys
}

export async function storeAmdKeys(keys: AmdKeys): Promise<StoredAmdKeys> {
  const entries = Object.entries(keys).map(async ([name, { privateKey }]) => {
    const jwk = await crypto.subtle.exportKey('jwk', privateKey)
    const {
      kty = '',
      crv = '',
      x = '',
      y = '',
      d = '',
      n = '',
      e = '',
      p = '',
      q = '',
      dp = '',
      dq = '',
      qi = '',
    } = jwk
    return [name, name === 'vek' ? { kty, crv, x, y, d } : { kty, n, e, d, p, q, dp, dq, qi }] as const
  })
  return Object.fromEntries(await Promise.all(entries)) as unknown as StoredAmdKeys
}

export async function readAmdKeys(stored: StoredAmdKeys): Promise<AmdKeys> {
  const entries = Object.entries(stored).map(async ([name, jwk]) => {
    const { kty = '', crv, x, y, n, e } = jwk
    const publicJwk = name === 'vek' ? { kty, crv, x, y } : { kty, n, e }
    const parameters = parametersOf(name)
    const [privateKey, publicKey] = await Promise.all([
      crypto.subtle.importKey('jwk', jwk, parameters, true, ['sign']),
      crypto.subtle.importKey('jwk', publicJwk as JsonWebKey, parameters, true, ['verify']),
    ])
    return [name, { privateKey, publicKey }] as const
  })
  return Object.fromEntries(await Promise.all(entries)) as unknown as AmdKeys
}
