/**
 * What stands around the library in a file for a script tag: several such files on one page share one global.
 *
 * Every file has the library's classes for itself. Names that are there already stay what they are, so that whoever took them before is not
 * mistaken, and learn to recognise what the file that came later makes: `instanceof veritee.AppraisalError` is true of errors of both.
 */

/**
 * @param shared the global, if an earlier file has made it
 * @param own the exports of this file
 */
export function join(shared, own) {
  if (shared === undefined) return { ...own }
  // Both before either is changed: a class inherits how it recognises its instances.
  const met = Object.entries(own).map(([name, value]) => [name, value, shared[name], recogniser(shared[name])])
  for (const [name, value, known, isKnown] of met) {
    if (known === undefined) shared[name] = value
    else if (name === 'isAttestationResult') shared[name] = (result) => known(result) || value(result)
    else if (isKnown !== undefined)
      Object.defineProperty(known, Symbol.hasInstance, {
        configurable: true,
        // Classes that extend this one, and that the later file does not have, inherit it: for them nothing has changed.
        value(error) {
          return this === known ? isKnown(error) || error instanceof value : ordinary.call(this, error)
        },
      })
  }
  return shared
}

const ordinary = Function.prototype[Symbol.hasInstance]

/** How a class of errors tells its instances; `undefined` for anything else. */
function recogniser(value) {
  return value?.prototype instanceof Error ? value[Symbol.hasInstance].bind(value) : undefined
}
