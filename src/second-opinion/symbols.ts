/**
 * The symbols by which callers allow and skip. The library registers them under their names, so
 * none of it has to be imported to know them.
 */

/** Whether a value is the symbol of this name: `allowDebug`. */
export function isSymbol(value: unknown, name: string): boolean {
  return value === Symbol.for(`veritee.${name}`)
}
