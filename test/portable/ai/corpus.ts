/**
 * Reports that are made here, one attack each, and the vectors where they are.
 */
import { concat, hex } from '../../attester/bytes.ts'
import { composeOf, osImageHash } from '../../attester/dstack.ts'
import {
  createProvider,
  ed25519,
  type FakeProvider,
  model,
  nonce,
  type ReportPlan,
  signWith,
  soundProfile,
} from '../../attester/provider.ts'
import type { Case } from '../../ai/vector-case.ts'
import { findVectors } from '../../support/vectors.ts'
import type { AiCorpus } from './model.ts'

const now = new Date('2026-06-01T12:00:00Z')
const zeros = new Uint8Array(32)

const base64 = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('base64')

interface Made {
  readonly name: string
  readonly plan?: (provider: FakeProvider) => ReportPlan | Promise<ReportPlan>
  /** Of the refusal; left out: it is accepted. */
  readonly code?: string
}

const made: readonly Made[] = [
  { name: 'sound' },
  { name: 'a stale report', plan: () => ({ nonce: zeros }), code: 'report-nonce' },
  {
    name: 'a stale report with an echo that lies',
    plan: () => ({
      nonce: zeros,
      report: (report) => ({ ...report, gateway: { ...report.gateway, nonce: hex(nonce) } }),
    }),
    code: 'report-binding',
  },
  {
    name: 'a swapped key configuration',
    plan: ({ config }) => ({ report: (report) => ({ ...report, config: hex(concat([9], config.subarray(1))) }) }),
    code: 'report-key',
  },
  {
    name: 'a key configuration signed by another key',
    plan: async ({ config }) => {
      const signature = hex(await signWith(await ed25519(), config))
      return { report: (report) => ({ ...report, signature }) }
    },
    code: 'report-key',
  },
  {
    name: 'another application',
    plan: () => ({ dstack: { appCompose: composeOf('other/app:1') } }),
    code: 'policy-compose',
  },
  { name: 'another key service', plan: () => ({ dstack: { now, otherKms: true } }), code: 'root-mismatch' },
  {
    name: 'a forged chain of the key service',
    plan: () => ({ dstack: { now, forgedChain: true } }),
    code: 'cert-chain-signature',
  },
  { name: 'GPUs of another nonce', plan: () => ({ gpuNonce: zeros }), code: 'policy-gpu' },
  { name: 'not strict JSON', plan: () => ({ text: (text) => `${text} ` + 'x' }), code: 'report-json' },
]

export async function collectAiCorpus(): Promise<AiCorpus & { readonly skipLine: string | undefined }> {
  const provider = await createProvider(now)
  const { accept } = await provider.options()
  const files: Record<string, string> = {
    'made/endorsements': base64(JSON.stringify(await provider.attester.endorsements())),
    'made/root': base64(provider.attester.root),
    'made/profile': base64(JSON.stringify(soundProfile)),
  }
  const cases: Case[] = []
  for (const { name, plan, code } of made) {
    const own = (await plan?.(provider)) ?? {}
    const file = `made/${name}`
    files[file] = base64(await provider.report(nonce, { ...own, report: (report) => withGpus(report, own) }))
    cases.push({
      id: file,
      kind: 'report',
      profile: 'made/profile',
      documents: { report: file },
      nonce: hex(nonce),
      parameters: { model },
      at: now.toISOString(),
      endorsements: 'made/endorsements',
      root: 'made/root',
      options: { unproven: ['gpu-machine'], accept },
      expect:
        code === undefined
          ? {
              verdict: 'accept',
              channel: { kind: 'ohttp', key: hex(provider.key.config), vouchedBy: 'ed25519' },
              dstack: { gateway: { osImageHash, kmsChain: true } },
              gpus: { gateway: 2 },
            }
          : { verdict: 'reject', codes: [code] },
    })
  }
  const vectors = findVectors('private-ai')
  if (!vectors.found) return { cases, files, skipLine: vectors.skipLine }
  const { cases: given } = vectors.manifest as { readonly cases: readonly Case[] }
  for (const { kind, profile, documents, endorsements, root } of given)
    if (kind === 'report')
      for (const file of [
        profile,
        endorsements,
        root,
        ...Object.values(documents as Record<string, string>),
      ] as string[])
        files[file] ??= base64(vectors.read(file))
  return { cases: [...cases, ...given], files, skipLine: undefined }
}

/** GPUs hold their nonce in base64, behind four bytes, as the vectors have it. */
function withGpus(
  report: Record<string, Record<string, unknown>>,
  { gpuNonce, report: change, nonce: own }: ReportPlan,
): unknown {
  const evidence = base64(concat([0, 0, 0, 0], gpuNonce ?? own ?? nonce))
  const gpus = JSON.stringify({ list: [{ evidence }, { evidence }] })
  const whole = { ...report, gateway: { ...report.gateway, gpus } }
  return change?.(whole) ?? whole
}
