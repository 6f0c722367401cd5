/**
 * A memory for endorsements that were verified before: certificates, for Intel's and AMD's hardware
 * also lists and documents. What it holds does not depend on trust, policy or time: what a text was
 * read as, and "this is signed by that key". Every other rule, dates, revocation and pinned root
 * included, is applied afresh at each verification.
 */
import { latin1, type Memory, type Remembered } from '../crypto/memory.ts'
import { type Bytes, copyBytes } from '../encoding/bytes.ts'
import { type Certificate, decodeCertificate, type Quirks } from './certificate.ts'
import { type Crl, decodeCrl } from './crl.ts'

/**
 * An empty `Map` of yours; pass the same one to every verification. With it a Nitro document of an
 * instance that was seen before costs 2 signature checks instead of 5, a quote of an Intel platform
 * 2 instead of 9. It never holds more than 100 entries, none for a text above 64 KiB, and never
 * more than 1 MiB of text; what was of no use for longest leaves first. Its entries say nothing to
 * other code, and entries of other code say nothing to a verifier.
 */
export type EndorsementCache = Map<string, Remembered>

/** {@link decodeCertificate}, unless these very bytes were read so before, under this name. */
export function readCertificate(
  memory: Memory | undefined,
  der: Bytes,
  name: string,
  quirks: Quirks = {},
): Certificate {
  if (memory === undefined) return decodeCertificate(der, name, quirks)
  const kind = `certificate ${JSON.stringify([name, quirks])}`
  return remembered(memory, latin1(der), kind, () => decodeCertificate(copyBytes(der), name, quirks))
}

/** {@link decodeCrl}, unless these very bytes were read before. */
export function readCrl(memory: Memory | undefined, der: Bytes, name: string): Crl {
  return memory === undefined
    ? decodeCrl(der, name)
    : remembered(memory, latin1(der), `list ${name}`, () => decodeCrl(copyBytes(der), name))
}

/** A document as it was read before, else as it is read now. @param read makes it in memory of its own */
export function remembered<Document extends object>(
  memory: Memory | undefined,
  text: string,
  kind: string,
  read: (text: string) => Document,
): Document {
  const known = memory?.recall(text, kind)
  if (known !== undefined) return known as Document
  const document = read(text)
  memory?.keep(text, kind, document)
  return document
}
