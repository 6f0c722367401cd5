/**
 * The enclave of the demo: answers a nonce with a document of the shape that Nitro has, under the
 * fixture root, whose keys are public. It can do wrong on request, one thing at a time and
 * everything else right, so that each attack can be seen being caught.
 */
import { readKeys } from '../../fixtures/keys.ts'
import { hex } from '../../test/attester/bytes.ts'
import { createSigner, type Signer } from '../../test/attester/certificate.ts'
import {
  createNitroAttester,
  debugPcrs,
  type DocumentOverrides,
  type NitroAttester,
  productionPcrs,
} from '../../test/attester/nitro.ts'
import type { AttackName } from '../page/attacks.ts'
import { type Bytes, fromBase64 } from '../page/bytes.ts'
import type { Authority } from './authorities.ts'

const minute = 60_000

/** What the enclave of the demo claims to carry. */
const userData = new TextEncoder().encode(JSON.stringify({ service: 'veritee demo', build: 'release' }))

export interface Attester {
  /** @param nonce the caller's @param now the clock of the enclave and of its vendor */
  readonly attest: (attack: AttackName, nonce: Bytes, now: Date) => Promise<Bytes>
  /**
   * Evidence for a gateway's key: of the enclave that is expected, of one with other code, and of
   * one that can be debugged.
   */
  readonly attestKey: (which: Which, nonce: Uint8Array, keyConfig: Uint8Array, now: Date) => Promise<Bytes>
  /** An honest enclave with these registers; all others are as they always are. */
  readonly attestPcrs: (pcrs: Readonly<Record<number, Uint8Array>>, nonce: Bytes, now: Date) => Promise<Bytes>
}

type Which = 'honest' | 'other-build' | 'debug'

/** @param vendor has the root; keys below it are made here, and stay the same */
export function createAttester(vendor: Authority): Attester {
  const root = fromBase64(vendor.root) as Bytes
  let vendorKeys: Promise<Map<string, Signer>> | undefined
  const made = new Map<string, Promise<Signer>>()

  async function startEnclave(startedAt: Date): Promise<NitroAttester> {
    const keys = await (vendorKeys ??= readKeys(vendor.keys))
    return createNitroAttester({ now: startedAt, keys, certificates: { root: { der: () => root } } })
  }

  function keyOf(owner: string): Promise<Signer> {
    const key = made.get(owner) ?? createSigner()
    made.set(owner, key)
    return key
  }

  async function publicKeyOf(owner: string): Promise<Bytes> {
    return new Uint8Array(await crypto.subtle.exportKey('spki', (await keyOf(owner)).publicKey))
  }

  async function attest(attack: AttackName, nonce: Bytes, now: Date): Promise<Bytes> {
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

  return {
    attest,
    async attestKey(which, nonce, keyConfig, now) {
      const enclave = await startEnclave(now)
      const production = await productionPcrs()
      const pcrs =
        which === 'debug'
          ? await debugPcrs()
          : which === 'honest'
            ? production
            : { ...production, 0: reversed(production[0]) }
      return enclave.document({ nonce: new Uint8Array(nonce), publicKey: new Uint8Array(keyConfig), userData, pcrs })
    },
    async attestPcrs(pcrs, nonce, now) {
      const enclave = await startEnclave(now)
      return enclave.document({
        nonce,
        userData,
        publicKey: await publicKeyOf('enclave'),
        pcrs: { ...(await productionPcrs()), ...pcrs },
      })
    },
  }
}

/** What was published when the image of the demo enclave was built, as nitro-cli prints it. */
export async function publishedMeasurements(): Promise<string> {
  const pcrs = await productionPcrs()
  const hexOf = (index: number): string => hex(pcrs[index] ?? new Uint8Array())
  const measurements = { HashAlgorithm: 'Sha384 { ... }', PCR0: hexOf(0), PCR1: hexOf(1), PCR2: hexOf(2) }
  return `${JSON.stringify({ Measurements: measurements }, null, 2)}\n`
}

/** A nonce that is not the caller's. */
const anotherNonce = (): Bytes => crypto.getRandomValues(new Uint8Array(32))

const reversed = (bytes: Uint8Array = new Uint8Array(48)): Uint8Array => bytes.slice().reverse()

/** One bit of the module's name, after signing. */
function withOtherModule(document: Bytes): Bytes {
  const changed = document.slice()
  const name = new TextEncoder().encode('module_id')
  const at = positionOf(name, changed)
  // After the name stands the head of a text of up to 255 bytes, two bytes long, then the text.
  const first = at + name.length + 2
  changed[first] = (changed[first] ?? 0) ^ 1
  return changed
}

/** Where `part` begins in `bytes`, from a position on; -1 where it is not. */
export function positionOf(part: Uint8Array, bytes: Uint8Array, from = 0): number {
  return bytes.findIndex((_, i) => i >= from && part.every((byte, k) => bytes[i + k] === byte))
}
