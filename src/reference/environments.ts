/**
 * Which environment of a CoRIM is which kind of evidence, and what its registers are called there.
 */
import type { CorimEnvironment } from './corim.ts'

/** What an environment is told by. */
type Named = Omit<CorimEnvironment, 'others'>

/** What reference values are of, by the name of the format. */
export type ReferenceEnvironment = 'nitro' | 'nitro-tpm'

/** No vendor has registered a class id; these are bytes (tag 560) that this library's profile defines: the name of the format in ASCII. */
export const environments: Readonly<Record<ReferenceEnvironment, Named>> = {
  nitro: { id: "560(h'6e6974726f')", vendor: 'Amazon Web Services', model: 'Nitro Enclaves' },
  'nitro-tpm': { id: "560(h'6e6974726f2d74706d')", vendor: 'Amazon Web Services', model: 'NitroTPM' },
}

/** Whether this is the name of one. */
export const isEnvironment = (name: unknown): name is ReferenceEnvironment =>
  typeof name === 'string' && Object.hasOwn(environments, name)

/** How a class is named in messages. */
export const nameOfClass = ({ id, vendor, model }: Named): string => [id, vendor, model].filter(Boolean).join(' ')
