/**
 * Signing reference values: what the build does once, so that every client can check it with nothing but the CA's certificate.
 */
import { ES256, ES384 } from '../crypto/algorithms.ts'
import { sign } from '../crypto/sign.ts'
import { importPublicKey, verifySignature } from '../crypto/signature.ts'
import { type Bytes, concatBytes, copyBytes, fromHex, isBytes, toHex } from '../encoding/bytes.ts'
import { type Encodable, encodeCbor } from '../encoding/cbor-encode.ts'
import { signedBytes } from '../encoding/cose.ts'
import { knownOptions, requireOption } from '../options.ts'
import {
  isSetInEnclaves,
  isSetInInstances,
  type NitroCliReferenceValues,
  type PcrReferenceValues,
  readReferenceValues,
} from '../formats/nsm/reference-values.ts'
import { decodeCertificate } from '../x509/certificate.ts'
import { nameToText } from '../x509/name.ts'
import { profileOfReferenceValues } from './corim.ts'
import { environments, type ReferenceEnvironment } from './environments.ts'

/** What {@link signReferenceValues} takes besides the values. Unknown options are a `TypeError`. */
export interface SignReferenceValuesOptions {
  /** What the measurements are of. */
  readonly environment: ReferenceEnvironment
  /** ECDSA private key with the usage `sign`: on P-256 it signs with ES256, on P-384 with ES384. */
  readonly key: CryptoKey
  /** DER: the certificate of `key`, then those between it and the CA; the CA's own is not needed. All with the algorithm of `key`. */
  readonly chain: readonly Uint8Array[]
  /** Greater than that of the last file: clients accept no smaller one than they have seen. */
  readonly version: number
  /** Whole seconds count. */
  readonly notBefore: Date
  readonly notAfter: Date
  /** How to call the file. Default: environment and version. */
  readonly id?: string
}

/**
 * Signs reference values as a CoRIM (draft-ietf-rats-corim) in a COSE_Sign1, for {@link openReferenceValues}.
 *
 * @param values one build or several, as verifiers take them; their names come back as `matched`
 * @returns tag 18; standard tools can read it
 * @throws VerificationError `cert-parse` when the first certificate is malformed
 * @throws TypeError when there is nothing to sign, or an option is wrong, or the key is not that of the first certificate
 * @example
 * ```ts
 * const file = await signReferenceValues([{ name: 'release 42', PCR0: '287b2…' }], {
 *   environment: 'nitro', key, chain: [certificate], version: 42, notBefore: new Date(), notAfter,
 * })
 * ```
 */
export async function signReferenceValues(
  values: PcrReferenceValues | NitroCliReferenceValues | readonly (PcrReferenceValues | NitroCliReferenceValues)[],
  options: SignReferenceValuesOptions,
): Promise<Bytes> {
  const { environment, key, chain, version, notBefore, notAfter, id } = readOptions(options)
  const builds = readReferenceValues(values, environment === 'nitro' ? isSetInEnclaves : isSetInInstances)
  if (typeof builds === 'symbol') throw new TypeError('values must be measurements')
  const algorithm = key.algorithm.namedCurve === 'P-256' ? ES256 : ES384
  const { id: classId = '', vendor = '', model = '' } = environments[environment]
  const environmentMap = map([0, map([0, { tag: 560, value: fromHex(classId.slice(6, -2)) }], [1, vendor], [2, model])])
  const triples = builds.map(({ name, registers }) => {
    const digests = [...registers].map(([register, value]) => [Number(register.slice(3)), [[sha384, value]]] as const)
    const named = name === undefined ? [] : [[11, name] as const]
    return [environmentMap, [map([1, map(...named, [14, map(...digests)])])]]
  })
  const validity = map(
    [0, { tag: 1, value: Math.floor(notBefore / 1000) }],
    [1, { tag: 1, value: Math.floor(notAfter / 1000) }],
  )
  const comid = map([1, map([0, id], [1, version])], [4, map([0, triples])])
  const corim = map(
    [0, id],
    [1, [{ tag: 506, value: encodeCbor(comid) }]],
    [3, { tag: 32, value: profileOfReferenceValues }],
    [4, validity],
  )
  const [certificate] = chain as [Bytes]
  const { subject, spki } = decodeCertificate(certificate, 'chain[0]')
  const meta = map([0, map([0, nameToText(subject)])], [1, validity])
  const protectedHeader = encodeCbor(
    encodeCbor(
      map(
        [1, algorithm.cose as number],
        [3, 'application/rim+cbor'],
        [8, encodeCbor(meta)],
        [33, chain.length === 1 ? certificate : chain],
      ),
    ),
  )
  const payload = encodeCbor(encodeCbor({ tag: 501, value: corim }))
  const toSign = signedBytes({ signedItems: [protectedHeader, payload] })
  const signature = new Uint8Array(await sign(algorithm.verifyParams, key, toSign))
  // Whoever opens the file would only be told that it is forged.
  const fits = new RegExp(algorithm.key.spki).test(toHex(spki))
  const isOwn = fits && (await verifySignature(algorithm, importPublicKey(spki, algorithm), signature, toSign))
  requireOption('key', 'the key of chain[0]', isOwn)
  // Tag 18 on an array of four, of which the unprotected header is empty.
  return concatBytes([0xd2, 0x84], protectedHeader, [0xa0], payload, encodeCbor(signature))
}

const sha384 = 7

const map = (...entries: readonly (readonly [number, Encodable])[]): Encodable => new Map(entries)

interface SignPolicy {
  readonly environment: ReferenceEnvironment
  readonly key: CryptoKey & { readonly algorithm: EcKeyAlgorithm }
  readonly chain: readonly Bytes[]
  readonly version: number
  readonly notBefore: number
  readonly notAfter: number
  readonly id: string
}

function readOptions(options: unknown): SignPolicy {
  const { environment, key, chain, version, notBefore, notAfter, id } = knownOptions<SignReferenceValuesOptions>(
    options,
    ['environment', 'key', 'chain', 'version', 'notBefore', 'notAfter', 'id'],
  )
  requireOption('environment', Object.keys(environments).join(' or '), Object.hasOwn(environments, String(environment)))
  const curve = (key?.algorithm as Partial<EcKeyAlgorithm> | undefined)?.namedCurve
  const isKey = key?.algorithm.name === 'ECDSA' && key.type === 'private' && (curve === 'P-256' || curve === 'P-384')
  requireOption('key', 'an ECDSA private key on P-256 or P-384', isKey)
  const list: readonly unknown[] = Array.isArray(chain) ? chain : []
  const isChain = list.length > 0 && list.length <= 8 && list.every((der) => isBytes(der) && der[0] === 0x30)
  requireOption('chain', '1 to 8 certificates in DER', isChain)
  requireOption('version', 'an integer from 0', Number.isSafeInteger(version) && Number(version) >= 0)
  const [from, until] = [notBefore, notAfter].map((date) => ((date as unknown) instanceof Date ? date?.getTime() : NaN))
  requireOption('notBefore', 'a Date', Number.isFinite(from))
  requireOption('notAfter', 'a Date after notBefore', Number.isFinite(until) && Number(until) > Number(from))
  requireOption('id', 'text', id === undefined || (typeof id === 'string' && id !== ''))
  return {
    environment: environment as ReferenceEnvironment,
    key: key as SignPolicy['key'],
    chain: (list as Uint8Array[]).map(copyBytes),
    version: version as number,
    notBefore: from as number,
    notAfter: until as number,
    id: id ?? `${String(environment)} reference values ${String(version)}`,
  }
}
