/**
 * `veritee inspect`: what evidence says, without any reason to believe it.
 */
import { VerificationError } from '../core/errors.ts'
import { copyBytes } from '../encoding/bytes.ts'
import { readHclReport } from '../formats/sev-snp.ts'
import { detectFormat } from '../index.ts'
import { parseOne } from './arguments.ts'
import { families, familyOf, formats } from './formats/formats.ts'
import { readEventLog, readEvidence } from './input.ts'

const warning = 'UNVERIFIED: anyone can write this. Nothing here is checked; see veritee verify.'

/** @throws UsageError, VerificationError */
export async function inspect(args: string[]): Promise<number> {
  const { path, values } = parseOne('inspect', args, { json: { type: 'boolean' }, 'event-log': { type: 'string' } })
  const { json, 'event-log': log } = values
  const given = await readEvidence(path)
  const isCarried = detectFormat(given) === 'azure-sev-snp'
  // The report inside is what people want to see.
  const bytes = isCarried ? copyBytes(readHclReport(given).report) : given
  // What looks like nothing goes to the first family: its reader says what is wrong.
  const detected = detectFormat(bytes) ?? (families[0] as (typeof families)[0]).formats[0]
  const format = formats.find((known) => known === detected)
  if (format === undefined)
    throw new VerificationError(
      'format-refused',
      `the evidence is inside ${detected ?? 'a wrapper'}: nothing is shown of it`,
    )
  const family = familyOf(format)
  const events = typeof log === 'string' && family.readsEventLogs ? await readEventLog(log) : undefined
  console.log(
    await family.inspect({ format, bytes, log: events, hasLog: log !== undefined, warning, asJson: json === true }),
  )
  return 0
}
