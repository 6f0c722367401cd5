/**
 * Evidence in a wrapper (CMW, RFC 9999): one record that says it is evidence, of a type that is
 * known.
 */
import { VerificationError } from '../core/errors.ts'
import type { Bytes } from '../encoding/bytes.ts'
import { type Cmw, cmwIndicators, decodeCmw } from './cmw.ts'

/** `application/eat+cwt` (RFC 9782), as a CoAP content format. */
const eatCwt = 263
/**
 * Media types of evidence that formats here have; the parameters behind them are for the verifier,
 * which reads the evidence itself.
 */
const mediaTypes: readonly string[] = [
  'application/eat+cwt',
  // Before RFC 9782 and RFC 9783.
  'application/eat-collection',
  'application/psa-attestation-token',
]

/**
 * What is in the wrapper. Nothing in it is believed: the format is told from the evidence, as
 * without a wrapper.
 * @throws VerificationError `format-unknown` for what is no wrapper, no evidence of a known type,
 *   or a collection
 */
export function evidenceIn(bytes: Bytes): Bytes {
  const cmw = read(bytes)
  if (cmw.kind === 'collection')
    throw new VerificationError(
      'format-unknown',
      'a collection (CMW) is none of the formats: take it apart with veritee/cmw',
    )
  const { type, value, indicator = cmwIndicators.evidence } = cmw
  const isKnown = typeof type === 'number' ? type === eatCwt : mediaTypes.includes(essenceOf(type))
  if (!isKnown || (indicator & cmwIndicators.evidence) === 0)
    throw new VerificationError('format-unknown', {
      subject: 'record (CMW)',
      expected: `evidence, ${mediaTypes.join(' or ')}`,
      found: isKnown ? 'another kind of message' : String(type).slice(0, 64),
    })
  return value as Bytes
}

function read(bytes: Bytes): Cmw {
  try {
    return decodeCmw(bytes)
  } catch (cause) {
    throw new VerificationError(
      'format-unknown',
      `the evidence is no format, and no wrapper: ${(cause as Error).message}`,
      {
        cause,
      },
    )
  }
}

/** Without parameters; names of media types have no case. */
const essenceOf = (type: string): string => (type.split(';', 1)[0] as string).trim().toLowerCase()
