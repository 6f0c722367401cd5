/**
 * Evidence that was changed inside and signed again: documents of a fake AWS, quotes of a fake
 * Intel, reports of a fake AMD, and what the latter two say of them. Nothing but the rules can
 * refuse it, for every signature that the change does not touch is right. The same numbers make the
 * same evidence, keys aside.
 */
import { allowDebug, skipFreshness, skipReferenceValues } from '../../src/formats/aws/nitro/index.ts'
import { skipReportData } from '../../src/formats/intel/sgx/index.ts'
import { allowMigration } from '../../src/formats/intel/tdx/index.ts'
import { allowProvisionalFirmware, allowUnknownBits, anyValue } from '../../src/formats/sev-snp.ts'
import { concat } from '../attester/bytes.ts'
import type { Signer } from '../attester/certificate.ts'
import {
  createIntelAttester,
  type CrlOverrides,
  type EndorsementOverrides,
  type IntelAttesterOptions,
  type IntelCertificateId,
  type QuoteOverrides,
} from '../attester/intel.ts'
import { type CertificateId, createNitroAttester, type DocumentOverrides, testNonce } from '../attester/nitro.ts'
import {
  type AmdCertificateChange,
  type AmdOptions,
  certificateTable,
  createAmdAttester,
  type ReportOverrides,
  type ReportPatch,
  tableGuids,
} from '../attester/amd.ts'
import { keys as amdKeys, soundAttester } from '../formats/amd/sev-snp/made.ts'
import { serviceTdsOf } from '../formats/intel/intel-vectors.ts'
import { createArmMutants } from './arm-mutants.ts'
import { asAnchor, createEdits, type Random } from './edits.ts'
import { createPhoneMutants } from './phone-mutants.ts'
import type { Question } from './verifiers.ts'

const now = new Date('2026-06-01T12:00:00.250Z')

/** Makes mutants, one after another. */
export async function createMutants(random: Random): Promise<(i: number) => Promise<Question>> {
  const edits = createEdits(random)
  const { pick, edit, editOne, editText, planChange } = edits
  const keys = { nitro: new Map<string, Signer>(), intel: new Map<string, Signer>() }
  const sound = {
    nitro: await createNitroAttester({ now, keys: keys.nitro }),
    intel: await createIntelAttester({ now, keys: keys.intel }),
  }
  async function nitro(name: string): Promise<Question> {
    const documents: readonly (() => DocumentOverrides)[] = [
      () => ({ payload: edit }),
      () => ({ payload: edit }),
      () => ({ payload: edit, indefinite: false }),
      () => ({ protectedHeader: edit(Uint8Array.of(0xa1, 0x01, 0x38, 0x22)) }),
      () => ({ envelope: (items) => editOne(items) }),
      () => ({ document: (document) => edit(document) }),
      () => ({ timestamp: now.getTime() + pick([-1e12, -4e6, -3e5, 3e5, 3e5 + 1, 1e7, 1e12]) }),
      () => ({ entries: (entries) => [...entries, pick(entries)] }),
      () => ({ entries: (entries) => entries.filter((_, i) => i !== random(entries.length)) }),
    ]
    const isChain = random(2) === 0
    const id = pick<CertificateId>(['root', 'regional', 'zonal', 'instance', 'leaf'])
    const attester = isChain
      ? await createNitroAttester({ now, keys: keys.nitro, certificates: { [id]: planChange() } })
      : sound.nitro
    const evidence = await attester.document({ nonce: testNonce, ...(isChain ? {} : pick(documents)()) })
    const options = {
      referenceValues: skipReferenceValues,
      freshness: pick<unknown>([{ nonce: testNonce }, skipFreshness]),
      trustAnchors: [asAnchor(attester.root)],
      now,
      debug: allowDebug,
    }
    return { name, format: 'nitro', evidence, options }
  }

  async function intel(name: string): Promise<Question> {
    const tee = pick(['tdx', 'sgx'] as const)
    const list = (): CrlOverrides =>
      pick<CrlOverrides>([
        { extensions: editOne },
        { der: edit },
        { revoked: ['01', '6d308642ec3783630068c3bf517e8b5f3323e1d5'] },
      ])
    const endorsementChanges: readonly (() => EndorsementOverrides)[] = [
      () => ({ tcbInfoText: editText }),
      () => ({ qeIdentityText: editText }),
      () => ({ tcbInfoDocument: editText }),
      () => ({ qeIdentityDocument: editText }),
      () => ({ pckCrl: list() }),
      () => ({ rootCaCrl: list() }),
    ]
    const patch = (size: number): [number, number[]][] => [[random(size), [random(256)]]]
    const version = tee === 'tdx' ? pick([4, 5]) : pick([3, 4, 5])
    const quoteChanges: readonly (() => QuoteOverrides)[] = [
      () => ({ header: patch(48) }),
      () => ({ body: patch(384) }),
      () => ({ qeReport: patch(384) }),
      () => ({ qeAuthData: new Uint8Array(random(64)).fill(random(256)) }),
      () => ({ data: (data) => edit(data) }),
      () => ({ quote: (quote) => edit(quote) }),
      () => ({ quote: (quote) => concat(quote, [0, 0, random(2)]) }),
    ]
    const id = pick<IntelCertificateId>(['root', 'platform', 'pck', 'pck', 'signer'])
    const platformChanges: readonly (() => Omit<IntelAttesterOptions, 'now'>)[] = [
      () => ({ pckEntries: editOne }),
      () => ({ tcbEntries: editOne }),
      () => ({ certificates: { [id]: planChange() } }),
    ]
    const kind = random(4)
    const attester =
      kind === 0 ? await createIntelAttester({ now, keys: keys.intel, ...pick(platformChanges)() }) : sound.intel
    const evidence = await attester.quote({ tee, version, ...(kind === 1 ? pick(quoteChanges)() : {}) })
    const endorsements = await attester.endorsements({ tee, ...(kind > 1 ? pick(endorsementChanges)() : {}) })
    const options = {
      endorsements,
      trustAnchors: [asAnchor(attester.root)],
      now,
      referenceValues: skipReferenceValues,
      reportData: skipReportData,
      acceptedTcbStatuses: [
        'SWHardeningNeeded',
        'ConfigurationNeeded',
        'ConfigurationAndSWHardeningNeeded',
        'OutOfDate',
        'OutOfDateConfigurationNeeded',
        'TDRelaunchAdvised',
        'TDRelaunchAdvisedConfigurationNeeded',
      ],
      debug: allowDebug,
      ...(tee === 'tdx' && { migration: allowMigration, serviceTds: serviceTdsOf(evidence) }),
    }
    return { name, format: tee, evidence, options }
  }

  async function amd(name: string): Promise<Question> {
    const product = pick(['Milan', 'Genoa', 'Turin'] as const)
    const kind = pick(['VCEK', 'VLEK'] as const)
    const certificate = (): AmdCertificateChange =>
      pick<AmdCertificateChange>([{ tbs: editOne }, { extensions: editOne }, { der: edit }])
    const changes: readonly (() => Partial<AmdOptions>)[] = [
      () => ({ vek: { extensions: editOne } }),
      () => ({ vek: { extensions: editOne } }),
      () => ({ vek: certificate() }),
      () => ({ intermediate: certificate() }),
      () => ({ ark: certificate() }),
      () => ({ crl: pick([{ extensions: editOne }, { der: edit }, { revoked: ['010001', '010002'] }]) }),
    ]
    const isChain = random(2) === 0
    const attester = await (isChain
      ? createAmdAttester({ now, keys: amdKeys, product, kind, ...pick(changes)() })
      : soundAttester({ product, kind }))
    const field = (): ReportPatch => [random(672), [random(256)]]
    const reports: readonly (() => ReportOverrides)[] = [
      () => ({ fields: [field()] }),
      () => ({ fields: [field()], version: 2 + random(5) }),
      () => ({ after: [[672 + random(512), [random(256)]]] }),
    ]
    const report = await attester.report(isChain ? {} : pick(reports)())
    const table = certificateTable([tableGuids.VCEK, attester.vek], [tableGuids.VLEK, attester.vek])
    const hasTable = random(4) === 0
    const { vek, ...others } = attester.endorsements
    const options = {
      endorsements: hasTable ? others : { ...others, vek },
      trustAnchors: [asAnchor(attester.ark)],
      now,
      referenceValues: skipReferenceValues,
      reportData: skipReportData,
      products: ['Milan', 'Genoa', 'Turin'],
      debug: allowDebug,
      migration: allowMigration,
      vmpl: [0, 1, 2, 3],
      guestPolicy: { cxlAllowed: anyValue },
      platformInfo: { aliasCheckComplete: anyValue },
      unknownBits: allowUnknownBits,
      provisionalFirmware: allowProvisionalFirmware,
    }
    const isEdited = hasTable && random(2) === 0
    return {
      name,
      format: 'sev-snp',
      evidence: hasTable ? concat(report, isEdited ? edit(table) : table) : report,
      options,
    }
  }

  const { cca, psa } = await createArmMutants(edits)
  const { android, attestation, assertion } = await createPhoneMutants(edits)
  const kinds = [nitro, intel, intel, amd, cca, psa, android, android, attestation, assertion]
  return (i) => pick(kinds)(`mutant ${i}`)
}
