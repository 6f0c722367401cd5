/**
 * Which environment of a CoRIM is which kind of evidence, and what its registers are called there.
 */
import { toHex } from '../../encoding/bytes.ts'
import type { CorimEnvironment } from './corim.ts'

/** What reference values are of, by the name of the format. */
export type ReferenceEnvironment = 'nitro' | 'nitro-tpm'

export const environmentVendor = 'Amazon Web Services'
export const environmentModels: Readonly<Record<ReferenceEnvironment, string>> = {
  nitro: 'Nitro Enclaves',
  'nitro-tpm': 'NitroTPM',
}

/** No vendor has registered a class id; these are bytes (tag 560) that this library's profile defines: the name of the format in ASCII. */
export const environmentId = (environment: ReferenceEnvironment): Uint8Array => new TextEncoder().encode(environment)

/** The class of an environment as a CoRIM that was read has it. */
export const classOf = (environment: ReferenceEnvironment): Omit<CorimEnvironment, 'others'> => ({
  id: `560(h'${toHex(environmentId(environment))}')`,
  vendor: environmentVendor,
  model: environmentModels[environment],
})

/** How a class is named in messages. */
export const nameOfClass = ({ id, vendor, model }: Omit<CorimEnvironment, 'others'>): string =>
  [id, vendor, model].filter(Boolean).join(' ')
