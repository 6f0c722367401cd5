/**
 * H13: options, and what is in them, are read as own properties. Whatever code of a page has put on
 * `Object.prototype` is no option, no reference value and no row of a minimum: every call says what
 * it says without.
 */
import { afterEach, expect, test } from 'vitest'
import {
  AttestationError,
  type SevSnpOptions,
  verifyAzureSevSnp,
  verifySevSnp,
} from '../../../../src/formats/sev-snp.ts'
import {
  allowDebug,
  allowMigration,
  allowProvisionalFirmware,
  allowUnknownBits,
  anyValue,
  skipReferenceValues,
  skipReportData,
  skipRevocation,
  skipVtpm,
} from '../../../../src/formats/sev-snp.ts'
import { at, guest, tcbBytes, u32, u64 } from '../../../attester/amd.ts'
import { createVirtualTpm, hclReport, runtimeDigest } from '../../../attester/azure.ts'
import { pattern } from '../../../attester/bytes.ts'
import { type Change, makeSnp, without } from './made.ts'

const undo: string[] = []
function pollute(key: string, value: unknown): void {
  Object.defineProperty(Object.prototype, key, { value, enumerable: true, configurable: true, writable: true })
  undo.push(key)
}
function clean(): void {
  for (const key of undo.splice(0)) Reflect.deleteProperty(Object.prototype, key)
}
afterEach(clean)

async function outcomeOf(
  call: () => Promise<{ readonly format: string; readonly claims: { readonly advisories: readonly string[] } }>,
): Promise<string> {
  try {
    const { claims } = await call()
    return `accepted: ${claims.advisories.join()}`
  } catch (error) {
    if (error instanceof AttestationError) return `${error.code}: ${error.message}`
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  }
}

const sound = await makeSnp()
const milan = await makeSnp({ amd: { product: 'Milan' } })
const older = tcbBytes('Genoa', { ...guest.tcb, snp: 26 })
const changed = async (change: Change): Promise<() => ReturnType<typeof verifySevSnp>> => {
  const { evidence, options } = await makeSnp(change)
  return () => verifySevSnp(evidence, options)
}
const tpm = await createVirtualTpm()
const runtimeData = tpm.runtimeData()
const azure = await makeSnp({ report: { fields: [[at.reportData, await runtimeDigest(runtimeData)]] } })
const quote = await tpm.quote()
const hcl = hclReport({ type: 2, report: azure.evidence, runtimeData })
const azureOptions = without(azure.options, 'reportData')

const calls: readonly (readonly [name: string, call: () => ReturnType<typeof verifySevSnp>])[] = [
  ['sound', () => verifySevSnp(sound.evidence, sound.options)],
  ...(['endorsements', 'referenceValues', 'reportData', 'trustAnchors'] as const).map(
    (name) =>
      [`without ${name}`, () => verifySevSnp(sound.evidence, without(sound.options, name) as SevSnpOptions)] as const,
  ),
  ['Milan', () => verifySevSnp(milan.evidence, without(milan.options, 'products'))],
  ['debug', await changed({ report: { fields: [[at.policy, u64(0xb0000n)]] } })],
  ['migration', await changed({ report: { fields: [[at.policy, u64(0x70000n)]] } })],
  ['VMPL 1', await changed({ report: { fields: [[at.vmpl, u32(1)]] } })],
  ['no alias check', await changed({ report: { fields: [[at.platformInfo, u64(5n)]] } })],
  ['CXL', await changed({ report: { fields: [[at.policy, u64(0x230000n)]] } })],
  ['unknown bits', await changed({ report: { fields: [[at.policy, u64(0x80030000n)]] } })],
  ['provisional', await changed({ report: { fields: [[at.committedTcb, older]] } })],
  ['no list', await changed({ items: { crl: undefined } })],
  ['no key', await changed({ items: { vek: undefined } })],
  ['host data', await changed({ report: { fields: [[at.hostData, pattern(32)]] } })],
  ['no measurement', await changed({ options: { referenceValues: { hostData: pattern(32) } } })],
  [
    'a minimum that fails',
    await changed({
      options: {
        minimumTcb: [
          { product: 'Genoa', snp: 28 },
          { product: 'Genoa', model: 0x11, microcode: 1 },
        ],
      },
    }),
  ],
  ['a minimum that holds', await changed({ options: { minimumTcb: { product: 'Genoa', snp: 1 } } })],
  ['an empty row', await changed({ options: { minimumTcb: { product: 'Genoa' } } })],
  [
    'a floor of a bulletin',
    await changed({
      amd: { vek: { tcb: { snp: Uint8Array.of(2, 1, 1) } } },
      report: { fields: [[at.reportedTcb, tcbBytes('Genoa', { ...guest.tcb, snp: 1 })]] },
    }),
  ],
  ['mitigations', await changed({ options: { minimumMitigations: { current: 4n } } })],
  ['flags', await changed({ options: { guestPolicy: {}, platformInfo: {} } })],
  ['Azure', () => verifyAzureSevSnp({ hclReport: hcl, quote }, { ...azureOptions, vtpm: { nonce: pattern(32, 5) } })],
  ['Azure without vtpm', () => verifyAzureSevSnp({ hclReport: hcl, quote }, azureOptions as never)],
  ['Azure without a nonce', () => verifyAzureSevSnp({ hclReport: hcl, quote }, { ...azureOptions, vtpm: {} as never })],
  [
    'Azure without a quote',
    () => verifyAzureSevSnp({ hclReport: hcl }, { ...azureOptions, vtpm: { nonce: pattern(32, 5) } }),
  ],
]

/** Whatever could make a difference: a skip, a looser value, a value of the evidence itself. */
const values: Readonly<Record<string, unknown>> = {
  endorsements: sound.options.endorsements,
  ...sound.options.endorsements,
  referenceValues: skipReferenceValues,
  reportData: skipReportData,
  revocation: skipRevocation,
  trustAnchors: [sound.amd.ark],
  products: ['Milan', 'Genoa', 'Turin'],
  cspIds: ['CN=x'],
  platforms: [pattern(64)],
  debug: allowDebug,
  migration: allowMigration,
  vmpl: [0, 1, 2, 3],
  guestPolicy: { cxlAllowed: anyValue },
  platformInfo: { aliasCheckComplete: anyValue },
  cxlAllowed: anyValue,
  aliasCheckComplete: anyValue,
  smtAllowed: false,
  minimumAbi: [255, 0],
  unknownBits: allowUnknownBits,
  minimumTcb: { product: 'Genoa', snp: 1 },
  minimumLaunchTcb: { product: 'Genoa', snp: 255 },
  minimumFirmware: [255, 0, 0],
  provisionalFirmware: allowProvisionalFirmware,
  minimumMitigations: { current: 0n },
  minimumGuestSvn: 255,
  product: 'Turin',
  model: 0x99,
  stepping: 9,
  fmc: 255,
  bootloader: 255,
  tee: 255,
  snp: 255,
  microcode: 255,
  launch: 255n,
  current: 0n,
  measurement: guest.measurement,
  hostData: anyValue,
  idKeyDigest: anyValue,
  vtpm: skipVtpm,
  nonce: pattern(32, 5),
  pcrs: { 4: 'ab'.repeat(32) },
  quote,
  message: quote.message,
  signature: quote.signature,
  hclReport: hcl,
}

const before = await Promise.all(calls.map(async ([name, call]) => [name, await outcomeOf(call)] as const))

test('some of the calls are accepted, and some are not', () => {
  expect(before.filter(([, outcome]) => outcome.startsWith('accepted')).map(([name]) => name)).toEqual([
    'sound',
    'a minimum that holds',
    'a floor of a bulletin',
    'flags',
    'Azure',
  ])
})

test.each(Object.entries(values))('H13 %s on Object.prototype is no option', async (key, value) => {
  const after: (readonly [string, string])[] = []
  for (const [name, call] of calls) {
    pollute(key, value)
    after.push([name, await outcomeOf(call).finally(clean)])
  }
  expect(after).toEqual(before)
})
