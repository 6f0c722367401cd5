/**
 * Private AI in any runtime: providers' reports, profiles, key configurations, applications,
 * receipts and refusals. It decides nothing: it reports.
 */
import { fromBase64 } from '../../../src/encoding/bytes.ts'
import { outcomeOf } from '../../ai/vector-case.ts'
import type { AiCorpus, AiReport } from './model.ts'

export async function runSuite({ cases, files }: AiCorpus): Promise<AiReport> {
  const bytesOf = (name: string): Uint8Array => {
    const text = files[name]
    if (text === undefined) throw new Error(`the corpus has no file ${name}`)
    return fromBase64(text)
  }
  const textOf = (name: string): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytesOf(name))
  const rows: AiReport['rows'][number][] = []
  for (const one of cases) rows.push({ id: one.id, ...(await outcomeOf(one, { bytesOf, textOf })) })
  return { rows }
}
