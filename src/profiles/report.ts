/**
 * Verifies what a private-AI provider serves, as its profile says: every piece of evidence, that it
 * answers the nonce, what ran there, and the one key that requests may be sealed to.
 */
import { selectKeyConfig } from '../channel/select-key-config.ts'
import type { Check } from '../core/check.ts'
import { VerificationError } from '../core/errors.ts'
import { requireOption } from '../core/options.ts'
import { type CheckRecorder, recordChecks, stopwatch } from '../core/record.ts'
import { type AttestationResult, isAttestationResult } from '../core/result.ts'
import { iso } from '../core/time.ts'
import { verifyEd25519 } from '../crypto/ed25519.ts'
import { appraiseApplication, type DstackFindings, type DstackServed, readClaims } from '../dstack/appraise.ts'
import { type Bytes, equalBytes, givenBytes, isBytes, toHex } from '../encoding/bytes.ts'
import type { JsonValue } from '../encoding/json.ts'
import { spanOf } from '../encoding/json-span.ts'
import { type Documents, type Fields, fieldsOf, kindOf, requireEcho, select, wrong } from './fields.ts'
import { bytesOfPart, bytesOfParts } from './parts.ts'
import { readDocument } from './pointer.ts'
import {
  type GpuResult,
  type ProviderReportOptions,
  readReportOptions,
  type ReportPolicy,
  skipGpus,
} from './report-options.ts'
import type { ProfileComponent, ProviderProfile } from './types.ts'

/** One component, verified. */
export interface ProviderComponent {
  readonly result: AttestationResult
  readonly dstack?: DstackFindings
  readonly gpus?: readonly GpuResult[]
}

/** The key that requests may be sealed to. */
export interface ProviderChannel {
  readonly kind: 'ohttp' | 'ehbp-1' | 'chutes-e2e-1' | 'aci-e2ee-2'
  /** For `ohttp` as `application/ohttp-keys` with one suite; else the public key itself. */
  readonly key: Bytes
  readonly vouchedBy: 'report-data' | 'ed25519'
}

/** What was proven. Frozen. */
export interface ProviderReport {
  readonly profile: { readonly name: string; readonly revision: number }
  readonly components: Readonly<Record<string, ProviderComponent>>
  /** `undefined` where the provider takes nothing that is sealed to an attested key. */
  readonly channel: ProviderChannel | undefined
  /** What stays open, all of it accepted by you. */
  readonly unproven: readonly string[]
  /** Every check that was made here, in order; those of the evidence are in each `result`. */
  readonly checks: readonly Check[]
}

/** A component, as read: nothing is trusted yet. */
interface ReadComponent {
  readonly name: string
  readonly component: ProfileComponent
  readonly fields: Fields
  readonly evidence: Bytes
  readonly eventLog: string | undefined
  /** Report data in segments; `undefined`: that many bytes are not compared. */
  readonly segments: readonly { readonly bytes: Bytes | undefined; readonly size: number }[]
}

const maximumGpus = 64

/**
 * Verifies a provider's report.
 *
 * Proves that every piece of evidence in it is authentic (your `verify`), answers your nonce, and
 * holds what the profile says; that each dstack application is one that you accept; and that the
 * channel's key is inside verified report data, or signed by a key that is. Does *not* prove what
 * the profile lists under `unproven`, and reads nothing that the profile does not name.
 *
 * ```ts
 * const report = await verifyProviderReport(profile, { report: text }, {
 *   nonce,
 *   parameters: { model },
 *   accept: { gateway: { appComposes: [hash], osImages: [image], keyProviders: [kms] } },
 *   unproven: ['gpu-machine'],
 *   verify: (evidence, { reportData }) => verifyTdx(evidence, { endorsements, referenceValues, reportData: reportData! }),
 *   verifyGpus: skipGpus,
 * })
 * ```
 * @param profile see `readProviderProfile`
 * @param documents JSON texts as served, by their names in the profile
 * @throws VerificationError `report-…`, `ohttp-key-config`, `unsupported`, those of dstack, and
 *   what `verify` throws
 * @throws AppraisalError `policy-unproven`, `policy-expired`, `policy-gpu`, those of dstack; all
 *   that differ
 * @throws TypeError for a caller's mistake, the profile's included
 */
export async function verifyProviderReport(
  profile: ProviderProfile | object,
  documents: Readonly<Record<string, string>>,
  options: ProviderReportOptions,
): Promise<ProviderReport> {
  // 0. The caller's own mistakes, before a byte of a document is read.
  const policy = readReportOptions(profile, documents, options)
  const { compiled, now } = policy
  const checks = recordChecks()
  // 1. Documents and their members: strict and bounded. Nothing is trusted.
  const places = readDocuments(policy, checks)
  const components: ReadComponent[] = []
  for (const [name, component] of Object.entries(compiled.profile.components))
    components.push(await readComponent(name, component, places, policy))
  // 2. Every piece of evidence is authentic, and holds this nonce and what was served beside it.
  const results = new Map<string, AttestationResult>()
  for (const read of components) results.set(read.name, await verifyEvidence(read, policy, checks))
  for (const { name, component } of components) requireSameMachine(name, component, results, checks)
  // 3. The key: inside report data, or signed by a key that is.
  const channel = await verifyChannel(components, policy, checks)
  // 4. Appraisal: what runs there, and what stays open. Failures are kept, so that all of them are
  // reported.
  const found: [string, ProviderComponent][] = []
  for (const read of components) {
    const { name, component, fields } = read
    const result = results.get(name) as AttestationResult
    const application = policy.accept.get(name)
    const dstack =
      application === undefined || component.dstack === undefined
        ? undefined
        : await appraiseApplication(
            { ...readClaims(result.claims), served: servedOf(read), policy: application, now },
            checks,
          )
    const gpus = await appraiseGpus(read, policy, checks)
    if (component.notAfter !== undefined) appraiseExpiry(component.notAfter.at, fields, now, checks)
    found.push([
      name,
      Object.freeze({ result, ...(dstack && { dstack: Object.freeze(dstack) }), ...(gpus && { gpus }) }),
    ])
  }
  const isWithoutGpus =
    policy.verifyGpus === skipGpus && components.some(({ component }) => component.gpus !== undefined)
  appraiseUnproven(compiled.profile, policy.unproven, checks)
  // 5. Only here does a result exist, and only if no appraisal failed.
  checks.conclude()
  const { name, revision, unproven } = compiled.profile
  return Object.freeze({
    profile: Object.freeze({ name, revision }),
    components: Object.freeze(Object.fromEntries(found)),
    channel,
    unproven: Object.freeze([...unproven.map(({ id }) => id), ...(isWithoutGpus ? ['gpus'] : [])]),
    checks: Object.freeze([...checks.made]),
  })
}

/** What dstack serves, as text. @throws VerificationError `report-field` */
function servedOf({ component: { dstack }, fields, eventLog }: ReadComponent): DstackServed {
  const { appCompose, appCertificate, mrConfig } = dstack as NonNullable<typeof dstack>
  return {
    ...(eventLog !== undefined && { eventLog }),
    appCompose: fields.text(appCompose),
    ...(appCertificate !== undefined && { appCertificate: fields.text(appCertificate) }),
    ...(mrConfig !== 1 && { mrConfig: fields.text(mrConfig) }),
  }
}

/** Selects the component, and reads what is to be compared. @throws what reading throws */
async function readComponent(
  name: string,
  component: ProfileComponent,
  places: Documents,
  { parameters, nonce }: ReportPolicy,
): Promise<ReadComponent> {
  const { place } = fieldsOf(places, parameters)
  const own = select(component.in, place, parameters)
  const second = component.with === undefined ? undefined : select(component.with, place, parameters)
  const fields = fieldsOf(places, parameters, own, second)
  for (const [pointer, constant] of Object.entries(component.constants ?? {})) {
    const { value } = fields.place(pointer)
    if (value !== constant) throw wrong(pointer, JSON.stringify(constant), kindOf(value))
  }
  for (const { at, as } of component.nonces ?? []) requireEcho(fields.bytes(at, as), nonce, at)
  const segments: ReadComponent['segments'][number][] = []
  for (const part of component.reportData) {
    const bytes = 'any' in part ? undefined : await bytesOfPart(part, fields, nonce)
    segments.push({ bytes, size: 'any' in part ? part.any : (bytes as Bytes).length })
  }
  const { at, as } = component.evidence
  return { name, component, fields, evidence: fields.bytes(at, as), eventLog: logOf(component, fields), segments }
}

/** @throws VerificationError `report-json` */
function readDocuments({ compiled, texts }: ReportPolicy, checks: CheckRecorder): Documents {
  const documents = texts.map(([name, text]) => {
    const { maximumBytes } = compiled.profile.documents[name] as { readonly maximumBytes: number }
    const place = checks.decodes('report-json', `document ${name}`, () => {
      if (text.length > maximumBytes || new TextEncoder().encode(text).length > maximumBytes)
        throw new VerificationError('report-json', `document ${name}: more than ${maximumBytes} bytes`)
      return readDocument(text, `document ${name}`)
    })
    return [name, place] as const
  })
  return new Map(documents)
}

function logOf({ eventLog }: ProfileComponent, fields: Fields): string | undefined {
  if (eventLog === undefined) return undefined
  if (eventLog.as === 'json-text') return fields.text(eventLog.at)
  const { text, path } = fields.place(eventLog.at)
  return spanOf(text, path)
}

/**
 * The caller's verifier, and then what it cannot be trusted to have compared. @throws
 * VerificationError `report-binding`
 */
async function verifyEvidence(
  { name, component, evidence, eventLog, segments }: ReadComponent,
  { verify, nonce }: ReportPolicy,
  checks: CheckRecorder,
): Promise<AttestationResult> {
  const { format } = component.evidence
  const isWhole = segments.every(({ bytes }) => bytes !== undefined)
  const reportData = isWhole ? new Uint8Array(segments.flatMap(({ bytes }) => [...(bytes as Bytes)])) : undefined
  const startedAt = stopwatch()
  const context = { component: name, format, nonce: nonce.slice(), reportData, eventLog }
  const result: unknown = await verify(evidence, Object.freeze(context))
  if (!isAttestationResult(result) || result.format !== format)
    throw new TypeError(`verify must return the result of a verifier of this library, for ${format}`)
  const { reportData: claimed } = Object(result.claims) as { readonly reportData?: unknown }
  const found = givenBytes(claimed)
  let at = 0
  const holds = segments.every(({ bytes, size }) => {
    const isEqual = bytes === undefined || equalBytes(bytes, found.subarray(at, at + size))
    at += size
    return isEqual
  })
  checks.verifies('report-binding', `report data of ${name}`, {
    holds: holds && found.length === at,
    expected: segments.map(({ bytes, size }) => (bytes === undefined ? '..'.repeat(size) : toHex(bytes))).join(''),
    found: toHex(found),
    startedAt,
  })
  return result
}

/**
 * Two pieces of evidence of one guest: everything that is bytes is equal, but for report data.
 * @throws VerificationError `report-binding`
 */
function requireSameMachine(
  name: string,
  { sameMachineAs }: ProfileComponent,
  results: ReadonlyMap<string, AttestationResult>,
  checks: CheckRecorder,
): void {
  if (sameMachineAs === undefined) return
  const [own, other] = [name, sameMachineAs].map((of) => registersOf(results.get(of) as AttestationResult))
  const names = new Set([...(own as Map<string, string>).keys(), ...(other as Map<string, string>).keys()])
  const differing = [...names].find((register) => own?.get(register) !== other?.get(register))
  checks.verifies('report-binding', `${name} is the machine of ${sameMachineAs}`, {
    holds: names.size > 0 && differing === undefined,
    otherwise: `${differing ?? 'no register'} differs`,
  })
}

function registersOf({ format, claims }: AttestationResult): ReadonlyMap<string, string> {
  const registers = Object.entries(claims as Readonly<Record<string, unknown>>).flatMap(([name, value]) =>
    isBytes(value) && name !== 'reportData' ? [[name, toHex(value)] as const] : [],
  )
  return new Map([['format', format], ...registers])
}

/**
 * The channel's key. @throws VerificationError `report-field`, `report-select`, `report-key`,
 * `ohttp-key-config`, `unsupported`
 */
async function verifyChannel(
  components: readonly ReadComponent[],
  { compiled, suite }: ReportPolicy,
  checks: CheckRecorder,
): Promise<ProviderChannel | undefined> {
  const { channel } = compiled.profile
  if (channel.kind === 'none') {
    checks.omit('report-key', 'not-requested', `no channel: ${channel.why}`)
    return undefined
  }
  const { fields } = components.find(({ name }) => name === channel.component) as ReadComponent
  const { at, as, form } = channel.key
  const raw = (channel.key.in === undefined ? fields : fields.within(channel.key.in)).bytes(at, as)
  const { vouched } = channel
  if (vouched.by === 'ed25519') {
    const startedAt = stopwatch()
    const signer = fields.bytes(vouched.key, compiled.signingKeyAs, 32)
    const signature = fields.bytes(vouched.signature.at, vouched.signature.as, 64)
    const holds = await verifyEd25519(signer, signature, raw)
    const otherwise = 'signature does not match the key that report data holds'
    checks.verifies('report-key', 'key configuration signed by the attested key', { holds, otherwise, startedAt })
  } else checks.verifies('report-key', 'key inside report data', { holds: true, otherwise: '' })
  if (form === 'single' || form === 'list')
    return Object.freeze({ kind: channel.kind, key: await selectKeyConfig(raw, suite, form), vouchedBy: vouched.by })
  const size = form === 'x25519' ? 32 : 1184
  checks.verifies('report-key', `key of ${form}, bytes`, {
    holds: raw.length === size,
    expected: `${size}`,
    found: `${raw.length}`,
  })
  return Object.freeze({ kind: channel.kind, key: raw, vouchedBy: vouched.by })
}

/** As many results as GPUs, each for the nonce that the profile says; fails with `policy-gpu`. */
async function appraiseGpus(
  { name, component: { gpus }, fields }: ReadComponent,
  { verifyGpus, nonce }: ReportPolicy,
  checks: CheckRecorder,
): Promise<readonly GpuResult[] | undefined> {
  if (gpus === undefined) return undefined
  if (typeof verifyGpus !== 'function') {
    checks.omit('policy-gpu', 'skipped', `evidence of the GPUs of ${name}`)
    return undefined
  }
  const { value } = fields.place(gpus.list)
  if (!Array.isArray(value)) throw wrong(gpus.list, 'a list', kindOf(value))
  const wanted = await bytesOfParts(gpus.nonce, fields, nonce)
  const subject = `GPUs of ${name}`
  const count = value.length
  checks.appraises('policy-gpu', subject, {
    holds: count > 0 && count <= maximumGpus,
    expected: `1 to ${maximumGpus}`,
    found: `${count}`,
  })
  if (count === 0 || count > maximumGpus) return undefined
  const returned: unknown = await verifyGpus(structuredClone(value) as readonly JsonValue[], {
    component: name,
    nonce: wanted.slice(),
  })
  requireOption('verifyGpus', 'a function that returns a list of results', Array.isArray(returned))
  const results = [...(returned as readonly GpuResult[])]
  checks.appraises('policy-gpu', `results of the ${subject}`, {
    holds: results.length === count,
    expected: `${count}`,
    found: `${results.length}`,
  })
  for (const [i, result] of results.entries()) {
    const { nonce: claimed } = Object(result) as { readonly nonce?: unknown }
    const found = givenBytes(claimed)
    checks.appraises('policy-gpu', `nonce of GPU ${i} of ${name}`, {
      holds: equalBytes(found, wanted),
      expected: toHex(wanted),
      found: toHex(found),
    })
  }
  return Object.freeze(results)
}

/** What was served says when it ends: at that second it has; fails with `policy-expired`. */
function appraiseExpiry(pointer: string, fields: Fields, now: number, checks: CheckRecorder): void {
  const { value } = fields.place(pointer)
  const last = 253_402_300_799
  if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > last)
    throw wrong(pointer, 'Unix seconds', kindOf(value))
  const end = (value as number) * 1000
  checks.appraises('policy-expired', `time against ${pointer}`, {
    holds: now < end,
    expected: `before ${iso(end)}`,
    found: iso(now),
  })
}

/** All that stays open is accepted by name; fails with `policy-unproven`. */
function appraiseUnproven({ unproven }: ProviderProfile, accepted: readonly string[], checks: CheckRecorder): void {
  for (const { id, why } of unproven)
    checks.appraises('policy-unproven', `unproven: ${id} (${why})`, {
      holds: accepted.includes(id),
      expected: 'accepted by name',
      found: accepted.includes(id) ? 'accepted by name' : 'not accepted',
    })
}
