/**
 * `veritee endorsements`: what the vendor says of the platform or key behind evidence, fetched for
 * `veritee verify`. Nothing is verified here. `veritee collateral`, Intel's word for it, is the
 * same command.
 */
import {
  amdKdsUrl,
  fetchAmdEndorsements,
  fetchIntelEndorsements,
  intelPcsUrl,
  type SevSnpEndorsements,
} from '../endorsements/index.ts'
import { VerificationError } from '../core/errors.ts'
import { decodeSevSnpEvidence, type SnpProduct } from '../formats/amd/sev-snp/index.ts'
import { decodeSgxEvidence } from '../formats/intel/sgx/index.ts'
import { decodeTdxEvidence } from '../formats/intel/tdx/index.ts'
import { detectFormat } from '../index.ts'
import { type CommandOptions, parseOne, secondsOf, type Values } from './arguments.ts'
import { UsageError } from './failures.ts'
import { readEvidence } from './input.ts'
import { writeOutput } from './output.ts'

const options: CommandOptions = {
  from: { type: 'string' },
  early: { type: 'boolean' },
  processor: { type: 'string' },
  timeout: { type: 'string' },
  output: { type: 'string', short: 'o' },
}

/** How to ask, and what for. */
interface Question {
  readonly ask: (signal: AbortSignal) => Promise<object>
  /** What the file is about, for people. */
  readonly about: string
}

/**
 * @throws UsageError, VerificationError for what is no such evidence, and `endorsement-…` for what
 *   cannot be had
 */
export async function endorsements(args: string[]): Promise<number> {
  const { path, values } = parseOne('endorsements', args, options)
  const { timeout, output } = values
  const seconds = typeof timeout === 'string' ? secondsOf(timeout, '--timeout') : 60
  if (!(seconds > 0 && seconds <= 3600)) throw new UsageError('--timeout must be more than 0s, and 1h at most')
  const bytes = await readEvidence(path)
  const { ask, about } = questionAbout(bytes, values)
  const fetched = await withinSeconds(seconds, ask).catch((error: unknown) => {
    throw error instanceof TypeError
      ? new UsageError(error.message.replace(/^baseUrl/, '--from').replace(/^product/, '--processor'), { cause: error })
      : error
  })
  const text = JSON.stringify(fetched, undefined, 2)
  if (typeof output !== 'string') console.log(text)
  else {
    await writeOutput(output, `${text}\n`, [path])
    console.log(`${output}: ${about}. Not verified: veritee verify does that.`)
  }
  return 0
}

/** @throws UsageError, VerificationError */
function questionAbout(bytes: Uint8Array, values: Values): Question {
  const format = detectFormat(bytes)
  switch (format) {
    case 'tdx':
    case 'sgx':
      return questionOfIntel(bytes, format, values)
    case 'sev-snp':
      return questionOfAmd(bytes, values)
    case undefined:
      throw new VerificationError('format-unknown', 'the evidence is no quote of TDX or SGX and no report of SEV-SNP')
    default:
      throw new UsageError(
        `endorsements are asked for quotes of TDX and SGX and for reports of SEV-SNP: this is ${format}`,
      )
  }
}

/** @throws UsageError */
function questionOfIntel(bytes: Uint8Array, tee: 'tdx' | 'sgx', { from, early, processor }: Values): Question {
  if (processor !== undefined) throw new UsageError(`--processor is about reports of SEV-SNP: this is ${tee}`)
  const { platform, certificationDataType } = tee === 'tdx' ? decodeTdxEvidence(bytes) : decodeSgxEvidence(bytes)
  if (platform === undefined)
    throw new UsageError(
      `the quote names its platform without certificates (certification data of type ${certificationDataType}): fetch its PCK certificate where the quote was made`,
    )
  const { fmspc, ca } = platform
  return {
    ask: (signal) =>
      fetchIntelEndorsements({
        fmspc,
        ca,
        tee,
        baseUrl: typeof from === 'string' ? from : intelPcsUrl,
        fetch: globalThis.fetch,
        ...(early === true && { update: 'early' }),
        signal,
      }),
    about: `collateral of ${tee} for FMSPC ${fmspc}, ${ca} CA`,
  }
}

/** @throws UsageError */
function questionOfAmd(evidence: Uint8Array, { from, early, processor }: Values): Question {
  if (early !== undefined) throw new UsageError('--early is about quotes of Intel: this is a report of SEV-SNP')
  const { product, signingKey } = decodeSevSnpEvidence(evidence)
  return {
    ask: (signal): Promise<SevSnpEndorsements> =>
      fetchAmdEndorsements({
        evidence,
        baseUrl: typeof from === 'string' ? from : amdKdsUrl,
        fetch: globalThis.fetch,
        ...(typeof processor === 'string' && { product: processor as SnpProduct }),
        signal,
      }),
    about: `endorsements of a ${signingKey} of ${product ?? String(processor)}`,
  }
}

async function withinSeconds(seconds: number, ask: (signal: AbortSignal) => Promise<object>): Promise<object> {
  const signal = AbortSignal.timeout(Math.ceil(seconds * 1000))
  return ask(signal).catch((error: unknown) => {
    if (error !== signal.reason) throw error
    throw new VerificationError(
      'endorsement-fetch',
      { subject: 'the service', expected: `its answers within ${seconds} s`, found: 'none' },
      {
        cause: error,
      },
    )
  })
}
