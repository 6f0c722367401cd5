/**
 * Text for a terminal of 80 columns: nothing in it that the terminal would act upon, except colours
 * of our own.
 */
import { toHex } from '../encoding/bytes.ts'
import { printable } from '../x509/name.ts'

/** So wide are values, so that two of them can be compared by eye. */
const valueWidth = 64

// Select Graphic Rendition, ECMA-48 section 8.3.117.
const colours = { bold: 1, red: 31, green: 32, yellow: 33, gray: 90 } as const

export type Colour = keyof typeof colours

/** Colour, where standard output is a terminal and NO_COLOR (no-color.org) does not forbid it. */
export function paint(colour: Colour, text: string): string {
  const isColoured = process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb'
  return isColoured ? `\u001b[${colours[colour]}m${text}\u001b[0m` : text
}

/** How far a row is indented, how wide its label is, and how wide its value. */
export type Columns = readonly [indent: number, labelWidth: number, width?: number]

/** A label, and beside it a value that may go over several lines. */
export function row(label: string, value: string, [indent, labelWidth, width = valueWidth]: Columns): string {
  const [first = '', ...more] = wrap(value, width)
  const margin = ' '.repeat(indent + labelWidth + 1)
  return [`${' '.repeat(indent)}${label.padEnd(labelWidth)} ${first}`, ...more.map((line) => margin + line)].join('\n')
}

/**
 * Text in lines of at most `width` characters, escaped. Words that are longer, like keys, are cut
 * into lines of equal length.
 */
export function wrap(text: string, width: number): string[] {
  const words = printable(text)
    .split(' ')
    .flatMap((word) => cut(word, width))
  return words.reduce((lines: string[], word) => {
    const last = lines.at(-1)
    if (last === undefined || last.length + 1 + word.length > width) return [...lines, word]
    return [...lines.slice(0, -1), `${last} ${word}`]
  }, [])
}

/** Hexadecimal, with the same as text where it is text: on lines of its own. */
export function bytesAsText(value: Uint8Array | undefined): string[] {
  if (value === undefined) return ['(none)']
  if (value.length === 0) return ['(empty)']
  const text = textOf(value)
  return text === undefined ? [toHex(value)] : [toHex(value), `= "${text}"`]
}

/** UTF-8 without control characters other than line ends. */
function textOf(value: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value)
    return /[^\n\r\t\P{C}]/u.test(text) ? undefined : printable(text)
  } catch {
    return undefined
  }
}

function cut(word: string, width: number): string[] {
  const characters = Array.from(word)
  const lines = Math.ceil(characters.length / width)
  // An even number of digits: a byte is never torn apart.
  const size = 2 * Math.ceil(characters.length / lines / 2)
  return lines < 2
    ? [word]
    : Array.from({ length: lines }, (_, i) => characters.slice(i * size, (i + 1) * size).join(''))
}
