/**
 * Where a value is in a JSON text: for hashes that cover bytes as they were served.
 *
 * Reads only texts that the strict reader (`json.ts`) has accepted, and only paths that exist in
 * them: grammar and names are not checked again.
 */

/**
 * The text of one value, as it is written.
 * @param text JSON that was read strictly
 * @param path names of members and indices of items, from the outside in; it exists in `text`
 */
export function spanOf(text: string, path: readonly string[]): string {
  let at = skipSpace(text, 0)
  for (const token of path) {
    const isObject = text[at] === '{'
    at = skipSpace(text, at + 1)
    for (let index = 0; ; index++) {
      let name = `${index}`
      if (isObject) {
        const end = endOfString(text, at)
        name = JSON.parse(text.slice(at, end)) as string
        at = skipSpace(text, skipSpace(text, end) + 1)
      }
      if (name === token) break
      at = skipSpace(text, skipSpace(text, endOfValue(text, at)) + 1)
    }
  }
  return text.slice(at, endOfValue(text, at))
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at++
  return at
}

/** Behind the closing quote. */
function endOfString(text: string, from: number): number {
  let at = from + 1
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}

function endOfValue(text: string, from: number): number {
  let depth = 0
  let at = from
  do {
    const character = text[at]
    if (character === '"') at = endOfString(text, at)
    else {
      if (character === '{' || character === '[') depth++
      if (character === '}' || character === ']') depth--
      at++
    }
    // Of a number or a word, the rest.
    if (depth === 0) while (at < text.length && !/[\s,"{}[\]:]/.test(text[at] as string)) at++
  } while (depth > 0)
  return at
}
