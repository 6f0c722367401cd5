/**
 * `veritee verify`: from the command line to a verifier, and its verdict as a checklist or as JSON.
 */
import { VerificationError } from '../errors.ts'
import { detectFormat, type EvidenceFormat, type EvidenceResult, type NitroOptions } from '../index.ts'
import { verifyNitro } from '../formats/nitro/index.ts'
import { verifyNitroTpm } from '../formats/nitro-tpm/index.ts'
import { inWordsOfTheCommand, parseOne, policyOf, type Values, verifyOptions } from './arguments.ts'
import { exitCodeOf, failureOf, UsageError } from './failures.ts'
import { readEvidence } from './input.ts'
import { verdictToJson } from './json.ts'
import { printVerdict } from './report.ts'

type Verifier = (evidence: Uint8Array, policy: NitroOptions) => Promise<EvidenceResult>

const verifiers: Readonly<Record<EvidenceFormat, Verifier>> = {
  nitro: verifyNitro,
  'nitro-tpm': async (evidence, { debug, ...policy }) => {
    if (debug !== undefined) throw new UsageError('--allow-debug is about enclaves: nitro-tpm has no debug mode')
    return verifyNitroTpm(evidence, policy)
  },
}

/** @returns 0, 2 or 3 @throws UsageError */
export async function verify(args: string[]): Promise<number> {
  const { path, values } = parseOne('verify', args, verifyOptions)
  const wanted = formatNamed(values['format'])
  const { options, signed } = await policyOf(values, wanted ?? 'nitro')
  const evidence = await readEvidence(path)
  const format = wanted ?? formatOf(evidence)
  const verdict = await run(format, evidence, options, values)
  if (verdict instanceof UsageError) throw verdict
  console.log(
    values['json'] === true
      ? verdictToJson(verdict, format, signed)
      : printVerdict(verdict, { ownRoot: options.trustAnchors !== undefined, signed }),
  )
  return verdict instanceof Error ? exitCodeOf(verdict) : 0
}

async function run(format: EvidenceFormat | null, evidence: Uint8Array, policy: NitroOptions, values: Values) {
  try {
    if (format !== null) return await verifiers[format](evidence, policy)
    return new VerificationError('format-unknown', `the evidence is none of ${Object.keys(verifiers).join(', ')}`)
  } catch (error) {
    return error instanceof TypeError ? inWordsOfTheCommand(error, values) : failureOf(error)
  }
}

function formatNamed(name: Values[string]): EvidenceFormat | undefined {
  if (name === undefined || name === 'auto') return undefined
  if (name !== 'nitro' && name !== 'nitro-tpm') throw new UsageError('--format must be nitro, nitro-tpm or auto')
  return name
}

/**
 * Tells the format from the evidence, whose maker may be an adversary. Enclaves and instances share the names of registers, and whoever runs an
 * instance can make its PCR8 equal to that of an enclave's image: hence an instance never passes unless it was asked for by name.
 */
function formatOf(evidence: Uint8Array): EvidenceFormat | null {
  const format = detectFormat(evidence)
  if (format !== undefined) return format === 'nitro-tpm' ? 'nitro' : format
  // A COSE_Sign1 that is not whole goes to the verifier all the same: it says what is wrong.
  return evidence[0] === 0x84 || evidence[0] === 0xd2 ? 'nitro' : null
}
