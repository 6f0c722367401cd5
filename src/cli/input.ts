/**
 * Reading files, and what people paste into them.
 */
import { createReadStream } from 'node:fs'
import { type Bytes, concatBytes, fromBase64, fromHex } from '../encoding/bytes.ts'
import { decodePem } from '../encoding/pem.ts'
import { AttestationError } from '../core/errors.ts'
import { detectFormat } from '../index.ts'
import { UsageError } from './failures.ts'

/** More than any evidence needs, as text too. Reading stops there. */
const maximumInput = 131_072

/** What the library takes. */
const maximumCorim = 1_048_576

/** Real ones have 40 KB; revocation lists grow. */
const maximumCollateral = 4_194_304

/** What a log area holds, and dstack's JSON for the same in hexadecimal. */
const maximumEventLog = 1_048_576

/**
 * How binary evidence begins that is malformed, so that no format knows it: a CBOR array of 4
 * (COSE_Sign1), a tag in front of one or two, a certificate, a CBOR map of 3, or the version of a
 * quote or report.
 */
const evidenceHeads: readonly (number | undefined)[] = [0x84, 0xd1, 0xd2, 0xd9, 0x30, 0xa3, 2, 3, 4, 5]

const looksLikeEvidence = (bytes: Bytes): boolean =>
  detectFormat(bytes) !== undefined || evidenceHeads.includes(bytes[0])

/**
 * Evidence from a file, or from standard input for `-`: binary, PEM, hexadecimal or base64. @throws
 * UsageError
 */
export async function readEvidence(path: string): Promise<Bytes> {
  const name = path === '-' ? 'standard input' : path
  const bytes = path === '-' ? await readAll(process.stdin as AsyncIterable<Uint8Array>, name) : await readBytes(path)
  if (bytes.length === 0) throw new UsageError(`${name} is empty`)
  const isText = bytes.every((byte) => byte === 0x09 || byte === 0x0a || byte === 0x0d || (byte >= 0x20 && byte < 0x7f))
  const text = isText ? new TextDecoder().decode(bytes) : ''
  // A chain in PEM is evidence as it is.
  if (!isText || text.includes('-----BEGIN CERTIFICATE-----')) return bytes
  return decodeText(text.replace(/[\t\n\r ]+/g, ''), name)
}

/** Certificates in PEM, or one in DER. @throws UsageError */
export async function readCertificates(path: string): Promise<Bytes[]> {
  const bytes = await readBytes(path)
  if (bytes[0] === 0x30) return [bytes]
  try {
    return decodePem(new TextDecoder().decode(bytes), 'CERTIFICATE', { name: path, code: 'cert-parse' })
  } catch (error) {
    if (error instanceof AttestationError) throw new UsageError(error.message)
    throw error
  }
}

/** One certificate, PEM or DER: which of several is meant would be a guess. @throws UsageError */
export async function readCertificate(path: string, option: string): Promise<Bytes> {
  const [certificate, ...more] = await readCertificates(path)
  if (certificate === undefined || more.length > 0)
    throw new UsageError(`${option} takes one certificate; ${path} holds ${more.length + 1}`)
  return certificate
}

/** Signed reference values, as they are. @throws UsageError */
export async function readCorim(path: string): Promise<Bytes> {
  return readBytes(path, maximumCorim)
}

/**
 * What Intel says of a platform, as `fetchIntelEndorsements` returns it, in JSON. @throws
 * UsageError when the file is something else
 */
export async function readCollateral(path: string): Promise<Readonly<Record<string, unknown>>> {
  return readJson(path, 'the one that veritee collateral prints', maximumCollateral)
}

/** Text of a file, or of standard input (`-`). @throws UsageError */
export async function readText(path: string): Promise<string> {
  const bytes = await (path === '-' ? readAll(process.stdin, 'standard input') : readBytes(path, maximumCollateral))
  return new TextDecoder().decode(bytes)
}

/** A log of what was measured, as it is. @throws UsageError */
export async function readEventLog(path: string): Promise<Bytes> {
  return readBytes(path, maximumEventLog)
}

/** A JSON object. @throws UsageError when the file is something else */
export async function readJson(
  path: string,
  example = 'the one that nitro-cli build-enclave prints',
  maximum?: number,
): Promise<Readonly<Record<string, unknown>>> {
  const text = new TextDecoder().decode(await readBytes(path, maximum))
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new UsageError(`${path} is not JSON: ${(error as Error).message}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError(`${path} must be a JSON object, like ${example}`)
  }
  return value as Record<string, unknown>
}

/** A JSON object, or a list of some. @throws UsageError when the file is something else */
export async function readJsonList(path: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const text = new TextDecoder().decode(await readBytes(path, maximumCollateral))
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new UsageError(`${path} is not JSON: ${(error as Error).message}`)
  }
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (list.length === 0 || list.some((entry) => typeof entry !== 'object' || entry === null || Array.isArray(entry)))
    throw new UsageError(`${path} must be a JSON object, or a list of some`)
  return list as readonly Record<string, unknown>[]
}

/** `@FILE`, its bytes as they are, or hexadecimal. @throws UsageError, TypeError */
export async function readValue(value: string, option: string): Promise<Bytes> {
  return value.startsWith('@') ? readBytes(value.slice(1)) : fromHex(value, option)
}

/**
 * Text can be hexadecimal and base64 at once: then the one that begins like evidence is meant, and
 * nothing is guessed when that does not tell.
 */
function decodeText(text: string, name: string): Bytes {
  const readings = [attempt(() => fromHex(text)), attempt(() => fromBase64(withoutPadding(text)))].filter(
    (bytes) => bytes !== undefined,
  )
  const likely = readings.length > 1 ? readings.filter(looksLikeEvidence) : readings
  const [bytes, other] = likely
  if (bytes !== undefined && other === undefined) return bytes
  if (readings.length > 1) throw new UsageError(`${name} can be read as hexadecimal and as base64: give it as binary`)
  const hint = /^[{["]/.test(text) ? ' (if it is JSON, take the document out of it first)' : ''
  throw new UsageError(`${name} is text, but neither hexadecimal nor base64${hint}`)
}

/** Some encoders pad base64url (RFC 4648 section 5), some do not. */
function withoutPadding(text: string): string {
  return text.length % 4 === 0 && /[-_]/.test(text) ? text.replace(/={1,2}$/, '') : text
}

function attempt(read: () => Bytes): Bytes | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}

async function readBytes(path: string, maximum?: number): Promise<Bytes> {
  return readAll(createReadStream(path) as AsyncIterable<Uint8Array>, path, maximum)
}

/** Stops where nothing that is verified here could go on, however much there is. */
async function readAll(source: AsyncIterable<Uint8Array>, name: string, maximum = maximumInput): Promise<Bytes> {
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for await (const chunk of source) {
      chunks.push(chunk)
      length += chunk.length
      if (length > maximum) throw new UsageError(`${name} is larger than ${maximum} bytes`)
    }
  } catch (error) {
    if (error instanceof UsageError) throw error
    // `ENOENT: no such file or directory, open '…'`: the path is said already.
    const { message } = error as Error
    throw new UsageError(`cannot read ${name}: ${/^[A-Z0-9]+: ([^,]+)/.exec(message)?.[1] ?? message}`)
  }
  return concatBytes(...chunks)
}
