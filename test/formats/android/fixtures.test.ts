/**
 * Every fixture of phones through the library, bare and through the front door, and its assertion
 * where there is one.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  androidOptionsOf,
  appAttestOptionsOf,
  assertionOf,
  type ExpectedAndroidKey,
  type ExpectedAppAttest,
  type ExpectedAssertion,
} from '../../../fixtures/expected-phone.ts'
import { verifyAndroidKey } from '../../../src/formats/android/key/index.ts'
import { verifyAppAttest, verifyAppAttestAssertion } from '../../../src/formats/apple/app-attest/index.ts'
import { verifyEvidence } from '../../../src/index.ts'
import { refusalText } from '../../support/refusal.ts'

const folder = new URL('../../../fixtures/', import.meta.url)
const read = (file: string): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(new URL(file, folder)))
const json = (file: string): unknown => JSON.parse(readFileSync(new URL(file, folder), 'utf8'))
const casesOf = (format: string): string[] =>
  readdirSync(new URL(format, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `${format}/${name}`)

async function holds(work: Promise<unknown>, verdict: ExpectedAndroidKey['verdict']): Promise<void> {
  if (verdict === 'valid') await work
  else expect(await refusalText(work)).toMatch(new RegExp(`^${verdict.code}: `))
}

describe('fixtures of Android', () => {
  const root = read('android-key/root.der')

  test.each(casesOf('android-key'))('%s', async (name) => {
    const expected = json(`${name}/expected.json`) as ExpectedAndroidKey
    const evidence = read(`${name}/evidence.bin`)
    const options = androidOptionsOf(expected, root)
    await holds(verifyAndroidKey(evidence, options), expected.verdict)
    await holds(verifyEvidence(evidence, { 'android-key': options }), expected.verdict)
  })
})

describe('fixtures of App Attest', () => {
  const root = read('app-attest/root.der')

  test.each(casesOf('app-attest'))('%s', async (name) => {
    const expected = json(`${name}/expected.json`) as ExpectedAppAttest
    const evidence = read(`${name}/evidence.bin`)
    const options = appAttestOptionsOf(expected, root)
    await holds(verifyAppAttest(evidence, options), expected.verdict)
    await holds(verifyEvidence(evidence, { 'app-attest': options }), expected.verdict)
    if (!existsSync(new URL(`${name}/assertion.json`, folder))) return
    const { publicKey } = await verifyAppAttest(evidence, options)
    const assertion = json(`${name}/assertion.json`) as ExpectedAssertion
    const made = assertionOf(assertion, expected, publicKey as Uint8Array)
    await holds(verifyAppAttestAssertion(made.evidence, made.options), assertion.verdict)
  })
})
