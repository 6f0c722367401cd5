/**
 * The device of the enclave, for any runtime: signs documents with nothing but WebCrypto. The
 * fixture attester itself needs packages of npm that not every runtime, and no strict page, takes.
 */
import { encodeCbor } from '../../../src/encoding/cbor-encode.ts'
import { skipReferenceValues, verifyNitro } from '../../../src/formats/aws/nitro/index.ts'
import type { NitroOptions } from '../../../src/formats/aws/nitro/index.ts'
import type { Verify } from '../../../src/client/index.ts'
import type { Attest } from '../../../src/gateway/index.ts'
import { type Bytes, fromBase64 } from './bytes.ts'
import type { Enclave } from './model.ts'

/** What a document says. */
export interface Said {
  readonly nonce: Uint8Array
  readonly publicKey?: Uint8Array
  readonly userData?: Uint8Array
}

export interface Device {
  readonly document: (said: Said) => Promise<Bytes>
  /** For a gateway: the key configuration is inside the document. */
  readonly attest: Attest
  /** For a client: everything right. What is given replaces what is right. */
  readonly verifying: (other?: Partial<NitroOptions>) => Verify
  readonly otherRoot: Bytes
}

/**
 * @param now when a document is made. Default: always when the enclave started, for verifiers that
 * are told that it is still then
 */
export async function createDevice(enclave: Enclave, now: () => number = () => enclave.now): Promise<Device> {
  const certificates = enclave.certificates.map(fromBase64)
  const [root] = certificates as [Bytes]
  const key = await crypto.subtle.importKey('jwk', enclave.leaf, { name: 'ECDSA', namedCurve: 'P-384' }, false, [
    'sign',
  ])
  const registers = new Map(Object.entries(enclave.registers).map(([i, value]) => [Number(i), fromBase64(value)]))

  async function document({ nonce, publicKey, userData }: Said): Promise<Bytes> {
    const protectedHeader = encodeCbor(new Map([[1, -35]]))
    const payload = encodeCbor(
      new Map<string, Parameters<typeof encodeCbor>[0]>([
        ['module_id', enclave.moduleId],
        ['digest', 'SHA384'],
        ['timestamp', now()],
        ['pcrs', registers],
        ['certificate', certificates.at(-1) as Bytes],
        ['cabundle', certificates.slice(0, -1)],
        ['nonce', nonce],
        ...(publicKey ? ([['public_key', publicKey]] as const) : []),
        ...(userData ? ([['user_data', userData]] as const) : []),
      ]),
    )
    const signed = encodeCbor(['Signature1', protectedHeader, new Uint8Array(), payload])
    const signature = new Uint8Array(await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-384' }, key, signed))
    return encodeCbor([protectedHeader, new Map(), payload, signature])
  }

  return {
    document,
    otherRoot: fromBase64(enclave.otherRoot),
    attest: async ({ nonce, keyConfig }) => ({
      mediaType: 'application/cbor',
      evidence: await document({ nonce, publicKey: keyConfig }),
      holdsKeyConfig: true,
    }),
    verifying:
      (other = {}) =>
      (evidence, { nonce }) =>
        verifyNitro(evidence, {
          referenceValues: skipReferenceValues,
          freshness: { nonce },
          trustAnchors: [root],
          now: new Date(enclave.now),
          ...other,
        }),
  }
}
