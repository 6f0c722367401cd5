/**
 * What a second opinion costs beside the first: the fixtures of each format, in a process that has
 * loaded the libraries.
 */
import { withSecondOpinion } from '../../src/second-opinion/index.ts'
import { fixture, verifiers } from '../second-opinion/corpus.ts'
import { paired, spread, table, worked } from './statistics.ts'

const fixtures = [
  'nitro/valid',
  'nitro/valid-tpm',
  'tdx/valid',
  'sgx/valid',
  'sev-snp/valid',
  'cca/valid',
  'psa/valid',
  'android-key/valid',
  'app-attest/valid',
]

export async function secondOpinionTable(rounds: number): Promise<string> {
  const rows: string[][] = []
  for (const path of fixtures) {
    const { format, evidence, options } = fixture(path)
    const verify = verifiers[format]
    if (verify === undefined) throw new Error(`no verifier of ${format}`)
    const alone = (): Promise<unknown> => verify(evidence, options)
    const both = (): Promise<unknown> => withSecondOpinion(verify)(evidence, options)
    // Until the compiler has seen enough of both.
    await paired(rounds, alone, both)
    const { a, b, ratios } = await paired(rounds, alone, both, worked)
    rows.push([`\`${format}\``, spread(a, 1), spread(b, 1), spread(ratios, 1)])
  }
  return table(['', 'the verifier alone, ms', 'with a second opinion, ms', 'ratio'], rows)
}
