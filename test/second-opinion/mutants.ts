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
import type { CertificatePlan, Signer } from '../attester/certificate.ts'
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
import type { Question } from './verifiers.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** A number below the one that is given: xorshift32. */
export type Random = (below: number) => number

export function randomNumbers(seed: number): Random {
  let state = seed
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

const now = new Date('2026-06-01T12:00:00.250Z')

/** Makes mutants, one after another. */
export async function createMutants(random: Random): Promise<(i: number) => Promise<Question>> {
  const keys = { nitro: new Map<string, Signer>(), intel: new Map<string, Signer>() }
  const sound = {
    nitro: await createNitroAttester({ now, keys: keys.nitro }),
    intel: await createIntelAttester({ now, keys: keys.intel }),
  }
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T

  /** A bit, a byte, one put in or taken out, or a few in a row. */
  function edit(bytes: Uint8Array): Bytes {
    const at = random(Math.max(1, bytes.length))
    const changed = Uint8Array.from(bytes)
    switch (random(5)) {
      case 0:
        changed[at] = (changed[at] ?? 0) ^ (1 << random(8))
        return changed
      case 1:
        changed[at] = pick([
          0,
          1,
          2,
          3,
          4,
          5,
          6,
          0x0a,
          0x16,
          0x17,
          0x18,
          0x30,
          0x31,
          0x7f,
          0x80,
          0x81,
          0xa0,
          0xff,
          random(256),
        ])
        return changed
      case 2:
        return concat(bytes.slice(0, at), bytes.slice(at + 1))
      case 3:
        return concat(bytes.slice(0, at), [random(256)], bytes.slice(at))
      default:
        return concat(bytes.slice(0, at), bytes.slice(at, at + 1 + random(8)), bytes.slice(at))
    }
  }
  const editOne = (elements: readonly Uint8Array[]): Uint8Array[] => {
    const at = random(elements.length)
    switch (random(6)) {
      case 0:
        return elements.filter((_, i) => i !== at)
      case 1:
        return [...elements.slice(0, at), elements[at] as Uint8Array, ...elements.slice(at)]
      default:
        return elements.map((element, i) => (i === at ? edit(element) : element))
    }
  }
  /** Digits, letters and punctuation of JSON. */
  const editText = (text: string): string => {
    const at = random(text.length)
    const by = pick([
      '0',
      '1',
      '9',
      '-',
      '"',
      ',',
      ':',
      '{',
      '}',
      '[',
      ']',
      ' ',
      '\\',
      'e',
      '.',
      'Z',
      '\u00e9',
      '',
      text.slice(at, at + 9),
    ])
    return text.slice(0, at) + by + text.slice(at + random(2))
  }

  const planChange = (): Partial<CertificatePlan> => {
    switch (random(4)) {
      case 0:
        return { outer: editOne }
      case 1:
        return { der: (der) => edit(der) }
      default:
        return { tbs: editOne }
    }
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
      trustAnchors: [attester.root],
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
      trustAnchors: [attester.root],
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
      trustAnchors: [attester.ark],
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

  return (i) => pick([nitro, intel, intel, amd])(`mutant ${i}`)
}
