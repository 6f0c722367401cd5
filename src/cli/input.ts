/**
 * Reading files, and what people paste into them.
 */
import { readFileSync } from 'node:fs'
import { type Bytes, concatBytes, fromBase64, fromHex } from '../encoding/bytes.ts'
import { decodePem } from '../encoding/pem.ts'
import { AttestationError } from '../errors.ts'
import { UsageError } from './usage-error.ts'

/** More than any evidence needs, as text too. */
const maximumInput = 131_072

/** Evidence from a file, or from standard input for `-`: binary, hexadecimal or base64. @throws UsageError */
export async function readEvidence(path: string): Promise<Bytes> {
  const bytes = path === '-' ? checked(await readStandardInput(), 'standard input') : readBytes(path)
  // CBOR evidence starts with an array or a tag, quotes and reports with small numbers: none of that is text.
  const isText = bytes.every((byte) => byte === 0x09 || byte === 0x0a || byte === 0x0d || (byte >= 0x20 && byte < 0x7f))
  return isText && bytes.length > 0 ? decodeText(new TextDecoder().decode(bytes).replace(/\s+/g, ''), path) : bytes
}

/** A root certificate, PEM or DER. @throws UsageError */
export function readCertificates(path: string): Bytes[] {
  const bytes = readBytes(path)
  if (bytes[0] === 0x30) return [bytes]
  try {
    return decodePem(new TextDecoder().decode(bytes), 'CERTIFICATE', { name: path, code: 'cert-parse' })
  } catch (error) {
    if (error instanceof AttestationError) throw new UsageError(error.message)
    throw error
  }
}

/** @throws UsageError when the file is no JSON */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(readBytes(path))) as unknown
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(`${path} is not JSON: ${error.message}`)
    throw error
  }
}

/** `@FILE`, or hexadecimal. @throws UsageError, TypeError */
export function readValue(value: string, option: string): Bytes {
  return value.startsWith('@') ? readBytes(value.slice(1)) : fromHex(value, option)
}

/** Hexadecimal text can be valid base64 too: then it is taken for hexadecimal, which evidence in base64 never is by accident. */
function decodeText(text: string, path: string): Bytes {
  try {
    return /^(0x)?[0-9a-f]+$/i.test(text) ? fromHex(text) : fromBase64(text)
  } catch {
    throw new UsageError(`${path} is text, but neither hexadecimal nor base64`)
  }
}

function readBytes(path: string): Bytes {
  try {
    return checked(new Uint8Array(readFileSync(path)), path)
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`cannot read ${path}: ${(error as Error).message}`)
  }
}

function checked(bytes: Bytes, path: string): Bytes {
  if (bytes.length > maximumInput) throw new UsageError(`${path} is larger than ${maximumInput} bytes`)
  return bytes
}

/** Stops reading where nothing that is verified here could go on. */
async function readStandardInput(): Promise<Bytes> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of process.stdin as AsyncIterable<Uint8Array>) {
    chunks.push(chunk)
    length += chunk.length
    if (length > maximumInput) break
  }
  return concatBytes(...chunks)
}
