/**
 * What both kinds of Azure's confidential VMs share: a hardware report of boot time inside an HCL
 * report, and a quote of the virtual TPM whose key the report vouches for.
 */
import { appraiseBinding } from '../../appraisal/binding.ts'
import { type Hex, readSizedBytes } from '../../appraisal/expectations.ts'
import { VerificationError } from '../../core/errors.ts'
import { isPlainObject, requireOption, snapshotOf } from '../../core/options.ts'
import type { CheckRecorder } from '../../core/record.ts'
import { hash } from '../../crypto/digest.ts'
import {
  type Bytes,
  concatBytes,
  copyBytes,
  equalBytes,
  fromHex,
  givenBytes,
  isBytes,
  isZero,
  toHex,
} from '../../encoding/bytes.ts'
import { quotedRegisters, type TpmQuote } from '../tpm/quote.ts'
import { verifyTpmQuote } from '../tpm/signature.ts'
import type { RuntimeData } from './hcl.ts'

/**
 * Pass it as `vtpm` to go without a quote of the virtual TPM. The report is then as old as the last
 * boot, and nothing says what booted.
 */
export const skipVtpm: unique symbol = /* @__PURE__ */ Symbol.for('veritee.skipVtpm')

/** A quote of the virtual TPM. */
export interface VtpmQuote {
  /** TPMS_ATTEST, as TPM2_Quote returns it. */
  readonly message: Uint8Array
  /** RSASSA-PKCS1-v1_5 with SHA-256, 256 bytes. */
  readonly signature: Uint8Array
  /** All 24 registers of the SHA-256 bank, 32 bytes each. Needed where registers are expected. */
  readonly pcrs?: readonly Uint8Array[]
}

/** What the quote must say. */
export interface VtpmExpectation {
  /** What you gave to TPM2_Quote, 1 to 64 bytes: it makes the evidence fresh. */
  readonly nonce: Uint8Array
  /**
   * Registers of the SHA-256 bank that are accepted, by their index: one value, or any of several.
   */
  readonly pcrs?: Readonly<Record<number, Hex | readonly Hex[]>>
}

/** {@link VtpmExpectation}, checked and copied; `undefined` when the caller skips it. */
export interface VtpmPolicy {
  readonly nonce: Bytes
  readonly pcrs: ReadonlyMap<number, readonly Bytes[]>
}

/** {@link VtpmQuote}, copied. */
export interface VtpmQuoteBytes {
  readonly message: Bytes
  readonly signature: Bytes
  readonly pcrs: readonly Bytes[] | undefined
}

/** @throws TypeError */
export function readVtpmPolicy(value: unknown): VtpmPolicy | undefined {
  if (value === skipVtpm) return undefined
  requireOption('vtpm', '{ nonce, pcrs } or skipVtpm', isPlainObject(value))
  const { nonce, pcrs, ...unknown } = snapshotOf<Record<string, unknown>>(value, 'vtpm')
  requireOption('vtpm', '{ nonce, pcrs } or skipVtpm', Object.keys(unknown).length === 0)
  const bytes = givenBytes(nonce)
  requireOption('vtpm.nonce', '1 to 64 bytes (Uint8Array)', bytes.length > 0 && bytes.length <= 64)
  const registers = new Map<number, readonly Bytes[]>()
  for (const [name, accepted] of Object.entries(
    pcrs === undefined ? {} : snapshotOf<Record<string, unknown>>(pcrs, 'vtpm.pcrs'),
  )) {
    requireOption(`vtpm.pcrs.${name}`, 'a register from 0 to 23', /^(?:1?\d|2[0-3])$/.test(name))
    const list: readonly unknown[] = Array.isArray(accepted) ? accepted : [accepted]
    requireOption(`vtpm.pcrs.${name}`, 'one value or more', list.length > 0)
    registers.set(
      Number(name),
      list.map((entry) => readSizedBytes(entry, 32, `vtpm.pcrs.${name}`)),
    )
  }
  return { nonce: bytes, pcrs: registers }
}

/** @throws TypeError */
export function readVtpmQuote(value: unknown): VtpmQuoteBytes | undefined {
  if (value === undefined) return undefined
  const { message, signature, pcrs } = snapshotOf<VtpmQuote>(value, 'quote')
  if (!isBytes(message) || !isBytes(signature)) throw new TypeError('quote must be { message, signature, pcrs }, bytes')
  const registers: readonly unknown[] | undefined =
    pcrs === undefined ? undefined : Array.isArray(pcrs) ? [...(pcrs as unknown[])] : []
  requireOption(
    'quote.pcrs',
    '24 registers of 32 bytes',
    registers === undefined || (registers.length > 0 && registers.every(isBytes)),
  )
  return {
    message: copyBytes(message),
    signature: copyBytes(signature),
    pcrs: (registers as readonly Uint8Array[] | undefined)?.map(copyBytes),
  }
}

/**
 * The report data of the hardware report is SHA-256 of the runtime data, and 32 zeros.
 * @throws VerificationError `hcl-runtime-data`
 */
export async function verifyRuntimeData(
  reportData: Uint8Array,
  runtimeData: Bytes,
  checks: CheckRecorder,
): Promise<void> {
  const digest = await hash('SHA-256', runtimeData)
  const holds = equalBytes(reportData.subarray(0, 32), digest) && isZero(reportData.subarray(32))
  checks.verifies('hcl-runtime-data', 'report data is the digest of the runtime data', {
    holds,
    expected: toHex(concatBytes(digest, new Uint8Array(32))),
    found: toHex(reportData),
  })
}

/** A quote that is authentic, and the registers that it covers, where they came along. */
export interface VerifiedQuote {
  readonly quote: TpmQuote
  readonly registers: ReadonlyMap<number, Bytes> | undefined
}

/**
 * Verifies the quote with the key in the runtime data.
 * @throws VerificationError `vtpm-quote-format`, `vtpm-quote-signature`, `vtpm-pcr-digest`
 */
export async function verifyVtpmQuote(
  quoted: VtpmQuoteBytes | undefined,
  { modulus }: RuntimeData,
  checks: CheckRecorder,
): Promise<VerifiedQuote> {
  if (quoted === undefined)
    throw new VerificationError(
      'vtpm-quote-format',
      'no quote of the virtual TPM beside the report (skipVtpm goes without)',
    )
  const { message, signature, pcrs } = quoted
  const quote = await verifyTpmQuote(
    { message, signature: { algorithm: 'RSASSA', bytes: signature }, spki: spkiOf(modulus) },
    checks,
  )
  if (pcrs === undefined) return { quote, registers: undefined }
  const outcome = await quotedRegisters(quote, pcrs).catch((error: unknown) => error as Error)
  const registers = checks.verifies('vtpm-pcr-digest', 'registers are those that the quote covers', () => {
    if (outcome instanceof Error) throw outcome
    return outcome
  })
  return { quote, registers }
}

/** Fresh, and the registers that the caller expects. */
export function appraiseVtpm(
  { quote, registers }: VerifiedQuote,
  { nonce, pcrs }: VtpmPolicy,
  checks: CheckRecorder,
): void {
  appraiseBinding('policy-nonce', 'nonce of the quote', { found: quote.extraData, expected: nonce }, checks)
  if (pcrs.size === 0) {
    checks.omit('policy-pcr', 'not-requested', 'no registers of the virtual TPM expected')
    return
  }
  const differing = [...pcrs].filter(
    ([index, accepted]) => !accepted.some((value) => equalBytes(value, registers?.get(index) ?? new Uint8Array())),
  )
  const textOf = (values: readonly (readonly [number, readonly Bytes[]])[]): string =>
    values.map(([index, accepted]) => `PCR ${index} ${accepted.map((value) => toHex(value)).join(' or ')}`).join(', ')
  const foundOf = (index: number): string => {
    if (registers === undefined) return 'no registers beside the quote'
    const value = registers.get(index)
    return `PCR ${index} ${value === undefined ? 'is not covered by the quote' : toHex(value)}`
  }
  const holds = differing.length === 0
  checks.appraises('policy-pcr', 'registers of the virtual TPM', {
    holds,
    expected: textOf(holds ? [...pcrs] : differing),
    found: holds ? 'these' : differing.map(([index]) => foundOf(index)).join(', '),
  })
}

/** RSA-2048 with exponent 65537 as a SubjectPublicKeyInfo. */
function spkiOf(modulus: Bytes): Bytes {
  return concatBytes(
    fromHex('30820122300d06092a864886f70d01010105000382010f003082010a0282010100'),
    modulus,
    fromHex('0203010001'),
  )
}
