/**
 * What a caller says of a provider's report, read once and checked before a byte of it is read.
 * Whatever is wrong here is a `TypeError`.
 */
import type { Suite } from '../channel/suite.ts'
import { isPlainObject, knownOptions, requireOption, snapshotOf } from '../core/options.ts'
import type { AttestationResult } from '../core/result.ts'
import { readTime } from '../core/time.ts'
import { type DstackExpectations, type DstackPolicy, readDstackExpectations } from '../dstack/accept.ts'
import { type Bytes, copyBytes, isBytes } from '../encoding/bytes.ts'
import type { JsonValue } from '../encoding/json.ts'
import { compileProfile, type CompiledProfile } from './profile.ts'
import type { ProfileComponent, ProviderProfile } from './types.ts'

/**
 * Pass it as `verifyGpus` to go without the evidence of GPUs. The result then says `gpus` in
 * `unproven`.
 */
export const skipGpus: unique symbol = /* @__PURE__ */ Symbol.for('veritee.skipGpus')

/** What a verifier of evidence is told beside it. Bytes are copies. */
export interface EvidenceContext {
  /** The component's name in the profile. */
  readonly component: string
  readonly format: 'tdx' | 'sev-snp' | 'sgx'
  readonly nonce: Bytes
  /**
   * The 64 bytes that the evidence must hold: give them to the verifier. `undefined` where the
   * profile leaves a part of them open: pass `skipReportData` then. What the profile says of them
   * is compared here in any case.
   */
  readonly reportData: Bytes | undefined
  /** dstack's log, as served; not verified. */
  readonly eventLog: string | undefined
}

/** What a verifier of GPUs is told beside the list. */
export interface GpuContext {
  readonly component: string
  /** The 32 bytes that each GPU's evidence must answer. */
  readonly nonce: Bytes
}

/** A verified result for one GPU. */
export interface GpuResult {
  /** What its evidence answers, out of what is signed. */
  readonly nonce: Uint8Array
}

/** Options of {@link verifyProviderReport}. */
export interface ProviderReportOptions {
  /** The 32 random bytes that the documents were asked for with. */
  readonly nonce: Uint8Array
  /** What the profile leaves to you: a model's name, say. Default: none. */
  readonly parameters?: Readonly<Record<string, string>>
  /** Verifies one piece of evidence, with a verifier of this library. */
  readonly verify: (evidence: Bytes, context: EvidenceContext) => Promise<AttestationResult>
  /**
   * Verifies the evidence of GPUs, each; required where the profile has some. {@link skipGpus} to
   * go without. Default: none.
   */
  readonly verifyGpus?:
    ((list: readonly JsonValue[], context: GpuContext) => Promise<readonly GpuResult[]>) | typeof skipGpus
  /** For each component with dstack: what is accepted; required for those. Default: none. */
  readonly accept?: Readonly<Record<string, DstackExpectations>>
  /** What you accept as unproven: ids of the profile. Default: nothing. */
  readonly unproven?: readonly string[]
  /** The one suite, for channels that have several. Default X25519 with AES-128-GCM. */
  readonly suite?: Suite
  /** Default: the clock, read once. */
  readonly now?: Date
}

/** Options, checked and copied. */
export interface ReportPolicy {
  readonly compiled: CompiledProfile
  readonly texts: readonly (readonly [name: string, text: string])[]
  readonly nonce: Bytes
  readonly parameters: ReadonlyMap<string, string>
  readonly verify: ProviderReportOptions['verify']
  readonly verifyGpus: ProviderReportOptions['verifyGpus']
  readonly accept: ReadonlyMap<string, DstackPolicy>
  readonly unproven: readonly string[]
  readonly suite: Suite
  readonly now: number
}

const optionNames = ['nonce', 'parameters', 'verify', 'verifyGpus', 'accept', 'unproven', 'suite', 'now'] as const
/** @throws TypeError */
export function readReportOptions(profile: unknown, documents: unknown, options: unknown): ReportPolicy {
  const compiled = compileProfile(profile)
  const own = knownOptions<ProviderReportOptions>(options, optionNames)
  const { nonce, verify, verifyGpus, suite = { kem: 'X25519', aead: 'AES-128-GCM' }, now } = own
  requireOption('nonce', '32 bytes (Uint8Array)', isBytes(nonce) && nonce.length === 32)
  requireOption('verify', 'a function', typeof verify === 'function')
  const given = snapshotOf<Record<string, unknown>>(documents, 'documents')
  const names = Object.keys(compiled.profile.documents)
  for (const name of [...names, ...Object.keys(given)])
    requireOption('documents', `texts of ${names.join(', ')}`, names.includes(name) && typeof given[name] === 'string')
  const components = Object.entries(compiled.profile.components)
  const hasGpus = components.some(([, { gpus }]) => gpus !== undefined)
  const isGiven =
    verifyGpus === skipGpus || typeof verifyGpus === 'function' || !(hasGpus || Object.hasOwn(own, 'verifyGpus'))
  requireOption('verifyGpus', 'a function, or skipGpus', isGiven)
  return {
    compiled,
    texts: names.map((name) => [name, given[name] as string]),
    nonce: copyBytes(nonce as Uint8Array),
    parameters: readParameters(own.parameters ?? {}, compiled.parameters),
    verify: verify as ReportPolicy['verify'],
    verifyGpus,
    accept: readAccept(own.accept ?? {}, components),
    unproven: readUnproven(
      Object.hasOwn(own, 'unproven') ? own.unproven : [],
      compiled.profile,
      verifyGpus === skipGpus,
    ),
    suite: isPlainObject(suite) ? { ...suite } : suite,
    now: readTime(now),
  }
}

/** @throws TypeError */
export function readParameters(value: unknown, names: readonly string[]): ReadonlyMap<string, string> {
  const own = snapshotOf<Record<string, unknown>>(value, 'parameters')
  for (const name of names) {
    const parameter = own[name]
    requireOption(
      `parameters.${name}`,
      'text',
      typeof parameter === 'string' && parameter !== '' && parameter.length <= 1024,
    )
  }
  return new Map(names.map((name) => [name, own[name] as string]))
}

/** An expectation that is left out accepts nothing. @throws TypeError */
function readAccept(
  value: unknown,
  components: readonly (readonly [string, ProfileComponent])[],
): ReadonlyMap<string, DstackPolicy> {
  const own = snapshotOf<Record<string, unknown>>(value, 'accept')
  const names = components.filter(([, { dstack }]) => dstack !== undefined).map(([name]) => name)
  const unknown = Object.keys(own).find((name) => !names.includes(name))
  requireOption('accept', `about ${names.join(', ') || 'nothing'}, not ${String(unknown)}`, unknown === undefined)
  return new Map(names.map((name) => [name, readDstackExpectations(own[name], `accept.${name}`)]))
}

/** @throws TypeError for ids that the profile does not have: they would be accepted in vain */
function readUnproven(value: unknown, { unproven }: ProviderProfile, withoutGpus: boolean): readonly string[] {
  requireOption('unproven', 'a list of ids', Array.isArray(value))
  const ids = [...(value as readonly unknown[])]
  const known: readonly unknown[] = [...unproven.map(({ id }) => id), ...(withoutGpus ? ['gpus'] : [])]
  requireOption(
    'unproven',
    `ids of the profile: ${known.join(', ') || 'it has none'}`,
    ids.every((id) => known.includes(id)),
  )
  return ids as string[]
}
