/**
 * What reference values are of: those who sign them say it, and those who open them demand it.
 */
import { requireOption } from '../../core/options.ts'
import { printable } from '../../x509/name.ts'
import { environmentNames, type ReferenceEnvironment } from './environments.ts'

/** A kind of evidence, a product of the signer, and a version of it. */
export interface ReferenceSubject {
  readonly environment: ReferenceEnvironment
  readonly product: string
  readonly version: number
}

/**
 * Names decide something here, so a product's must show all that it consists of: no control or
 * format characters.
 * @param versionName what the caller calls the version
 * @throws TypeError
 */
export function readSubject(
  environment: unknown,
  product: unknown,
  version: unknown,
  versionName: string,
): ReferenceSubject {
  const kinds = environmentNames()
  requireOption('environment', kinds.join(' or '), kinds.includes(environment as string))
  const isProduct = typeof product === 'string' && product !== '' && printable(product) === product
  requireOption('product', 'text without control characters', isProduct)
  requireOption(versionName, 'an integer from 0', Number.isSafeInteger(version) && (version as number) >= 0)
  return { environment, product, version } as ReferenceSubject
}

/**
 * The index of the first name that another one before it shows as well; -1 where there is none.
 * Builds without a name are told apart by their index.
 */
export function indexOfRepeated(names: readonly (string | undefined)[]): number {
  const shown = names.map((name) => name && printable(name))
  return shown.findIndex((name, i) => name && shown.indexOf(name) !== i)
}
