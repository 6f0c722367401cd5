/**
 * Fixtures as the page has them in its address: what each is asked is in its `expected.json`.
 */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { ExpectedQuote } from '../fixtures/expected-quote.ts'
import type { ExpectedAndroidKey, ExpectedAppAttest } from '../fixtures/expected-phone.ts'
import type { ExpectedSnp } from '../fixtures/expected-snp.ts'
import type { ExpectedToken } from '../fixtures/expected-token.ts'
import type { Expected } from '../fixtures/expected.ts'
import { detectFormat, type EvidenceFormat } from '../src/index.ts'
import { folderOf, type samples } from './page/samples.ts'
import { emptyState, type State } from './page/state.ts'

/** What is beside an `expected.json`. */
export interface FixtureFiles {
  readonly evidence: Uint8Array
  /** '' where there is none. */
  readonly endorsements: string
  /** '' where there is none. */
  readonly log: string
}

type Change = Partial<State>

/** What the expectations of a format are on the page. */
const changes: Partial<Readonly<Record<EvidenceFormat, (expected: never, files: FixtureFiles) => Change>>> = {
  nitro: ofDocument,
  tdx: ofQuote,
  sgx: ofQuote,
  'sev-snp': ofReport,
  cca: ofToken,
  psa: ofToken,
  'android-key': ofAndroid,
  'app-attest': ofApple,
}

/** @param isTimeless verified at the clock of the visitor: it is valid on any day */
export function stateOfFixture(
  format: EvidenceFormat,
  expected: object,
  files: FixtureFiles,
  isTimeless = false,
): State {
  const { debug, clockSkewSeconds, now } = expected as {
    readonly debug?: unknown
    readonly clockSkewSeconds?: number
    readonly now: string
  }
  return {
    ...emptyState,
    evidence: Buffer.from(files.evidence).toString('base64url'),
    // What was damaged on purpose may not look like what it was.
    format: detectFormat(new Uint8Array(files.evidence)) === undefined ? format : '',
    root: 'fixture',
    at: isTimeless ? '' : now === 'atEvidenceTime' ? 'evidence' : now.replace('.000Z', 'Z'),
    debug: debug !== undefined,
    ...(clockSkewSeconds !== undefined && { skew: String(clockSkewSeconds) }),
    ...changes[format]?.(expected as never, files),
  }
}

const fixtures = (path: string): string => fileURLToPath(new URL(`../fixtures/${path}`, import.meta.url))

/** A sample. The sound ones are good on any day. */
export async function stateOfSample(sample: (typeof samples)[number]): Promise<State> {
  const read = (name: string): Promise<Buffer> => readFile(fixtures(`${folderOf(sample)}/${name}`))
  const text = (name: string): Promise<string> => read(name).then(String, () => '')
  const [expected, evidence, endorsements, log] = await Promise.all([
    text('expected.json'),
    read('evidence.bin'),
    text('endorsements.json'),
    text('event-log.json'),
  ])
  // Apple's certificates live for days, in fixtures as well.
  const isTimeless = folderOf(sample).endsWith('/valid') && sample.format !== 'app-attest'
  return stateOfFixture(sample.format, JSON.parse(expected) as object, { evidence, endorsements, log }, isTimeless)
}

function ofDocument({ format, freshness, referenceValues, userData, publicKey }: Expected): Change {
  return {
    // Its shape is that of an enclave's document.
    ...(format === 'nitro-tpm' && { format, allowed: 'instance' }),
    reference: measurements(referenceValues),
    ...(freshness !== 'skipFreshness' &&
      ('nonce' in freshness
        ? { freshness: 'nonce' as const, nonce: freshness.nonce }
        : { freshness: 'age' as const, age: String(freshness.maxAgeSeconds) })),
    userData: userData ?? '',
    publicKey: publicKey ?? '',
  }
}

function ofQuote(expected: ExpectedQuote, { endorsements, log }: FixtureFiles): Change {
  const { reportData, referenceValues, acceptedTcbStatuses = [] } = expected
  return {
    collateral: endorsements,
    log,
    reference: measurements(referenceValues),
    reportData: reportData === 'skipReportData' ? '' : reportData,
    tcb: String(acceptedTcbStatuses),
  }
}

function ofReport(expected: ExpectedSnp, { endorsements }: FixtureFiles): Change {
  const { reportData, referenceValues, products, platformInfo, minimumTcb = [] } = expected
  const allowed = [
    ...(products?.includes('Milan') === true ? ['Milan'] : []),
    ...(platformInfo === undefined ? [] : ['alias']),
    ...(expected.provisionalFirmware === undefined ? [] : ['provisional']),
    ...(expected.migration === undefined ? [] : ['migration']),
  ]
  // The page asks for one row: of all that are about Genoa, the parts together.
  const least = Object.assign({}, ...minimumTcb.filter(({ product }) => product === 'Genoa')) as Record<string, unknown>
  const parts = ['bootloader', 'tee', 'snp', 'microcode'].filter((part) => least[part] !== undefined)
  return {
    collateral: endorsements,
    reference: measurements(referenceValues),
    reportData: reportData === 'skipReportData' ? '' : reportData,
    minimumTcb: parts.map((part) => `${part} ${String(least[part])}`).join(', '),
    allowed: String(allowed),
  }
}

const asJson = (values: object | string | undefined): string =>
  values === undefined || typeof values === 'string' ? '' : JSON.stringify(values, null, 2)

function ofToken({
  trustAnchors,
  freshness,
  referenceValues,
  platform,
  acceptedLifecycles = [],
}: ExpectedToken): Change {
  return {
    anchors: asJson(trustAnchors),
    reference: asJson(referenceValues),
    firmware: asJson(platform),
    allowed: String(acceptedLifecycles),
    ...(freshness !== 'skipFreshness' && { freshness: 'nonce' as const, nonce: freshness.nonce }),
  }
}

function ofAndroid(expected: ExpectedAndroidKey): Change {
  const { freshness, referenceValues, endorsements, securityLevel, minimumOsPatchLevel, webauthn } = expected
  const allowed = [
    ...(securityLevel === 'strongbox' ? ['strongbox'] : []),
    ...(endorsements === 'skipRevocation' ? ['no-revocation'] : []),
  ]
  return {
    reference: asJson(referenceValues),
    collateral: endorsements === 'skipRevocation' ? '' : endorsements.statusList,
    allowed: String(allowed),
    patchLevel: String(minimumOsPatchLevel ?? ''),
    ...(freshness !== 'skipFreshness' && { freshness: 'nonce' as const, nonce: freshness.nonce }),
    ...(webauthn && { clientData: webauthn.clientDataJSON, page: [webauthn.rpId, ...webauthn.origins].join(' ') }),
  }
}

function ofApple({ clientData, referenceValues }: ExpectedAppAttest): Change {
  return {
    clientData,
    reference: typeof referenceValues === 'string' ? '' : referenceValues.map(({ appId }) => appId).join('\n'),
  }
}

/** One build as lines, as people write them; everything else as JSON. */
function measurements(values: object | 'skipReferenceValues'): string {
  if (typeof values === 'string') return ''
  const lines = Object.entries(values).filter(([key]) => key !== 'name')
  if (!lines.every(([key]) => /^(?:PCR\d+|[a-z]\w+)$/.test(key))) return JSON.stringify(values, null, 2)
  return lines.map(([register, value]) => `${register} ${String(value)}`).join('\n')
}
