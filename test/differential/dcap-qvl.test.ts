/**
 * Intel's quotes, verified by ours and by `@phala/dcap-qvl`: the same verdict, status and
 * advisories for every vector and fixture, but for what is listed here. A difference that is not
 * listed fails, and so does a line that nothing uses any more.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { ExpectedQuote } from '../../fixtures/expected-quote.ts'
import type { DcapEndorsements } from '../../src/formats/intel/tdx/index.ts'
import { type IntelCase, type IntelVectors, openIntelVectors } from '../formats/intel/intel-vectors.ts'
import { type DcapInput, ours, theirs } from './dcap-qvl.ts'

const noModule = 'it looks at neither identity nor TCB level of the TDX module'
const firstTwo = 'it compares the first two TDX components, which the identity of the module is for since TDX 1.5'
const noCurrent = 'it does not compare the state at launch with the state now, which TDX 1.5 reports as well'
const oldTcbInfo = 'it cannot read TCB Info of version 2'
const anyPair = 'it takes TCB Info and QE identity of different recoveries together'
const anyList =
  'it takes any list for the right one: it checks neither issuer nor signature nor dates of revocation lists'
const otherVersions = 'it knows SGX in version 3 only'

/**
 * By fixture or vector: why the verdicts differ. Where it accepts what ours refuses, Intel's own
 * library refuses too, bytes after the quote and pairs of recoveries aside.
 */
const differences: Readonly<Record<string, string>> = {
  'fixtures/tdx/unknown-module': noModule,
  'tdx4-b0c06f-flashtestations-a@2026-03-11': noModule,
  'tdx4-b0c06f-flashtestations-a@2026-08-28': noModule,
  'syn-tdx4-platform-UpToDate-module-OutOfDate': noModule,
  'syn-tdx4-platform-SWHardeningNeeded-module-OutOfDate': noModule,
  'syn-tdx4-platform-ConfigurationAndSWHardeningNeeded-module-OutOfDate': noModule,
  'syn-tdx4-platform-UpToDate-module-Revoked': noModule,
  'syn-tdx4-platform-OutOfDate-module-Revoked': noModule,
  'syn-tdx4-module-missing': noModule,
  'syn-tdx4-module-mrsigner': noModule,
  'syn-tdx4-no-module-identities': noModule,
  'syn-tdx5-both-old': noModule,
  'syn-tdx5-launch-revoked': noModule,
  'syn-tdx5-current-module-unknown': noModule,
  'tdx4-00806f05-gcp-cos113@2025-06-19': firstTwo,
  'tdx4-00806f05-gcp-cos113@2026-07-04': firstTwo,
  'syn-tdx4-module1-skip-first-two': firstTwo,
  'syn-tdx4-module-hex-id': firstTwo,
  'fixtures/tdx/relaunch-advised': noCurrent,
  'syn-tdx5-relaunch-advised': noCurrent,
  'syn-tdx5-relaunch-advised-config': noCurrent,
  'sgx3-00606a-signal-cds2@2022-07-06': oldTcbInfo,
  'sgx3-00a067-phala-dcap-qvl@2025-06-26-eval19': oldTcbInfo,
  'sgx3-00606a-integritee@2024-07-04': oldTcbInfo,
  'sgx3-00706e-teepot@2023-05-27': oldTcbInfo,
  'sgx3-intel-qvl-sample@test-root': oldTcbInfo,
  'syn-sgx3-tcbinfo-v2': oldTcbInfo,
  'fixtures/tdx/two-recoveries-apart': anyPair,
  'fixtures/tdx/crl-without-number': anyList,
  'fixtures/tdx/expired-crl': anyList,
  'tdx4-c0806f-oasis@2024-09-20-stale-crl': anyList,
  'mut-tdx4-crl-of-processor-ca': anyList,
  'mut-tdx4-crl-pck-as-root': anyList,
  'mut-tdx4-crl-signature-flip': anyList,
  'syn-sgx3-crl-wrong-key': anyList,
  'syn-sgx3-crl-expired': anyList,
  'syn-sgx3-crl-future': anyList,
  'fixtures/sgx/valid-version-4': otherVersions,
  'fixtures/sgx/valid-version-5': otherVersions,
  'syn-sgx4': otherVersions,
  'fixtures/tdx/valid-body-type-4': 'it does not know the extended report of TDX 1.5',
  'fixtures/tdx/trailing-bytes': 'it ignores whatever follows the quote; ours accepts zeros only',
  'mut-tdx4-trailing-garbage': 'it ignores whatever follows the quote; ours accepts zeros only',
  'tdx4-00806f05-azure-ita@2025-06-19':
    'it demands SEPT_VE_DISABLE always; ours where reference values do not say otherwise',
  'mut-tdx4-chain-root-first': 'it takes the first certificate for the PCK, in whatever order they come',
  'mut-tdx4-outer-certtype-5': 'it does not look at the type of the outer certification data',
  'syn-sgx3-qeauth-0': 'it hashes 32 bytes of QE authentication data, however many there are',
  'syn-sgx3-unsorted-levels': 'it takes the first TCB level that fits, ours the highest',
  'syn-sgx3-pceid-mismatch': 'it does not compare PCE-IDs',
  'syn-sgx3-tcbtype-1': 'it does not look at tcbType',
}

const vectors = openIntelVectors()
const inputs: readonly DcapInput[] = [
  ...fixturesOf('tdx'),
  ...fixturesOf('sgx'),
  ...(typeof vectors === 'string'
    ? []
    : vectors.manifest.cases
        .filter(({ id }) => !id.endsWith('@signatures-only'))
        .map((entry) => inputOf(vectors, entry))),
]
if (typeof vectors === 'string') console.log(vectors)

describe('@phala/dcap-qvl', () => {
  test.each(inputs.map((input) => [input.name, input] as const))('%s', async (name, input) => {
    const [own, other] = [await ours(input), theirs(input)]
    const message = `ours ${own.accepted ?? own.reason}, theirs ${other.accepted ?? other.reason}`
    if (Object.hasOwn(differences, name)) expect(other.accepted, message).not.toBe(own.accepted)
    else expect(other.accepted, message).toBe(own.accepted)
  })

  test('every difference that is listed is one of these', () => {
    const names = inputs.map(({ name }) => name)
    if (typeof vectors === 'string') return
    expect(Object.keys(differences).filter((name) => !names.includes(name))).toEqual([])
  })
})

function inputOf({ quote, read, endorsements }: IntelVectors, entry: IntelCase): DcapInput {
  return {
    name: entry.id,
    quote: quote(entry.quote),
    endorsements: endorsements(entry),
    root: read(entry.files.root),
    isPinned: entry.files.root === 'roots/intel-sgx-root-ca.der',
    now: new Date(entry.timeUnix * 1000),
  }
}

function fixturesOf(format: 'tdx' | 'sgx'): DcapInput[] {
  const folder = new URL(`../../fixtures/${format}/`, import.meta.url)
  const read = (file: string): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(new URL(file, folder)))
  const json = (file: string): unknown => JSON.parse(new TextDecoder().decode(read(file)))
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({
      name: `fixtures/${format}/${name}`,
      quote: read(`${name}/evidence.bin`),
      endorsements: json(`${name}/endorsements.json`) as DcapEndorsements,
      root: read('root.der'),
      isPinned: false,
      now: new Date((json(`${name}/expected.json`) as ExpectedQuote).now),
    }))
}
