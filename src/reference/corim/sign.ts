/**
 * Signing reference values: what the build does once, so that every client can check it with
 * nothing but the CA's certificate.
 */
import { ES256, ES384 } from '../../crypto/algorithms.ts'
import type { CryptoKey } from '../../crypto/keys.ts'
import { sign } from '../../crypto/sign.ts'
import { importPublicKey, verifySignature } from '../../crypto/signature.ts'
import { type Bytes, concatBytes, copyBytes, isBytes } from '../../encoding/bytes.ts'
import { encodeCbor } from '../../encoding/cbor-encode.ts'
import { signedBytes } from '../../encoding/cose.ts'
import { itemsOf, knownOptions, requireOption } from '../../core/options.ts'
import type { NitroCliReferenceValues, PcrReferenceValues } from '../../formats/aws/reference-values.ts'
import { decodeCertificate } from '../../x509/certificate.ts'
import { nameToText } from '../../x509/name.ts'
import { profileOfReferenceValues } from './corim.ts'
import { fits } from './envelope.ts'
import { environmentId, environmentOf, type ReferenceEnvironment, type ReferenceValuesOf } from './environments.ts'
import type { AwsReferenceValues } from './environments/aws.ts'
import { mapWith } from './environments/environment.ts'
import { indexOfRepeated, readSubject, type ReferenceSubject } from './subject.ts'

/**
 * What can be signed: what the verifier of that name takes as `referenceValues`; of PCRs also what
 * `nitro-cli` prints.
 */
export type SignableReferenceValues<Name extends ReferenceEnvironment> =
  | ReferenceValuesOf[Name]
  | (Name extends keyof AwsReferenceValues ? PcrReferenceValues | NitroCliReferenceValues : never)

/** What {@link signReferenceValues} takes besides the values. Unknown options are a `TypeError`. */
export interface SignReferenceValuesOptions<Name extends ReferenceEnvironment = keyof AwsReferenceValues> {
  /** What the measurements are of: the format whose verifier will take them. */
  readonly environment: Name
  /**
   * The product that the builds are of: clients demand it by this name, and count versions by it.
   * Make it unique among all that your CA signs for, like `example.com/inference`, and no secret:
   * it is in the file.
   */
  readonly product: string
  /** ECDSA private key with the usage `sign`: on P-256 it signs with ES256, on P-384 with ES384. */
  readonly key: CryptoKey
  /**
   * DER: the certificate of `key`, then those between it and the CA; the CA's own is not needed.
   * All with the algorithm of `key`.
   */
  readonly chain: readonly Uint8Array[]
  /**
   * Greater than that of the product's last file: clients accept no smaller one than they have
   * seen.
   */
  readonly version: number
  /** Whole seconds count. */
  readonly notBefore: Date
  /** Later than `notBefore`. Whole seconds count. */
  readonly notAfter: Date
  /** How to call the file. Default: product and version. */
  readonly id?: string
}

/**
 * Signs reference values as a CoRIM (draft-ietf-rats-corim) in a COSE_Sign1, for
 * {@link openReferenceValues}.
 *
 * Several authorities sign the same values with the same options, except for `key` and `chain`:
 * what their signatures cover is then equal byte for byte. Each makes a file of its own, from
 * measurements of its own build where builds are reproducible.
 *
 * @param values one build or several, as verifiers take them; their names come back as `matched`,
 *   so no two may be called the same
 * @returns tag 18; standard tools can read it
 * @throws VerificationError `cert-parse` when the first certificate is malformed
 * @throws TypeError when there is nothing to sign, or a name comes twice, or an option is wrong, or
 *   the key is not that of the first certificate
 * @example
 * ```ts
 * const file = await signReferenceValues([{ name: 'release 42', PCR0: '287b2…' }], {
 *   environment: 'nitro', product: 'example.com/inference', version: 42, key, chain: [certificate], notBefore: new Date(), notAfter,
 * })
 * ```
 */
export async function signReferenceValues<Name extends ReferenceEnvironment>(
  values: SignableReferenceValues<Name> | readonly SignableReferenceValues<Name>[],
  options: SignReferenceValuesOptions<Name>,
): Promise<Bytes> {
  const { environment, product, key, chain, version, notBefore, notAfter, id } = readOptions(options)
  const { vendor, model, readBuilds } = environmentOf(environment)
  const builds = readBuilds(values)
  const repeated = indexOfRepeated(builds.map(({ name }) => name))
  requireOption(`name of values[${repeated}]`, 'one that no other build has', repeated < 0)
  const algorithm = key.algorithm.namedCurve === 'P-256' ? ES256 : ES384
  const environmentMap = mapWith([
    0,
    mapWith([0, { tag: 560, value: environmentId(environment) }], [1, vendor], [2, model]),
  ])
  const triples = builds.map(({ measurements }) => [environmentMap, measurements])
  const validity = mapWith(
    [0, { tag: 1, value: Math.floor(notBefore / 1000) }],
    [1, { tag: 1, value: Math.floor(notAfter / 1000) }],
  )
  const comid = mapWith([1, mapWith([0, product], [1, version])], [4, mapWith([0, triples])])
  const corim = mapWith(
    [0, id],
    [1, [{ tag: 506, value: encodeCbor(comid) }]],
    [3, { tag: 32, value: profileOfReferenceValues }],
    [4, validity],
  )
  const [certificate] = chain as [Bytes]
  const { subject, spki } = decodeCertificate(certificate, 'chain[0]')
  const meta = mapWith([0, mapWith([0, nameToText(subject)])], [1, validity])
  const protectedHeader = encodeCbor(
    encodeCbor(
      mapWith(
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
