/**
 * Names as text, for people. Nothing is decided by what this returns: names are compared as bytes.
 */
import type { Bytes } from '../encoding/bytes.ts'
import { childrenOf, contentOf, decodeDer, type DerNode, OBJECT_IDENTIFIER, objectIdentifier } from '../encoding/der.ts'
import type { Source } from '../encoding/reader.ts'

const source: Source = { name: 'name', code: 'cert-parse' }
const bmpString = 0x1e

/** RFC 4519; others keep their dotted form. */
const attributes: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.12': 'title',
}

/**
 * A DER Name as `CN=…, O=…`, in the order of the certificate. Control characters and direction
 * marks, which could make a terminal or a page show something else than is there, come out as
 * `\u{…}`.
 * @throws VerificationError `cert-parse`
 */
export function nameToText(name: Bytes): string {
  return decodeDer(name, source)
    .children.map(({ children }) => children.map(attributeToText).join('+'))
    .join(', ')
}

/** Makes text from evidence safe to print: control and format characters are escaped. */
export function printable(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)
}

function attributeToText(attribute: DerNode): string {
  const tag = attribute.children[1]?.tag ?? 0
  const [type, value] = childrenOf(attribute, source, 'attribute', [OBJECT_IDENTIFIER, tag] as const)
  const id = objectIdentifier(type)
  const text = new TextDecoder(tag === bmpString ? 'utf-16be' : 'utf-8').decode(contentOf(value))
  return `${attributes[id] ?? id}=${printable(text).replace(/[,+=\\]/g, (character) => `\\${character}`)}`
}
