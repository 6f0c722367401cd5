/**
 * A fake Apple with its devices: attestations of App Attest, and assertions by the same keys.
 * Overrides break exactly one thing and keep everything else right, signatures included.
 */
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import { authenticatorData, caExtensions, coseKey, members, sha256 } from './android.ts'
import { concat, pattern, unhex } from './bytes.ts'
import * as cbor from './cbor.ts'
import { type CertificatePlan, createSigner, type DistinguishedName, issue, sign, type Signer } from './certificate.ts'
import * as der from './der.ts'
import { extension } from './nitro.ts'

type Bytes = der.Bytes

export interface AppAttestAttesterOptions {
  readonly now: Date
  readonly certificates?: { readonly [Id in 'root' | 'ca' | 'leaf']?: Partial<CertificatePlan> }
  /** Keys by certificate id. What is missing is made and added. Default: all new. */
  readonly keys?: Map<string, Signer>
}

export interface AttestationOverrides {
  readonly clientData?: Uint8Array
  readonly appId?: string
  readonly aaguid?: Uint8Array
  readonly counter?: number
  readonly flags?: number
  readonly credentialId?: Uint8Array
  readonly credentialKey?: Uint8Array
  /** Changes the authenticator data before the certificate is made for it. */
  readonly authData?: (data: Bytes) => Bytes
  /** The value of the extension with the nonce; `undefined` leaves the extension out. */
  readonly nonce?: (nonce: Bytes) => Uint8Array | undefined
  readonly x5c?: (certificates: readonly Bytes[]) => readonly Uint8Array[]
  /** Members of the attestation statement, in CBOR. */
  readonly statement?: Readonly<Record<string, Uint8Array | undefined>>
  /** Members of the object, in CBOR. */
  readonly object?: Readonly<Record<string, Uint8Array | undefined>>
}

export interface AssertionOverrides {
  readonly clientData?: Uint8Array
  readonly appId?: string
  readonly counter?: number
  readonly authData?: (data: Bytes) => Bytes
  readonly signer?: Signer
  readonly signature?: (signature: Bytes) => Uint8Array
  readonly object?: Readonly<Record<string, Uint8Array | undefined>>
}

export interface AppAttestDevice {
  readonly root: Bytes
  /** SubjectPublicKeyInfo of the key. */
  readonly publicKey: Bytes
  readonly keyId: Bytes
  attest(overrides?: AttestationOverrides): Promise<Bytes>
  assert(overrides?: AssertionOverrides): Promise<Bytes>
}

export const appId = 'ABCDE12345.dev.veritee.demo'
export const clientData: Bytes = pattern(32, 7)
export const production: Bytes = concat(new TextEncoder().encode('appattest'), new Uint8Array(7))
export const development: Bytes = new TextEncoder().encode('appattestdevelop')
export const nonceId = '1.2.840.113635.100.8.2'

export const appleRootName: DistinguishedName = [{ CN: ['veritee fixture root, NOT Apple'] }, { O: ['veritee tests'] }]
const caName: DistinguishedName = [{ CN: ['veritee fixture App Attestation CA 1'] }, { O: ['veritee tests'] }]
const day = 86_400_000
const critical = true

/** The value of the extension as Apple writes it. */
export const nonceValue = (nonce: Uint8Array): Bytes => der.sequence(der.explicit(1, der.octetString(nonce)))

export async function createDevice({
  now,
  certificates = {},
  keys = new Map<string, Signer>(),
}: AppAttestAttesterOptions): Promise<AppAttestDevice> {
  const [rootKey, caKey, leafKey] = [
    await keyOf('root', 'P-384', keys),
    await keyOf('ca', 'P-384', keys),
    await keyOf('leaf', 'P-256', keys),
  ]
  const start = Math.floor(now.getTime() / 1000) * 1000
  const rootPlan: CertificatePlan = {
    id: 'root',
    subject: appleRootName,
    notBefore: new Date('2020-01-01T00:00:00Z'),
    notAfter: new Date('2049-12-31T00:00:00Z'),
    serialNumber: '0bf3be0ef1cdd2e0fb8c6e721f621798',
    extensions: caExtensions(),
    ...certificates.root,
  }
  const caPlan: CertificatePlan = {
    id: 'ca',
    subject: caName,
    notBefore: new Date('2020-03-18T00:00:00Z'),
    notAfter: new Date('2040-03-13T00:00:00Z'),
    serialNumber: '09bac5e1bc401ad9d45395bc381a0854',
    extensions: caExtensions(0),
    ...certificates.ca,
  }
  const root = await issue(rootPlan, rootKey, rootPlan.subject, rootKey)
  const ca = await issue(caPlan, caKey, rootPlan.subject, rootKey)
  const point = new Uint8Array(await crypto.subtle.exportKey('raw', leafKey.publicKey))
  const keyId = await sha256(point)

  return {
    root,
    keyId,
    publicKey: new Uint8Array(await crypto.subtle.exportKey('spki', leafKey.publicKey)),
    async attest(overrides = {}) {
      const sound = authenticatorData(
        await sha256(new TextEncoder().encode(overrides.appId ?? appId)),
        overrides.credentialKey ?? (await coseKey(leafKey)),
        {
          flags: overrides.flags ?? 0x40,
          counter: overrides.counter ?? 0,
          aaguid: overrides.aaguid ?? production,
          credentialId: overrides.credentialId ?? keyId,
        },
      )
      const authData = overrides.authData?.(sound) ?? sound
      const nonce = await sha256(concat(authData, await sha256(overrides.clientData ?? clientData)))
      const value = overrides.nonce === undefined ? nonceValue(nonce) : overrides.nonce(nonce)
      const leaf = await issue(
        {
          id: 'leaf',
          subject: [{ CN: ['4a7b9c'] }, { OU: ['AAA Certification'] }, { O: ['veritee tests'] }],
          notBefore: new Date(start - day),
          notAfter: new Date(start + 3 * day),
          serialNumber: '0187aabbccdd',
          hash: 'SHA-256',
          extensions: [
            new x509.BasicConstraintsExtension(false, undefined, critical),
            extension('2.5.29.15', unhex('030204f0'), critical),
            ...(value === undefined ? [] : [extension(nonceId, value, !critical)]),
          ],
          ...certificates.leaf,
        },
        leafKey,
        caPlan.subject,
        caKey,
      )
      const x5c = overrides.x5c?.([leaf, ca]) ?? [leaf, ca]
      const statement = members(
        {
          x5c: cbor.array(...x5c.map((certificate) => cbor.bytes(certificate))),
          receipt: cbor.bytes(pattern(40, 90)),
        },
        overrides.statement,
      )
      return members(
        { fmt: cbor.text('apple-appattest'), attStmt: statement, authData: cbor.bytes(authData) },
        overrides.object,
      )
    },
    async assert(overrides = {}) {
      const { counter = 1 } = overrides
      const rpIdHash = await sha256(new TextEncoder().encode(overrides.appId ?? appId))
      const sound = concat(rpIdHash, [
        0x40,
        counter >>> 24,
        (counter >> 16) & 0xff,
        (counter >> 8) & 0xff,
        counter & 0xff,
      ])
      const authData = overrides.authData?.(sound) ?? sound
      const nonce = await sha256(concat(authData, await sha256(overrides.clientData ?? clientData)))
      const signature = der.ecdsaSignature(await sign(overrides.signer ?? leafKey, nonce))
      return members(
        {
          signature: cbor.bytes(overrides.signature?.(signature) ?? signature),
          authenticatorData: cbor.bytes(authData),
        },
        overrides.object,
      )
    },
  }
}

async function keyOf(id: string, curve: 'P-256' | 'P-384', keys: Map<string, Signer>): Promise<Signer> {
  const kept = keys.get(id) ?? (await createSigner(curve))
  keys.set(id, kept)
  return kept
}
