/**
 * PEM (RFC 7468), strict: `-----BEGIN LABEL-----`, base64 lines, `-----END LABEL-----`.
 *
 * Accepted: any number of blocks of one label, lines that end in LF or CRLF, text between blocks
 * (RFC 7468 section 2 allows it). Refused: other labels, headers inside a block, base64 that is not
 * canonical, a block without an end.
 */
import { type Bytes, fromBase64 } from './bytes.ts'
import { malformed, type Source } from './reader.ts'

/** The bytes of every block. @throws VerificationError with the code of `source`. */
export function decodePem(text: string, label: string, source: Source): Bytes[] {
  const blocks: Bytes[] = []
  let body: string[] | undefined
  for (const line of text.split('\n')) {
    const mark = line.startsWith('-----') ? /^-----(BEGIN|END) (.*)-----\s*$/.exec(line) : null
    if (mark === null) {
      body?.push(line.trim())
      continue
    }
    const opens = mark[1] === 'BEGIN'
    if (mark[2] !== label)
      throw malformed(source, `PEM block is labelled ${JSON.stringify(mark[2])}, expected ${label}`)
    if (opens === (body !== undefined))
      throw malformed(source, `PEM ${opens ? 'block inside a block' : 'end without a beginning'}`)
    if (body !== undefined) blocks.push(decodeBody(body.join(''), source))
    body = opens ? [] : undefined
  }
  if (body !== undefined) throw malformed(source, 'PEM block without an end')
  if (blocks.length === 0) throw malformed(source, `no PEM block labelled ${label}`)
  return blocks
}

function decodeBody(body: string, source: Source): Bytes {
  // RFC 7468 section 3: the standard alphabet, padded.
  const isStandard = body.length % 4 === 0 && !body.includes('-') && !body.includes('_')
  try {
    if (isStandard) return fromBase64(body)
  } catch {
    // Said below, with the name of the source.
  }
  throw malformed(source, 'PEM must be canonical base64')
}
