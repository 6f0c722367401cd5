/**
 * The guide's report and profile, as providers read them off it: a report of that shape is
 * verified, and its key found.
 */
import { readFileSync } from 'node:fs'
import { beforeAll, expect, test } from 'vitest'
import { type ProviderReportOptions, readProviderProfile, verifyProviderReport } from '../../src/ai/index.ts'
import { concat, hex } from '../attester/bytes.ts'
import { sha } from '../attester/dstack.ts'
import { createProvider, type FakeProvider, nonce } from '../attester/provider.ts'

const guide = readFileSync(new URL('../../src/ai/README.md', import.meta.url), 'utf8')
const [report, profile] = [...guide.matchAll(/```json\n([^]*?)```/g)].map(
  ([, text = '']) => JSON.parse(text) as Record<string, unknown>,
) as [Record<string, unknown>, Record<string, unknown>]

const now = new Date('2026-06-01T12:00:00Z')
let provider: FakeProvider
beforeAll(async () => {
  provider = await createProvider(now)
})

async function verify(change: (report: Record<string, unknown>) => object = (whole) => whole): Promise<unknown> {
  const digest = await sha('SHA-256', provider.signer.bytes)
  const text = await provider.report(nonce, {
    reportData: () => concat(digest, nonce),
    report({ gateway, ...made }) {
      const { quote, event_log: log, app_compose: compose, signing_key: key } = gateway as Record<string, unknown>
      const whole = {
        quote,
        event_log: log,
        app_compose: compose,
        signing_key: key,
        key_config: made.config,
        signature: made.signature,
        gpu_evidence: [{ nonce: hex(nonce) }],
        not_after: made.not_after,
      }
      expect(Object.keys(whole)).toEqual(Object.keys(report))
      return change(whole)
    },
  })
  const { accept, ...options } = await provider.options()
  const own: ProviderReportOptions = { ...options, parameters: {}, accept: { machine: accept?.gateway as never } }
  const { channel } = await verifyProviderReport(profile, { report: text }, own)
  return channel && { ...channel, key: hex(channel.key) }
}

test('the profile is one', () => {
  expect(readProviderProfile(profile)).toMatchObject({ name: 'example', channel: { kind: 'ohttp' } })
})

test('a report of that shape is verified, and its key found', async () => {
  expect(await verify()).toEqual({ kind: 'ohttp', key: hex(provider.key.config), vouchedBy: 'ed25519' })
})

test('and another key is refused', async () => {
  const swapped = hex(concat([9], provider.config.subarray(1)))
  await expect(verify((whole) => ({ ...whole, key_config: swapped }))).rejects.toMatchObject({ code: 'report-key' })
})
