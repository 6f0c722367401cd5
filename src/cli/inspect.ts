/**
 * `veritee inspect`: what evidence says, without any reason to believe it.
 */
import { detectFormat } from '../index.ts'
import { parseOne } from './arguments.ts'
import { families, familyOf } from './formats/formats.ts'
import { readEventLog, readEvidence } from './input.ts'

const warning = 'UNVERIFIED: anyone can write this. Nothing here is checked; see veritee verify.'

/** @throws UsageError, VerificationError */
export async function inspect(args: string[]): Promise<number> {
  const { path, values } = parseOne('inspect', args, { json: { type: 'boolean' }, 'event-log': { type: 'string' } })
  const { json, 'event-log': log } = values
  const bytes = await readEvidence(path)
  // What looks like nothing goes to the first family: its reader says what is wrong.
  const format = detectFormat(bytes) ?? (families[0] as (typeof families)[0]).formats[0]
  if (format === undefined) throw new TypeError('a family has formats')
  const family = familyOf(format)
  const events = typeof log === 'string' && family.readsEventLogs ? await readEventLog(log) : undefined
  console.log(
    await family.inspect({ format, bytes, log: events, hasLog: log !== undefined, warning, asJson: json === true }),
  )
  return 0
}
