/**
 * What mutation found that one of the opinions once read otherwise, each as one piece of evidence that
 * is made anew for the test: what the table of differences decides about, and what both now refuse.
 */
import { skipFreshness, skipReferenceValues } from '../../src/formats/aws/nitro/index.ts'
import { skipReportData } from '../../src/formats/intel/sgx/index.ts'
import { element, explicit, objectIdentifier, sequence, set } from '../attester/der.ts'
import { createIntelAttester, type IntelAttesterOptions, sgxEntry } from '../attester/intel.ts'
import { createNitroAttester } from '../attester/nitro.ts'
import type { Question } from './verifiers.ts'

const now = new Date('2026-06-01T12:00:00.250Z')

async function quote(name: string, options: Omit<IntelAttesterOptions, 'now'>): Promise<Question> {
  const attester = await createIntelAttester({ now, ...options })
  return {
    name,
    format: 'sgx',
    evidence: await attester.quote({ tee: 'sgx' }),
    options: {
      endorsements: await attester.endorsements({ tee: 'sgx' }),
      trustAnchors: [attester.root],
      now,
      referenceValues: skipReferenceValues,
      reportData: skipReportData,
    },
  }
}

/** A name of one attribute, whose text is no UTF-8. */
const unreadable = sequence(set(sequence(objectIdentifier('2.5.4.3'), element(0x0c, Uint8Array.of(0x41, 0xff, 0xfe)))))

export async function foundQuestions(): Promise<Question[]> {
  const nitro = await createNitroAttester({
    now,
    // Who a pinned root says issued it means nothing.
    certificates: { root: { tbs: (fields) => fields.map((field, i) => (i === 3 ? unreadable : field)) } },
  })
  const leaf = await createNitroAttester({
    now,
    certificates: {
      leaf: { tbs: (fields) => fields.map((field, i) => (i === 5 ? sequence(set(explicit(16))) : field)) },
    },
  })
  return [
    await quote('the kind of SGX in two bytes, of which the first alone would be one', {
      pckEntries: (entries) =>
        entries.map((entry, i) => (i === 4 ? sgxEntry('5', element(0x0a, Uint8Array.of(1, 0))) : entry)),
    }),
    await quote('a root that names another issuer', {
      certificates: { root: { issuer: [{ CN: ['another'] }] } },
    }),
    {
      name: 'a pinned root with a name that is no text',
      format: 'nitro',
      evidence: await nitro.document(),
      options: { trustAnchors: [nitro.root], now, referenceValues: skipReferenceValues, freshness: skipFreshness },
    },
    {
      name: 'a leaf with a name of another shape',
      format: 'nitro',
      evidence: await leaf.document(),
      options: { trustAnchors: [leaf.root], now, referenceValues: skipReferenceValues, freshness: skipFreshness },
    },
  ]
}
