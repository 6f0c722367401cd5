/**
 * Google's list of certificates that are no longer to be trusted:
 * https://android.googleapis.com/attestation/status. JSON without a signature: it is as good as the
 * connection that it came over.
 */
import { VerificationError } from '../../../core/errors.ts'
import { toHex } from '../../../encoding/bytes.ts'
import { decodeJson, isJsonObject, memberOf } from '../../../encoding/json.ts'
import { malformed, type Source } from '../../../encoding/reader.ts'
import type { Certificate } from '../../../x509/certificate.ts'

/** Serial numbers that are listed, each with its status. */
export type StatusList = ReadonlyMap<string, string>

/** The real list has some hundred kilobytes. */
export const maximumStatusList = 8_388_608

const source: Source = { name: 'status list', code: 'endorsement-format' }

/**
 * Hexadecimal, lower case, without leading zeros: as the list has them, also where one looks like a
 * decimal number.
 */
const serial = (hexadecimal: string): string => hexadecimal.toLowerCase().replace(/^0+/, '')

/**
 * Strict: an answer that is something else, an error page say, must not be read as a list that
 * names nothing.
 * @throws VerificationError `endorsement-format`
 */
export function decodeStatusList(text: string): StatusList {
  if (text.length > maximumStatusList) throw malformed(source, `more than ${maximumStatusList} characters`)
  const entries = memberOf(decodeJson(text, source), 'entries', 'object', source)
  const list = new Map<string, string>()
  for (const [key, entry] of Object.entries(entries)) {
    const status = isJsonObject(entry) && Object.hasOwn(entry, 'status') ? entry['status'] : undefined
    if (!/^[0-9a-f]+$/i.test(key)) throw malformed(source, `${JSON.stringify(key.slice(0, 64))} is no serial number`)
    if (typeof status !== 'string') throw malformed(source, `entry ${key.slice(0, 64)} has no status`)
    list.set(serial(key), status)
  }
  return list
}

/** Any entry refuses, whatever its status. @throws VerificationError `status-revoked` */
export function refuseListed(certificates: readonly Certificate[], list: StatusList): void {
  for (const { name, serialNumber } of certificates) {
    const status = list.get(serial(toHex(serialNumber)))
    if (status !== undefined)
      throw new VerificationError('status-revoked', {
        subject: `${name}, serial number ${toHex(serialNumber)}`,
        expected: 'not in the status list',
        found: status.slice(0, 64),
      })
  }
}
