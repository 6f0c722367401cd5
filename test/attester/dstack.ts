/**
 * A fake dstack guest: an application, the log of what was measured before it ran, the registers
 * that the log replays to, and a key management service with its certificates. A plan can change
 * one thing and keep everything else right, digests and signatures included.
 */
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import { runtimeEventPreimage, runtimeEventType } from '../../src/formats/intel/tdx/events/dstack-log.ts'
import { concat, hex, pattern, unhex } from './bytes.ts'
import { createSigner, issue, type Signer } from './certificate.ts'
import type { Bytes } from './der.ts'

export interface DstackPlan {
  readonly now: Date
  /** The text that is measured. */
  readonly appCompose?: string
  /** Changes the events of RTMR3, before they are measured. */
  readonly events?: (events: readonly DstackEvent[]) => readonly DstackEvent[]
  /** 48 bytes. Default: version 1. */
  readonly mrConfigId?: Uint8Array
  /** The name of the key provider. Default `kms`. */
  readonly providerName?: string
  /** The key of the KMS. Default: one that this module makes. */
  readonly kms?: Signer
  /** Issues the chain instead of the measured KMS. */
  readonly otherKms?: boolean
  /** Signs the certificate of the application CA instead of the KMS. */
  readonly forgedChain?: boolean
  readonly notAfter?: Date
}

export interface DstackEvent {
  readonly name: string
  readonly payload: Uint8Array
}

export interface DstackGuest {
  readonly appCompose: string
  readonly eventLog: string
  /** RTMR0 to RTMR3. */
  readonly rtmrs: readonly Bytes[]
  readonly mrConfigId: Bytes
  /** The identifier of the key provider. */
  readonly keyProvider: string
  readonly appCertificate: string
  readonly accept: { readonly appComposes: string[]; readonly osImages: string[]; readonly keyProviders: string[] }
}

export const appId = 'a0'.repeat(20)
export const instanceId = 'b1'.repeat(20)
export const osImageHash = 'c2'.repeat(32)
const digest = 'd3'.repeat(32)

/** An app-compose whose images are those. */
export const composeOf = (...images: readonly string[]): string =>
  JSON.stringify(
    {
      manifest_version: 2,
      name: 'app',
      runner: 'docker-compose',
      docker_compose_file: `services:\n${images.map((image, i) => `  s${i}:\n    image: ${image}\n`).join('')}`,
    },
    null,
    2,
  )
export const soundCompose: string = composeOf(`example/app@sha256:${digest}`)

export async function sha(algorithm: 'SHA-256' | 'SHA-384', data: Uint8Array | string): Promise<Bytes> {
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : new Uint8Array(data)
  return new Uint8Array(await crypto.subtle.digest(algorithm, bytes))
}

const keys = new Map<string, Promise<Signer>>()
const keyOf = (id: string): Promise<Signer> => {
  const known = keys.get(id) ?? createSigner('P-256')
  keys.set(id, known)
  return known
}
const spkiOf = async ({ publicKey }: Signer): Promise<Bytes> =>
  new Uint8Array(await crypto.subtle.exportKey('spki', publicKey))

export async function createDstackGuest(plan: DstackPlan): Promise<DstackGuest> {
  const appCompose = plan.appCompose ?? soundCompose
  const composeHash = await sha('SHA-256', appCompose)
  const keyProvider = hex(await spkiOf(plan.kms ?? (await keyOf('kms'))))
  const provider = JSON.stringify({ name: plan.providerName ?? 'kms', id: keyProvider })
  const sound: DstackEvent[] = [
    { name: 'system-preparing', payload: new Uint8Array() },
    { name: 'app-id', payload: unhex(appId) },
    { name: 'compose-hash', payload: composeHash },
    { name: 'instance-id', payload: unhex(instanceId) },
    { name: 'os-image-hash', payload: unhex(osImageHash) },
    { name: 'key-provider', payload: new TextEncoder().encode(provider) },
    { name: 'system-ready', payload: new Uint8Array() },
  ]
  const events = plan.events?.(sound) ?? sound
  const firmware = [0, 1, 2].map((imr) => ({
    imr,
    event_type: 13,
    digest: hex(pattern(48, imr + 20)),
    event: '',
    event_payload: '00',
  }))
  const runtime = await Promise.all(
    events.map(async ({ name, payload }) => ({
      imr: 3,
      event_type: runtimeEventType,
      digest: hex(await sha('SHA-384', runtimeEventPreimage(name, payload, 1))),
      event: name,
      event_payload: hex(payload),
    })),
  )
  const log = [...firmware, ...runtime]
  const rtmrs: Bytes[] = []
  for (const imr of [0, 1, 2, 3]) {
    let register: Bytes = new Uint8Array(48)
    for (const event of log.filter((one) => one.imr === imr))
      register = await sha('SHA-384', concat(register, unhex(event.digest)))
    rtmrs.push(register)
  }
  return {
    appCompose,
    eventLog: JSON.stringify(log),
    rtmrs,
    mrConfigId: new Uint8Array(plan.mrConfigId ?? concat([1], composeHash, new Uint8Array(15))),
    keyProvider,
    appCertificate: await chainOf(plan),
    accept: { appComposes: [hex(composeHash)], osImages: [osImageHash], keyProviders: [keyProvider] },
  }
}

async function chainOf({ now, kms, otherKms = false, forgedChain = false, notAfter }: DstackPlan): Promise<string> {
  const rootKey = otherKms ? await keyOf('other') : (kms ?? (await keyOf('kms')))
  const caKey = await keyOf('ca')
  const leafKey = await keyOf('leaf')
  const common = {
    notBefore: new Date('1975-01-01T00:00:00Z'),
    notAfter: notAfter ?? new Date(now.getTime() + 1e12),
    curve: 'P-256',
    hash: 'SHA-256',
  } as const
  const subject = (CN: string): x509.JsonName => [{ O: ['Dstack'] }, { CN: [CN] }]
  const usage = (flags: x509.KeyUsageFlags): x509.Extension => new x509.KeyUsagesExtension(flags, true)
  const ca = [new x509.BasicConstraintsExtension(true, undefined, true), usage(x509.KeyUsageFlags.keyCertSign)]
  const root = await issue(
    { id: 'kms', subject: subject('Dstack KMS CA'), serialNumber: '01', extensions: ca, ...common },
    rootKey,
    subject('Dstack KMS CA'),
    rootKey,
  )
  const signer = forgedChain ? leafKey : rootKey
  const middle = await issue(
    { id: 'ca', subject: subject('Dstack App CA'), serialNumber: '02', extensions: ca, ...common },
    caKey,
    subject('Dstack KMS CA'),
    signer,
  )
  const leaf = await issue(
    {
      id: 'leaf',
      subject: subject('app'),
      serialNumber: '03',
      extensions: [usage(x509.KeyUsageFlags.digitalSignature)],
      ...common,
    },
    leafKey,
    subject('Dstack App CA'),
    caKey,
  )
  return [leaf, middle, root]
    .map(
      (der) =>
        `-----BEGIN CERTIFICATE-----\n${btoa(String.fromCharCode(...der)).replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
    )
    .join('')
}
