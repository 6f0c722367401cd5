/**
 * What a caller says about the enclave that it expects.
 */
import { skipReferenceValues } from '../../../appraisal/reference-values.ts'
import { isZero } from '../../../encoding/bytes.ts'
import { type NsmOptions, type NsmPolicy, readNsmOptions } from '../options.ts'
import { isSetInEnclaves, type NitroCliReferenceValues, type PcrReferenceValues } from '../reference-values.ts'
import { allowDebug, snapshotOptions } from '../../options.ts'
import { requireOption } from '../../../core/options.ts'

/**
 * Pass it as `signedImages` to accept every image that a key has signed: old ones with known holes
 * as well, and what its owner signs tomorrow. Reference values may then name PCR8 in place of PCR0.
 */
export const allowSignedImages: unique symbol = /* @__PURE__ */ Symbol.for('veritee.allowSignedImages')

/**
 * One accepted build: PCRs by name (`{ PCR0: '…' }`), or the JSON that nitro-cli prints, parsed.
 */
export type NitroReferenceValues = PcrReferenceValues | NitroCliReferenceValues

/** Options of `verifyNitro`. */
export interface NitroOptions extends NsmOptions {
  /**
   * The builds that are accepted: any one must match. Each must name PCR0, which covers the whole
   * image: PCR1 identifies no application, PCR3 and PCR4 no code, and PCR8 accepts every image that
   * its key ever signed (see `signedImages`). All 16 registers that a document prints can be named
   * here: zeros from PCR5 on say that the register must be zero. Zeros in PCR3 say that the
   * instance has no role. To accept any code, pass `skipReferenceValues`.
   */
  readonly referenceValues: NitroReferenceValues | readonly NitroReferenceValues[] | typeof skipReferenceValues
  /**
   * A reference value without PCR0 is a `TypeError` unless this is the symbol
   * {@link allowSignedImages}, and it names PCR8. Default: refused.
   */
  readonly signedImages?: typeof allowSignedImages
  /**
   * Evidence of a debug enclave is refused unless this is the symbol {@link allowDebug}. With it,
   * reference values need not name PCR0, and zeros are a value of PCR0 to PCR2: every debug enclave
   * has zeros there. Default: refused.
   */
  readonly debug?: typeof allowDebug
}

/** {@link NitroOptions}, checked and copied. */
export interface NitroPolicy extends NsmPolicy {
  readonly debug: boolean
}

/** @throws TypeError for every mistake that a caller can make */
export async function readNitroOptions(options: NitroOptions): Promise<NitroPolicy> {
  const own = snapshotOptions(options, [
    'referenceValues',
    'signedImages',
    'userData',
    'publicKey',
    'debug',
    'freshness',
  ])
  const { debug, signedImages } = own
  requireOption('debug', 'allowDebug', debug === undefined || debug === allowDebug)
  requireOption('signedImages', 'allowSignedImages', signedImages === undefined || signedImages === allowSignedImages)
  const isDebugAllowed = debug === allowDebug
  const isImage = (register: string): boolean => /^PCR[0-2]$/.test(register)
  const policy = await readNsmOptions(
    own,
    (register) => isSetInEnclaves(register) && !(isDebugAllowed && isImage(register)),
  )
  // A debug enclave has zeros in PCR0, so that nothing says which code it runs: who accepts that
  // has no image to name.
  if (!isDebugAllowed) requireImages(policy, signedImages === allowSignedImages)
  return { ...policy, debug: isDebugAllowed }
}

/**
 * @throws TypeError unless every reference value says which image runs, or who signed it where that
 *   is enough
 */
function requireImages({ referenceValues }: NsmPolicy, areSignedImagesAllowed: boolean): void {
  if (referenceValues === skipReferenceValues) return
  referenceValues.forEach(({ registers }, i) => {
    const signer = registers.get('PCR8')?.value
    // Every image that is not signed has a zero there.
    const isSigned = areSignedImagesAllowed && signer !== undefined && !isZero(signer)
    if (!registers.has('PCR0') && !isSigned)
      throw new TypeError(
        `referenceValues[${i}] must name PCR0, which alone covers the image (or PCR8, with signedImages: allowSignedImages)`,
      )
  })
}
