/**
 * AWS in the command line: documents of Nitro Enclaves and of instances with NitroTPM.
 */
import { help } from './aws/help.ts'
import { verifyNitro } from '../../formats/aws/nitro/index.ts'
import { verifyNitroTpm } from '../../formats/aws/nitro-tpm/index.ts'
import { UsageError } from '../failures.ts'
import { asAsked } from '../second-opinion.ts'
import { nsmOptionFormats, nsmOptions, policyOf, spokenOfDocuments } from './aws/arguments.ts'
import { inspectDocument } from './aws/inspect.ts'
import { documentHints, documentQuestions, documentRows } from './aws/report.ts'
import type { Family } from './family.ts'

export const aws: Family = {
  formats: ['nitro', 'nitro-tpm'],
  unlessNamed: 'nitro',
  // A COSE_Sign1 that is not whole.
  guess: ([first]) => (first === 0x84 || first === 0xd2 ? 'nitro' : undefined),
  options: nsmOptions,
  optionFormats: nsmOptionFormats,
  help,
  spoken: spokenOfDocuments,
  async request(values, format) {
    if (format !== 'nitro' && format !== 'nitro-tpm') throw new TypeError(`${format} is no format of AWS`)
    const { options, signed } = await policyOf(values, format)
    if (format === 'nitro') return { verify: await asAsked(values, verifyNitro, options), signed }
    const { debug, ...others } = options
    if (debug !== undefined) throw new UsageError('--allow-debug is about enclaves: nitro-tpm has no debug mode')
    return { verify: await asAsked(values, verifyNitroTpm, others), signed }
  },
  readsEventLogs: false,
  inspect: (inspection) => Promise.resolve(inspectDocument(inspection)),
  questions: documentQuestions,
  hints: documentHints,
  rows: (claims) => ('moduleId' in claims ? documentRows(claims) : [[], []]),
  caveats: () => [],
}
