/**
 * A fake Nitro: a PKI of the shape that AWS has, and a Nitro Security Module that signs any
 * document. Overrides break exactly one thing and keep everything else right. Needs nothing but
 * WebCrypto and npm packages; time is an argument, so it can also stand in for an enclave in a
 * demo.
 *
 * Shape of real chains: five certificates, P-384 and ecdsa-with-SHA384 throughout; root 30 years,
 * regional 481 hours, zonal 140 hours, instance 24 hours, leaf 3 hours and 3 seconds;
 * pathLenConstraint none, 2, 1, 0; the leaf has a keyUsage that is not critical, and no key
 * identifiers.
 */
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import { concat, pattern, unhex } from './bytes.ts'
import * as cbor from './cbor.ts'
import { type CertificatePlan, createSigner, type DistinguishedName, issue, sign, type Signer } from './certificate.ts'
import type { Bytes } from './der.ts'

export type CertificateId = 'root' | 'regional' | 'zonal' | 'instance' | 'leaf'

export interface NitroAttesterOptions {
  /** When the enclave starts: its leaf is valid from a minute before, for three hours. */
  readonly now: Date
  /** `tpm` makes NitroTPM documents. Default `enclave`. */
  readonly kind?: 'enclave' | 'tpm'
  /** What differs from a sound certificate. */
  readonly certificates?: { readonly [Id in CertificateId]?: Partial<CertificatePlan> }
  /**
   * Rearranges the chain, root first, before it is issued; every certificate is issued by the one
   * before.
   */
  readonly chain?: (plans: CertificatePlan[]) => readonly CertificatePlan[]
  /** Keys by certificate id. What is missing is made and added. Default: all new. */
  readonly keys?: Map<string, Signer>
}

export interface DocumentOverrides {
  /** Unix milliseconds. Default: `now` of the attester. */
  readonly timestamp?: number
  readonly moduleId?: string
  readonly pcrs?: Readonly<Record<number, Uint8Array>>
  /** Null, as real documents have it where nothing was given. */
  readonly nonce?: Uint8Array | null
  readonly userData?: Uint8Array | null
  readonly publicKey?: Uint8Array | null
  readonly certificate?: Uint8Array
  readonly cabundle?: (certificates: Bytes[]) => readonly Uint8Array[]
  /** Payload fields in CBOR, by key: replaced, added at the end, or with `undefined` left out. */
  readonly fields?: Readonly<Record<string, Uint8Array | undefined>>
  /** Rearranges the payload map. */
  readonly entries?: (entries: cbor.Entry[]) => readonly cbor.Entry[]
  /** Whether the payload map is of indefinite length, as since 2025. Default true. */
  readonly indefinite?: boolean
  /** Changes the payload before it is signed. */
  readonly payload?: (payload: Bytes) => Bytes
  /** The serialised protected header. Default {1: -35}. */
  readonly protectedHeader?: Uint8Array
  /** Changes what is signed: Sig_structure. */
  readonly signed?: (structure: Bytes) => Bytes
  /** Signs instead of the leaf's key. */
  readonly signer?: Signer
  readonly signature?: (signature: Bytes) => Uint8Array
  /** Changes the four items of the envelope, in CBOR, after signing. */
  readonly envelope?: (items: Bytes[]) => readonly Uint8Array[]
  /** Changes the finished document. */
  readonly document?: (document: Bytes) => Bytes
}

export interface NitroAttester {
  /** The root certificate, DER: pin it. */
  readonly root: Bytes
  /** The whole chain, DER, root first. */
  readonly certificates: readonly Bytes[]
  /** By certificate id. */
  readonly keys: ReadonlyMap<string, Signer>
  document(overrides?: DocumentOverrides): Promise<Bytes>
}

const second = 1000
const hour = 3600 * second
const day = 24 * hour

/** Nobody shall take it for the real one. */
export const rootName: DistinguishedName = [
  { C: ['US'] },
  { O: ['veritee'] },
  { OU: ['tests'] },
  { CN: ['veritee fixture root, NOT AWS'] },
]
export const instanceId = 'i-0123456789abcdef0'
export const moduleIds = {
  enclave: `${instanceId}-enc0123456789abcdef`,
  tpm: `${instanceId}-tpm0000000000000000`,
} as const
const region = 'test-1'

export const critical = true
const keyUsage = '2.5.29.15'
/**
 * Values of keyUsage, DER: bit 0 is digitalSignature, 1 nonRepudiation, 5 keyCertSign, 6 cRLSign.
 */
export const keyUsages = {
  authority: unhex('03020186'),
  instance: unhex('03020204'),
  leaf: unhex('030206c0'),
  nonRepudiation: unhex('03020640'),
} as const

/** Extensions of an authority. */
export function authorityExtensions(pathLength?: number, usage: Bytes = keyUsages.authority): x509.Extension[] {
  return [new x509.BasicConstraintsExtension(true, pathLength, critical), extension(keyUsage, usage, critical)]
}

/** Extensions of a leaf: keyUsage is not critical in real ones. */
export function leafExtensions(usage: Bytes = keyUsages.leaf): x509.Extension[] {
  return [new x509.BasicConstraintsExtension(false, undefined, critical), extension(keyUsage, usage, !critical)]
}

/** An extension by its identifier; `value` is the DER inside. */
export function extension(id: string, value: Uint8Array, isCritical: boolean): x509.Extension {
  return new x509.Extension(id, isCritical, new Uint8Array(value))
}

export async function createNitroAttester(options: NitroAttesterOptions): Promise<NitroAttester> {
  const { kind = 'enclave', certificates: overrides = {}, keys = new Map<string, Signer>() } = options
  const sound = plansOf(options).map((plan): CertificatePlan => ({ ...plan, ...overrides[plan.id as CertificateId] }))
  const plans = options.chain?.(sound) ?? sound
  const certificates: Bytes[] = []
  let issuer: { readonly plan: CertificatePlan; readonly signer: Signer } | undefined
  for (const plan of plans) {
    const signer = await keyOf(plan, keys)
    certificates.push(await issue(plan, signer, issuer?.plan.subject ?? plan.subject, issuer?.signer ?? signer))
    issuer = { plan, signer }
  }
  const now = options.now.getTime()
  const leaf = (issuer as { signer: Signer }).signer
  return {
    root: certificates[0] as Bytes,
    certificates,
    keys,
    document: async (document = {}) => makeDocument(kind, now, certificates, leaf, document),
  }
}

/** Registers of a production enclave: an image, a role, an instance, no signing certificate. */
export async function productionPcrs(): Promise<Record<number, Bytes>> {
  const pcrs: Record<number, Bytes> = {}
  for (let index = 0; index < 16; index++) pcrs[index] = new Uint8Array(48)
  for (const index of [0, 1, 2, 3])
    pcrs[index] = await sha384(new TextEncoder().encode(`veritee test register ${index}`))
  pcrs[4] = await sha384(concat(new Uint8Array(48), new TextEncoder().encode(instanceId)))
  return pcrs
}

/** Registers of a debug enclave: the image is zero, role and instance are real. */
export async function debugPcrs(): Promise<Record<number, Bytes>> {
  const zero = new Uint8Array(48)
  return { ...(await productionPcrs()), 0: zero, 1: zero, 2: zero }
}

/** Registers of an instance with NitroTPM. */
export async function tpmPcrs(): Promise<Record<number, Bytes>> {
  const pcrs: Record<number, Bytes> = {}
  for (let index = 0; index < 24; index++) {
    pcrs[index] =
      index < 8 ? await sha384(new TextEncoder().encode(`veritee test TPM register ${index}`)) : new Uint8Array(48)
  }
  for (let index = 17; index < 23; index++) pcrs[index] = new Uint8Array(48).fill(0xff)
  return pcrs
}

/** The map of registers as it stands in a payload. */
export function encodePcrs(pcrs: Readonly<Record<number, Uint8Array>>): Bytes {
  return cbor.encode(new Map(Object.entries(pcrs).map(([index, value]) => [Number(index), value])))
}

export async function sha384(data: Uint8Array): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-384', new Uint8Array(data)))
}

function plansOf({ now, kind = 'enclave' }: NitroAttesterOptions): CertificatePlan[] {
  // Dates in certificates are whole seconds.
  const start = Math.floor(now.getTime() / second) * second
  const from = (before: number, lifetime: number): Pick<CertificatePlan, 'notBefore' | 'notAfter'> => ({
    notBefore: new Date(start - before),
    notAfter: new Date(start - before + lifetime),
  })
  const organisation: DistinguishedName = [{ C: ['US'] }, { O: ['veritee'] }, { OU: ['tests'] }]
  const place: DistinguishedName = [
    { C: ['US'] },
    { ST: ['Washington'] },
    { L: ['Seattle'] },
    { O: ['veritee'] },
    { OU: ['tests'] },
  ]
  const lists = (name: string): x509.Extension =>
    new x509.CRLDistributionPointsExtension([`http://crl.invalid/${name}.crl`])
  return [
    {
      id: 'root',
      subject: rootName,
      notBefore: new Date('2019-10-28T13:28:05Z'),
      notAfter: new Date('2049-10-28T14:28:05Z'),
      serialNumber: '791175681b90afe11d46ccb4e4e7f856',
      extensions: authorityExtensions(),
      keyIdentifiers: 'subject',
    },
    {
      id: 'regional',
      subject: [...organisation, { CN: [`84dde1b34e42ca38.${region}.veritee.invalid`] }],
      ...from(10 * day, 481 * hour),
      serialNumber: '3bf82b3e3dc5ee97900e3579e174c2dc',
      extensions: [...authorityExtensions(2), lists('regional')],
      keyIdentifiers: 'both',
    },
    {
      id: 'zonal',
      // Real ones have the relative names of this one in another order.
      subject: [{ CN: [`159cc35c5cd76fb7.zonal.${region}.veritee.invalid`] }, ...[...place].reverse()],
      ...from(2 * day, 140 * hour),
      serialNumber: '394ca624d735773ffa82d92057db3f3f',
      extensions: [...authorityExtensions(1), lists('zonal')],
      keyIdentifiers: 'both',
    },
    {
      id: 'instance',
      subject: [...place, { CN: [`${instanceId}.${region}.veritee.invalid`] }],
      ...from(6 * hour, 24 * hour),
      serialNumber: '317bb8e23d0f3be6e645841c7c3bbca52763dd9a',
      extensions: authorityExtensions(0, keyUsages.instance),
      keyIdentifiers: 'both',
    },
    {
      id: 'leaf',
      subject: [...place, { CN: [`${moduleIds[kind]}.${region}.veritee`] }],
      ...from(60 * second, 3 * hour + 3 * second),
      serialNumber: '01780356441553dc0000000060426300',
      extensions: leafExtensions(),
    },
  ]
}

async function keyOf({ id, curve = 'P-384' }: CertificatePlan, keys: Map<string, Signer>): Promise<Signer> {
  const name = curve === 'P-384' ? id : `${id} ${curve}`
  const kept = keys.get(name)
  if (kept !== undefined) return kept
  const made = await createSigner(curve)
  keys.set(name, made)
  return made
}

async function makeDocument(
  kind: 'enclave' | 'tpm',
  now: number,
  certificates: readonly Bytes[],
  leaf: Signer,
  overrides: DocumentOverrides,
): Promise<Bytes> {
  const { protectedHeader = cbor.map([[cbor.unsigned(1), cbor.negative(-35)]]) } = overrides
  const unsignedPayload = await makePayload(kind, now, certificates, overrides)
  const payload = overrides.payload?.(unsignedPayload) ?? unsignedPayload
  const structure = cbor.array(
    cbor.text('Signature1'),
    cbor.bytes(protectedHeader),
    cbor.bytes(new Uint8Array()),
    cbor.bytes(payload),
  )
  const signer = overrides.signer ?? leaf
  const signature = await sign(signer, overrides.signed?.(structure) ?? structure)
  const items = [
    cbor.bytes(protectedHeader),
    cbor.map([]),
    cbor.bytes(payload),
    cbor.bytes(overrides.signature?.(signature) ?? signature),
  ]
  const document = cbor.array(...(overrides.envelope?.(items) ?? items))
  return overrides.document?.(document) ?? document
}

async function makePayload(
  kind: 'enclave' | 'tpm',
  now: number,
  certificates: readonly Bytes[],
  overrides: DocumentOverrides,
): Promise<Bytes> {
  const { timestamp = now, nonce = null, userData = null, publicKey = null, moduleId = moduleIds[kind] } = overrides
  const { pcrs = await (kind === 'tpm' ? tpmPcrs() : productionPcrs()) } = overrides
  const authorities = certificates.slice(0, -1)
  const cabundle = overrides.cabundle?.(authorities) ?? authorities
  const fields = new Map<string, Bytes | undefined>([
    ['module_id', cbor.encode(moduleId)],
    ['digest', cbor.encode('SHA384')],
    // Always nine bytes in real documents.
    ['timestamp', cbor.unsigned(timestamp, 8)],
    [kind === 'tpm' ? 'nitrotpm_pcrs' : 'pcrs', encodePcrs(pcrs)],
    ['certificate', cbor.bytes(overrides.certificate ?? (certificates.at(-1) as Bytes))],
    ['cabundle', cbor.array(...cabundle.map((certificate) => cbor.bytes(certificate)))],
    ['public_key', publicKey === null ? cbor.nothing : cbor.bytes(publicKey)],
    ['user_data', userData === null ? cbor.nothing : cbor.bytes(userData)],
    ['nonce', nonce === null ? cbor.nothing : cbor.bytes(nonce)],
  ])
  for (const [key, value] of Object.entries(overrides.fields ?? {})) {
    fields.set(key, value === undefined ? undefined : new Uint8Array(value))
  }
  const given = [...fields].flatMap(([key, value]): cbor.Entry[] =>
    value === undefined ? [] : [[cbor.text(key), value]],
  )
  const entries = overrides.entries?.(given) ?? given
  return overrides.indefinite === false ? cbor.map(entries) : cbor.indefiniteMap(entries)
}

/** 32 bytes 00 to 1f: the nonce of tests that need one. */
export const testNonce: Bytes = pattern(32)
