/**
 * The common name in a Name. Intel names its certificates by what they may be used for. A name
 * alone proves nothing: it counts once the path holds.
 */
import { type Bytes, toHex } from '../../../encoding/bytes.ts'
import { contentOf, decodeDer } from '../../../encoding/der.ts'
import { malformed, type Source } from '../../../encoding/reader.ts'

const utf8 = /* @__PURE__ */ new TextDecoder()
/** 2.5.4.3 */
const COMMON_NAME = '550403'

/** @throws VerificationError with the code of `source` when there is not exactly one */
export function commonName(name: Bytes, source: Source): string {
  const found = decodeDer(name, source)
    .children.flatMap(({ children }) => children)
    .filter(({ children: [type] }) => type !== undefined && toHex(contentOf(type)) === COMMON_NAME)
  const [attribute, more] = found
  const value = attribute?.children[1]
  if (value === undefined || more !== undefined) throw malformed(source, 'not one common name')
  return utf8.decode(contentOf(value))
}
