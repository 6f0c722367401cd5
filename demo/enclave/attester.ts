/**
 * The enclave of the demo: answers a nonce with a document of the shape that Nitro has, under the
 * fixture root, whose keys are public. It can do wrong on request, one thing at a time and
 * everything else right, so that each attack can be seen being caught.
 */
import { readFile } from 'node:fs/promises'
import { createSigner, type Signer } from '../../test/attester/certificate.ts'
import {
  createNitroAttester,
  debugPcrs,
  type DocumentOverrides,
  type NitroAttester,
  productionPcrs,
} from '../../test/attester/nitro.ts'
import type { AttackName } from '../page/attacks.ts'

type Bytes = Uint8Array<ArrayBuffer>

const minute = 60_000
const fixtures = new URL('../../fixtures/nitro/', import.meta.url)

/** What the enclave of the demo claims to carry. */
const userData = new TextEncoder().encode(JSON.stringify({ service: 'veritee demo', build: 'release' }))

/** @param nonce the caller's @param now the clock of the enclave and of its vendor */
export async function attest(attack: AttackName, nonce: Bytes, now: Date): Promise<Bytes> {
  const honest: DocumentOverrides = { nonce, userData, publicKey: await publicKeyOf('enclave') }
  const start = (startedAt: number): Promise<NitroAttester> => startEnclave(new Date(startedAt))
  const present = now.getTime()
  switch (attack) {
    case 'none':
      return (await start(present)).document(honest)
    case 'wrong-pcr': {
      const pcrs = await productionPcrs()
      return (await start(present)).document({
        ...honest,
        pcrs: { ...pcrs, 0: reversed(pcrs[0]), 2: reversed(pcrs[2]) },
      })
    }
    case 'debug':
      return (await start(present)).document({ ...honest, pcrs: await debugPcrs() })
    case 'replayed-nonce':
      return (await start(present - minute)).document({ ...honest, nonce: anotherNonce() })
    case 'swapped-key':
      // The relay has no key that a certificate of this chain names.
      return (await start(present)).document({
        ...honest,
        publicKey: await publicKeyOf('relay'),
        signer: await keyOf('relay'),
      })
    case 'tampered-payload':
      return (await start(present)).document({ ...honest, document: withOtherModule })
    case 'expired-leaf':
      return (await start(present - 4 * 60 * minute)).document({ ...honest, nonce: anotherNonce() })
    case 'drifting-clock':
      return (await start(present)).document({ ...honest, timestamp: present + 10 * minute })
  }
}

/**
 * Evidence for a gateway's key: of the enclave that is expected, of one with other code, and of one
 * that can be debugged.
 */
export async function attestKey(
  which: 'honest' | 'other-build' | 'debug',
  nonce: Uint8Array,
  keyConfig: Uint8Array,
  now: Date,
): Promise<Bytes> {
  const enclave = await startEnclave(now)
  const production = await productionPcrs()
  const pcrs =
    which === 'debug'
      ? await debugPcrs()
      : which === 'honest'
        ? production
        : { ...production, 0: reversed(production[0]) }
  return enclave.document({ nonce: new Uint8Array(nonce), publicKey: new Uint8Array(keyConfig), userData, pcrs })
}

/** An honest enclave with these registers; all others are as they always are. */
export async function attestPcrs(pcrs: Readonly<Record<number, Uint8Array>>, nonce: Bytes, now: Date): Promise<Bytes> {
  const enclave = await startEnclave(now)
  return enclave.document({
    nonce,
    userData,
    publicKey: await publicKeyOf('enclave'),
    pcrs: { ...(await productionPcrs()), ...pcrs },
  })
}

/** What was published when the image of the demo enclave was built, as nitro-cli prints it. */
export async function publishedMeasurements(): Promise<string> {
  const pcrs = await productionPcrs()
  const hex = (index: number): string => Buffer.from(pcrs[index] ?? []).toString('hex')
  const measurements = { HashAlgorithm: 'Sha384 { ... }', PCR0: hex(0), PCR1: hex(1), PCR2: hex(2) }
  return `${JSON.stringify({ Measurements: measurements }, null, 2)}\n`
}

async function startEnclave(startedAt: Date): Promise<NitroAttester> {
  const { root, keys } = await readPki()
  return createNitroAttester({ now: startedAt, keys: new Map(keys), certificates: { root: { der: () => root } } })
}

interface Pki {
  readonly root: Bytes
  readonly keys: ReadonlyMap<string, Signer>
}

let pki: Promise<Pki> | undefined

function readPki(): Promise<Pki> {
  pki ??= loadPki()
  return pki
}

async function loadPki(): Promise<Pki> {
  const [root, stored] = await Promise.all([
    readFile(new URL('root.der', fixtures)),
    readFile(new URL('pki.json', fixtures), 'utf8'),
  ])
  const { fixture } = JSON.parse(stored) as { readonly fixture: Readonly<Record<string, JsonWebKey>> }
  const entries = Object.entries(fixture).filter(([, { crv }]) => crv === 'P-384')
  return {
    root: new Uint8Array(root),
    keys: new Map(await Promise.all(entries.map(async ([id, jwk]) => [id, await signerOf(jwk)] as const))),
  }
}

async function signerOf(jwk: JsonWebKey): Promise<Signer> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-384' }
  const { d, ...open } = jwk
  const [privateKey, publicKey] = await Promise.all([
    crypto.subtle.importKey('jwk', { ...open, ...(d !== undefined && { d }) }, algorithm, true, ['sign']),
    crypto.subtle.importKey('jwk', open, algorithm, true, ['verify']),
  ])
  return { curve: 'P-384', hash: 'SHA-384', privateKey, publicKey }
}

const made = new Map<string, Promise<Signer>>()

/** A key that stays the same while the demo runs. */
function keyOf(owner: string): Promise<Signer> {
  const key = made.get(owner) ?? createSigner()
  made.set(owner, key)
  return key
}

async function publicKeyOf(owner: string): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.exportKey('spki', (await keyOf(owner)).publicKey))
}

/** A nonce that is not the caller's. */
const anotherNonce = (): Bytes => crypto.getRandomValues(new Uint8Array(32))

const reversed = (bytes: Uint8Array = new Uint8Array(48)): Uint8Array => bytes.slice().reverse()

/** One bit of the module's name, after signing. */
function withOtherModule(document: Bytes): Bytes {
  const changed = document.slice()
  const name = new TextEncoder().encode('module_id')
  const at = changed.findIndex((_, i) => name.every((byte, k) => changed[i + k] === byte))
  // After the name stands the head of a text of up to 255 bytes, two bytes long, then the text.
  const first = at + name.length + 2
  changed[first] = (changed[first] ?? 0) ^ 1
  return changed
}
