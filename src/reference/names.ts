/**
 * What products and builds are called. Names decide something here, so none may look like another that it is not.
 */
import { printable } from '../x509/name.ts'

/** Whether this is a name of a product: text that shows all that it consists of, with no control or format characters. */
export const isProduct = (name: unknown): name is string =>
  typeof name === 'string' && name !== '' && printable(name) === name

/** The index of the first name that another one before it shows as well; -1 where there is none. Builds without a name are told apart by their index. */
export function indexOfRepeated(names: readonly (string | undefined)[]): number {
  const shown = names.map((name) => name && printable(name))
  return shown.findIndex((name, i) => name !== undefined && shown.indexOf(name) !== i)
}
