/**
 * `veritee collateral`: what Intel says of the platform that made a quote, fetched for `veritee verify --collateral`. Nothing is verified here.
 */
import { fetchIntelEndorsements, intelPcsUrl, type IntelEndorsements } from '../endorsements/index.ts'
import { VerificationError } from '../core/errors.ts'
import { decodeSgxEvidence } from '../formats/intel/sgx/index.ts'
import { decodeTdxEvidence } from '../formats/intel/tdx/index.ts'
import { detectFormat } from '../index.ts'
import { type CommandOptions, parseOne, secondsOf } from './arguments.ts'
import { UsageError } from './failures.ts'
import { readEvidence } from './input.ts'
import { writeOutput } from './output.ts'

const options: CommandOptions = {
  from: { type: 'string' },
  early: { type: 'boolean' },
  timeout: { type: 'string' },
  output: { type: 'string', short: 'o' },
}

/** @throws UsageError, VerificationError for what is no quote, and `endorsement-…` for what cannot be had */
export async function collateral(args: string[]): Promise<number> {
  const { path, values } = parseOne('collateral', args, options)
  const { from, early, timeout, output } = values
  const seconds = typeof timeout === 'string' ? secondsOf(timeout, '--timeout') : 60
  if (!(seconds > 0 && seconds <= 3600)) throw new UsageError('--timeout must be more than 0s, and 1h at most')
  const bytes = await readEvidence(path)
  const tee = detectFormat(bytes)
  if (tee === undefined) throw new VerificationError('format-unknown', 'the evidence is no quote of TDX or SGX')
  if (tee !== 'tdx' && tee !== 'sgx') throw new UsageError(`collateral is about quotes of TDX and SGX: this is ${tee}`)
  const { platform, certificationDataType } = tee === 'tdx' ? decodeTdxEvidence(bytes) : decodeSgxEvidence(bytes)
  if (platform === undefined)
    throw new UsageError(
      `the quote names its platform without certificates (certification data of type ${certificationDataType}): fetch its PCK certificate where the quote was made`,
    )
  const { fmspc, ca } = platform
  const endorsements = await withinSeconds(seconds, (signal) =>
    fetchIntelEndorsements({
      fmspc,
      ca,
      tee,
      baseUrl: typeof from === 'string' ? from : intelPcsUrl,
      fetch: globalThis.fetch,
      ...(early === true && { update: 'early' }),
      signal,
    }),
  ).catch((error: unknown) => {
    throw error instanceof TypeError
      ? new UsageError(error.message.replace(/^baseUrl/, '--from'), { cause: error })
      : error
  })
  const text = JSON.stringify(endorsements, undefined, 2)
  if (typeof output !== 'string') console.log(text)
  else {
    await writeOutput(output, `${text}\n`, [path])
    console.log(`${output}: collateral of ${tee} for FMSPC ${fmspc}, ${ca} CA. Not verified: veritee verify does that.`)
  }
  return 0
}

async function withinSeconds(
  seconds: number,
  ask: (signal: AbortSignal) => Promise<IntelEndorsements>,
): Promise<IntelEndorsements> {
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
