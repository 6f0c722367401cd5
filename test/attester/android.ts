/**
 * A fake Google, phone makers and phones: chains of both shapes, key descriptions of any content,
 * and WebAuthn around them. Overrides break exactly one thing and keep everything else right,
 * signatures included. Needs nothing but WebCrypto and npm packages; time is an argument.
 *
 * Shape of real chains: the leaf has serial number 1 and keyUsage alone beside the description;
 * attestation keys are P-256; the CA below Google's root is P-384. Here roots are P-384 too: chains
 * under RSA are in the vectors.
 */
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import { concat, pattern, unhex } from './bytes.ts'
import * as cbor from './cbor.ts'
import { type CertificatePlan, createSigner, type DistinguishedName, issue, sign, type Signer } from './certificate.ts'
import * as der from './der.ts'
import { extension, keyUsages } from './nitro.ts'

type Bytes = der.Bytes

export type AndroidCertificateId = 'root' | 'ca2' | 'ca3' | 'intermediate' | 'attestation' | 'leaf'

/** Authorizations in DER by their tags; `undefined` leaves one out. */
export type Authorizations = Readonly<Record<number, Uint8Array | undefined>>

export interface DescriptionOverrides {
  readonly version?: number
  readonly attestationLevel?: number
  readonly keyMintVersion?: number
  readonly keyMintLevel?: number
  readonly challenge?: Uint8Array
  readonly uniqueId?: Uint8Array
  readonly hardware?: Authorizations
  readonly software?: Authorizations
  /** Rearranges the entries of the hardware's list. */
  readonly entries?: (entries: Bytes[]) => readonly Uint8Array[]
  /** Changes the eight members. */
  readonly members?: (members: Bytes[]) => readonly Uint8Array[]
  /** Changes the finished extension value. */
  readonly value?: (value: Bytes) => Bytes
}

export interface AndroidAttesterOptions {
  readonly now: Date
  /** Default `factory`. */
  readonly shape?: 'factory' | 'remote'
  /** What vendors' certificates say. Default `TEE`. */
  readonly level?: 'TEE' | 'StrongBox'
  readonly description?: DescriptionOverrides
  /** What differs from a sound certificate. */
  readonly certificates?: { readonly [Id in AndroidCertificateId]?: Partial<CertificatePlan> }
  /**
   * Rearranges the plans, root first, before they are issued; every certificate is issued by the
   * one before.
   */
  readonly chain?: (plans: CertificatePlan[]) => readonly CertificatePlan[]
  /** Keys by certificate id. What is missing is made and added. Default: all new. */
  readonly keys?: Map<string, Signer>
}

export interface AndroidPhone {
  /** DER, leaf first. */
  readonly certificates: readonly Bytes[]
  /** The root certificate, DER: pin it. */
  readonly root: Bytes
  /** The attested key. */
  readonly leaf: Signer
}

export interface WebAuthnOverrides {
  readonly rpId?: string
  readonly origin?: string
  /** Members of the client data: replaced, added, or with `undefined` left out. */
  readonly clientData?: Readonly<Record<string, unknown>>
  /** The client data as they are; default: JSON of the members. */
  readonly clientDataJSON?: Uint8Array
  readonly challenge?: Uint8Array
  readonly flags?: number
  /** Changes the authenticator data before it is signed. */
  readonly authData?: (data: Bytes) => Bytes
  /** The COSE_Key of the credential. Default: that of the leaf. */
  readonly credentialKey?: Uint8Array
  /** Signs instead of the leaf's key. */
  readonly signer?: Signer
  readonly x5c?: (certificates: readonly Bytes[]) => readonly Uint8Array[]
  /** Members of the attestation statement, in CBOR. */
  readonly statement?: Readonly<Record<string, Uint8Array | undefined>>
  /** Members of the object, in CBOR. */
  readonly object?: Readonly<Record<string, Uint8Array | undefined>>
}

export interface WebAuthnEvidence {
  readonly evidence: Bytes
  readonly clientDataJSON: Bytes
  readonly root: Bytes
}

export const keyDescriptionId = '1.3.6.1.4.1.11129.2.1.17'
export const provisioningInfoId = '1.3.6.1.4.1.11129.2.1.30'
export const packageName = 'dev.veritee.demo'
/** SHA-256 of the certificate that the application is signed with. */
export const signer: Bytes = pattern(32, 3)
export const challenge: Bytes = pattern(32, 7)
export const bootKey: Bytes = pattern(32, 11)

const day = 86_400_000
const utf8 = (text: string): Bytes => new TextEncoder().encode(text)
const critical = true

/** An INTEGER. */
export const number = (value: number): Bytes => {
  const digits: number[] = []
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256)
  return der.unsigned(Uint8Array.from(digits.length === 0 ? [0] : digits))
}
export const numbers = (...values: readonly number[]): Bytes => der.set(...values.map(number))
export const enumerated = (value: number): Bytes => der.element(0x0a, Uint8Array.of(value))
export const flag: Bytes = der.element(0x05)

/** `[tag] EXPLICIT`, of any number. */
export function authorization(tag: number, ...content: readonly Uint8Array[]): Bytes {
  if (tag < 31) return der.explicit(tag, ...content)
  const digits = [tag & 0x7f]
  for (let rest = tag >> 7; rest > 0; rest >>= 7) digits.unshift((rest & 0x7f) | 0x80)
  // The element's identifier octet makes room for the longer one.
  return concat([0xbf], digits, der.element(0xbf, ...content).subarray(1))
}

export interface RootOfTrustOverrides {
  readonly key?: Uint8Array
  readonly locked?: Uint8Array
  readonly state?: Uint8Array
  /** `undefined` leaves it out. */
  readonly hash?: Uint8Array | undefined
}

export function rootOfTrust(overrides: RootOfTrustOverrides = {}): Bytes {
  const { key = bootKey, locked = der.boolean(true), state = enumerated(0) } = overrides
  const hash = 'hash' in overrides ? overrides.hash : pattern(32, 13)
  return der.sequence(der.octetString(key), locked, state, ...(hash === undefined ? [] : [der.octetString(hash)]))
}

/** AttestationApplicationId, as it is under its tag. */
export function application(
  packages: readonly (readonly [name: string | Uint8Array, version: number])[] = [[packageName, 7]],
  signers: readonly Uint8Array[] = [signer],
): Bytes {
  const entries = packages.map(([name, version]) =>
    der.sequence(der.octetString(typeof name === 'string' ? utf8(name) : name), number(version)),
  )
  return der.octetString(
    der.sequence(der.set(...entries), der.set(...signers.map((digest) => der.octetString(digest)))),
  )
}

/** What a sound phone says. */
export const soundHardware: Authorizations = {
  1: numbers(2, 3),
  2: number(3),
  3: number(256),
  5: numbers(4),
  10: number(1),
  503: flag,
  702: number(0),
  704: rootOfTrust(),
  705: number(160_000),
  706: number(202_605),
  718: number(20_260_505),
  719: number(20_260_501),
}
export const soundSoftware: Authorizations = { 701: number(1_780_000_000_000), 709: application() }

/** The value of the extension. */
export function keyDescription({
  version = 400,
  attestationLevel = 1,
  keyMintVersion = 400,
  keyMintLevel = 1,
  challenge: asked = challenge,
  uniqueId = new Uint8Array(),
  hardware = {},
  software = {},
  entries,
  members,
  value,
}: DescriptionOverrides = {}): Bytes {
  const list = (sound: Authorizations, own: Authorizations): Bytes[] =>
    Object.entries({ ...sound, ...own }).flatMap(([tag, content]) =>
      content === undefined ? [] : [authorization(Number(tag), content)],
    )
  const hardwareEntries = list(soundHardware, hardware)
  const all = [
    number(version),
    enumerated(attestationLevel),
    number(keyMintVersion),
    enumerated(keyMintLevel),
    der.octetString(asked),
    der.octetString(uniqueId),
    der.sequence(...list(soundSoftware, software)),
    der.sequence(...(entries?.(hardwareEntries) ?? hardwareEntries)),
  ]
  const made = der.sequence(...(members?.(all) ?? all))
  return value?.(made) ?? made
}

const oid = { cn: 'CN', o: 'O', title: '2.5.4.12', serial: '2.5.4.5' }
export const androidRootName: DistinguishedName = [
  { [oid.cn]: ['veritee fixture root, NOT Google'] },
  { [oid.o]: ['veritee tests'] },
]

export const caExtensions = (pathLength?: number): x509.Extension[] => [
  new x509.BasicConstraintsExtension(true, pathLength, critical),
  extension('2.5.29.15', keyUsages.authority, critical),
]

export async function createPhone(options: AndroidAttesterOptions): Promise<AndroidPhone> {
  const { certificates: overrides = {}, keys = new Map<string, Signer>() } = options
  const sound = plansOf(options).map((plan) => ({ ...plan, ...overrides[plan.id as AndroidCertificateId] }))
  const plans = options.chain?.(sound) ?? sound
  const certificates: Bytes[] = []
  let issuer: { readonly plan: CertificatePlan; readonly signer: Signer } | undefined
  for (const plan of plans) {
    const own = await keyOf(plan, keys)
    const by = issuer?.signer ?? own
    const hash = by.curve === 'P-256' ? 'SHA-256' : 'SHA-384'
    certificates.push(await issue({ hash, ...plan }, own, issuer?.plan.subject ?? plan.subject, by))
    issuer = { plan, signer: own }
  }
  return {
    certificates: certificates.reverse(),
    root: certificates.at(-1) as Bytes,
    leaf: (issuer as { signer: Signer }).signer,
  }
}

function plansOf({ now, shape = 'factory', level = 'TEE', description }: AndroidAttesterOptions): CertificatePlan[] {
  const start = Math.floor(now.getTime() / 1000) * 1000
  const dates = (before: number, after: number): Pick<CertificatePlan, 'notBefore' | 'notAfter'> => ({
    notBefore: new Date(start - before * day),
    notAfter: new Date(start + after * day),
  })
  const factory = (serial: string): DistinguishedName => [{ [oid.title]: [level] }, { [oid.serial]: [serial] }]
  const google = (name: string): DistinguishedName => [{ [oid.o]: ['Google LLC'] }, { [oid.cn]: [name] }]
  const root: CertificatePlan = {
    id: 'root',
    subject: androidRootName,
    notBefore: new Date('2020-01-01T00:00:00Z'),
    notAfter: new Date('2049-12-31T00:00:00Z'),
    serialNumber: 'e8fa196314d2fa18',
    extensions: caExtensions(),
  }
  const leaf: CertificatePlan = {
    id: 'leaf',
    subject: [{ [oid.cn]: ['Android Keystore Key'] }],
    notBefore: new Date('1970-01-01T00:00:00Z'),
    notAfter: new Date('2048-01-01T00:00:00Z'),
    serialNumber: '01',
    curve: 'P-256',
    extensions: [
      extension('2.5.29.15', unhex('03020780'), critical),
      extension(keyDescriptionId, keyDescription(description), !critical),
    ],
  }
  if (shape === 'factory')
    return [
      root,
      {
        id: 'intermediate',
        subject: factory('88aa55cc'),
        ...dates(1000, 1000),
        serialNumber: '0a1b2c3d',
        extensions: caExtensions(),
      },
      {
        id: 'attestation',
        subject: factory('99bb66dd'),
        ...dates(1000, 1000),
        serialNumber: '99aabbcc',
        curve: 'P-256',
        extensions: caExtensions(),
      },
      leaf,
    ]
  return [
    root,
    {
      id: 'ca2',
      subject: google('Droid CA2'),
      ...dates(100, 1000),
      serialNumber: '0388266760',
      extensions: caExtensions(2),
    },
    {
      id: 'ca3',
      subject: google('Droid CA3'),
      ...dates(20, 50),
      serialNumber: '30e8d6',
      curve: 'P-256',
      extensions: caExtensions(),
    },
    {
      id: 'attestation',
      subject: [{ [oid.o]: [level] }, { [oid.cn]: ['2c85cdc15c3042f25698906669c35137'] }],
      ...dates(7, 14),
      serialNumber: '2c85cd',
      curve: 'P-256',
      extensions: [...caExtensions(), extension(provisioningInfoId, cbor.encode(new Map([[1, 42]])), !critical)],
    },
    leaf,
  ]
}

async function keyOf({ id, curve = 'P-384' }: CertificatePlan, keys: Map<string, Signer>): Promise<Signer> {
  const name = curve === 'P-384' ? id : `${id} ${curve}`
  const kept = keys.get(name) ?? (await createSigner(curve))
  keys.set(name, kept)
  return kept
}

/** The COSE_Key of a P-256 key. */
export async function coseKey({ publicKey }: Signer): Promise<Bytes> {
  const point = new Uint8Array(await crypto.subtle.exportKey('raw', publicKey))
  return cbor.map([
    [cbor.unsigned(1), cbor.unsigned(2)],
    [cbor.unsigned(3), cbor.negative(-7)],
    [cbor.negative(-1), cbor.unsigned(1)],
    [cbor.negative(-2), cbor.bytes(point.subarray(1, 33))],
    [cbor.negative(-3), cbor.bytes(point.subarray(33))],
  ])
}

/** Authenticator data with an attested credential. */
export function authenticatorData(
  rpIdHash: Uint8Array,
  key: Uint8Array,
  {
    flags = 0x45,
    counter = 0,
    aaguid = new Uint8Array(16),
    credentialId = pattern(16),
  }: {
    readonly flags?: number
    readonly counter?: number
    readonly aaguid?: Uint8Array
    readonly credentialId?: Uint8Array
  } = {},
): Bytes {
  const count = [counter >>> 24, (counter >> 16) & 0xff, (counter >> 8) & 0xff, counter & 0xff]
  const length = [credentialId.length >> 8, credentialId.length & 0xff]
  return concat(rpIdHash, [flags], count, aaguid, length, credentialId, key)
}

export async function sha256(data: Uint8Array): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(data)))
}

/** Members in CBOR, some replaced, added or left out. */
export function members(
  sound: Readonly<Record<string, Uint8Array>>,
  own: Readonly<Record<string, Uint8Array | undefined>> = {},
): Bytes {
  const entries = Object.entries({ ...sound, ...own })
  return cbor.map(entries.flatMap(([name, value]) => (value === undefined ? [] : [[cbor.text(name), value] as const])))
}

/** A page asks the phone for a credential. */
export async function createCredential(
  options: AndroidAttesterOptions,
  overrides: WebAuthnOverrides = {},
): Promise<WebAuthnEvidence> {
  const { rpId = 'veritee.example', origin = 'https://veritee.example', challenge: asked = challenge } = overrides
  const clientData = {
    type: 'webauthn.create',
    challenge: Buffer.from(asked).toString('base64url'),
    origin,
    crossOrigin: false,
    ...overrides.clientData,
  }
  const clientDataJSON = new Uint8Array(overrides.clientDataJSON ?? utf8(JSON.stringify(clientData)))
  const digest = await sha256(clientDataJSON)
  const phone = await createPhone({ ...options, description: { challenge: digest, ...options.description } })
  const key = overrides.credentialKey ?? (await coseKey(phone.leaf))
  const flags = overrides.flags ?? 0x45
  const sound = authenticatorData(await sha256(utf8(rpId)), key, { flags })
  const authData = overrides.authData?.(sound) ?? sound
  const signature = der.ecdsaSignature(await sign(overrides.signer ?? phone.leaf, concat(authData, digest)))
  const x5c = overrides.x5c?.(phone.certificates) ?? phone.certificates
  const statement = members(
    {
      alg: cbor.negative(-7),
      sig: cbor.bytes(signature),
      x5c: cbor.array(...x5c.map((certificate) => cbor.bytes(certificate))),
    },
    overrides.statement,
  )
  const evidence = members(
    { fmt: cbor.text('android-key'), attStmt: statement, authData: cbor.bytes(authData) },
    overrides.object,
  )
  return { evidence, clientDataJSON, root: phone.root }
}
