/**
 * Signing reference values: what the build does once, so that every client can check it with nothing but the CA's certificate.
 */
import { ES256, ES384 } from '../../crypto/algorithms.ts'
import { sign } from '../../crypto/sign.ts'
import { importPublicKey, verifySignature } from '../../crypto/signature.ts'
import { type Bytes, concatBytes, copyBytes, isBytes } from '../../encoding/bytes.ts'
import { type Encodable, encodeCbor } from '../../encoding/cbor-encode.ts'
import { signedBytes } from '../../encoding/cose.ts'
import { itemsOf, knownOptions, requireOption } from '../../core/options.ts'
import type { NitroCliReferenceValues, PcrReferenceValues } from '../../formats/aws/reference-values.ts'
import { decodeCertificate } from '../../x509/certificate.ts'
import { nameToText } from '../../x509/name.ts'
import { profileOfReferenceValues } from './corim.ts'
import { fits } from './envelope.ts'
import { environmentId, environmentModels, environmentVendor, type ReferenceEnvironment } from './environments.ts'
import { indexOfRepeated, readBuilds, readSubject, type ReferenceSubject } from './subject.ts'

/** What {@link signReferenceValues} takes besides the values. Unknown options are a `TypeError`. */
export interface SignReferenceValuesOptions {
  /** What the measurements are of. */
  readonly environment: ReferenceEnvironment
  /**
   * The product that the builds are of: clients demand it by this name, and count versions by it. Make it unique among all that your CA signs for, like
   * `example.com/inference`, and no secret: it is in the file.
   */
  readonly product: string
  /** ECDSA private key with the usage `sign`: on P-256 it signs with ES256, on P-384 with ES384. */
  readonly key: CryptoKey
  /** DER: the certificate of `key`, then those between it and the CA; the CA's own is not needed. All with the algorithm of `key`. */
  readonly chain: readonly Uint8Array[]
  /** Greater than that of the product's last file: clients accept no smaller one than they have seen. */
  readonly version: number
  /** Whole seconds count. */
  readonly notBefore: Date
  readonly notAfter: Date
  /** How to call the file. Default: product and version. */
  readonly id?: string
}

/**
 * Signs reference values as a CoRIM (draft-ietf-rats-corim) in a COSE_Sign1, for {@link openReferenceValues}.
 *
 * Several authorities sign the same values with the same options, except for `key` and `chain`: what their signatures cover is then equal byte for byte.
 * Each makes a file of its own, from measurements of its own build where builds are reproducible.
 *
 * @param values one build or several, as verifiers take them; their names come back as `matched`, so no two may be called the same
 * @returns tag 18; standard tools can read it
 * @throws VerificationError `cert-parse` when the first certificate is malformed
 * @throws TypeError when there is nothing to sign, or a name comes twice, or an option is wrong, or the key is not that of the first certificate
 * @example
 * ```ts
 * const file = await signReferenceValues([{ name: 'release 42', PCR0: '287b2…' }], {
 *   environment: 'nitro', product: 'example.com/inference', version: 42, key, chain: [certificate], notBefore: new Date(), notAfter,
 * })
 * ```
 */
export async function signReferenceValues(
  values: PcrReferenceValues | NitroCliReferenceValues | readonly (PcrReferenceValues | NitroCliReferenceValues)[],
  options: SignReferenceValuesOptions,
): Promise<Bytes> {
  const { environment, product, key, chain, version, notBefore, notAfter, id } = readOptions(options)
  const builds = readBuilds(values, environment)
  const repeated = indexOfRepeated(builds.map(({ name }) => name))
  requireOption(`name of values[${repeated}]`, 'one that no other build has', repeated < 0)
  const algorithm = key.algorithm.namedCurve === 'P-256' ? ES256 : ES384
  const environmentMap = map([
    0,
    map(
      [0, { tag: 560, value: environmentId(environment) }],
      [1, environmentVendor],
      [2, environmentModels[environment]],
    ),
  ])
  const triples = builds.map(({ name, registers }) => {
    const digests = [...registers].map(
      ([register, { value }]) => [Number(register.slice(3)), [[sha384, value as Bytes]]] as const,
    )
    const named = name === undefined ? [] : [[11, name] as const]
    return [environmentMap, [map([1, map(...named, [14, map(...digests)])])]]
  })
  const validity = map(
    [0, { tag: 1, value: Math.floor(notBefore / 1000) }],
    [1, { tag: 1, value: Math.floor(notAfter / 1000) }],
  )
  const comid = map([1, map([0, product], [1, version])], [4, map([0, triples])])
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
  // Otherwise those who open the file are only told that it is forged.
  const isOwn =
    fits(spki, algorithm) &&
    (await verifySignature(algorithm, importPublicKey(spki, algorithm), { signature, signedBytes: toSign }))
  requireOption('key', 'the key of chain[0]', isOwn)
  // Tag 18 on an array of four, of which the unprotected header is empty.
  return concatBytes([0xd2, 0x84], protectedHeader, [0xa0], payload, encodeCbor(signature))
}

const sha384 = 7

const map = (...entries: readonly (readonly [number, Encodable])[]): Encodable => new Map(entries)

interface SignPolicy extends ReferenceSubject {
  readonly key: CryptoKey & { readonly algorithm: EcKeyAlgorithm }
  readonly chain: readonly Bytes[]
  readonly notBefore: number
  readonly notAfter: number
  readonly id: string
}

function readOptions(options: unknown): SignPolicy {
  const { environment, product, key, chain, version, notBefore, notAfter, id } =
    knownOptions<SignReferenceValuesOptions>(options, [
      'environment',
      'product',
      'key',
      'chain',
      'version',
      'notBefore',
      'notAfter',
      'id',
    ])
  const subject = readSubject(environment, product, version, 'version')
  const curve = (key?.algorithm as Partial<EcKeyAlgorithm> | undefined)?.namedCurve
  const isKey = key?.algorithm.name === 'ECDSA' && key.type === 'private' && (curve === 'P-256' || curve === 'P-384')
  requireOption('key', 'an ECDSA private key on P-256 or P-384', isKey)
  const list = itemsOf(chain)
  const isChain = list.length > 0 && list.length <= 8 && list.every((der) => isBytes(der) && der[0] === 0x30)
  requireOption('chain', '1 to 8 certificates in DER', isChain)
  const [from, until] = [notBefore, notAfter].map((date) => ((date as unknown) instanceof Date ? date?.getTime() : NaN))
  requireOption('notBefore', 'a Date', Number.isFinite(from))
  requireOption('notAfter', 'a Date after notBefore', Number.isFinite(until) && Number(until) > Number(from))
  requireOption('id', 'text', id === undefined || (typeof id === 'string' && id !== ''))
  return {
    ...subject,
    key: key as SignPolicy['key'],
    chain: (list as Uint8Array[]).map(copyBytes),
    notBefore: from as number,
    notAfter: until as number,
    id: id ?? `${subject.product} ${subject.version}`,
  }
}
