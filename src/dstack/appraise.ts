/**
 * Appraises what runs in a guest of dstack, from claims that a verifier proved: the event log
 * replays to the registers, what was measured before the application ran is what was served, and
 * the caller accepts it.
 */
import { isPlainObject, requireOption, snapshotOf } from '../core/options.ts'
import { type CheckRecorder, recordChecks } from '../core/record.ts'
import type { Check } from '../core/check.ts'
import { type Bytes, copyBytes, equalBytes, isBytes, toHex } from '../encoding/bytes.ts'
import { decodeJson, memberOf } from '../encoding/json.ts'
import type { MeasuredEvent } from '../formats/intel/tdx/events/measured-event.ts'
import { replayEventLog } from '../formats/intel/tdx/events/event-log.ts'
import { type DstackExpectations, type DstackPolicy, readDstackExpectations } from './accept.ts'
import { composeHash, unpinnedImage } from './compose.ts'
import { verifyKmsChain } from './kms.ts'
import { type MrConfig, readHostData, readMrConfigId } from './mr-config.ts'

/** Claims of a TD that a verifier returned: `verifyTdx(…).claims` is one. */
export interface DstackTdxClaims {
  readonly rtmr0: Uint8Array
  readonly rtmr1: Uint8Array
  readonly rtmr2: Uint8Array
  readonly rtmr3: Uint8Array
  readonly mrConfigId: Uint8Array
}

/** Claims of a guest on SEV-SNP that a verifier returned: `verifySevSnp(…).claims` is one. */
export interface DstackSnpClaims {
  readonly hostData: Uint8Array
}

/** What an application serves beside its evidence: nothing of it is believed. */
export interface DstackServed {
  /**
   * dstack's JSON. Guests on SEV-SNP have no registers that it could replay to: there it is not
   * read, and may be left out.
   */
  readonly eventLog?: string
  /** The app-compose, byte for byte. */
  readonly appCompose: string
  /** PEM of three certificates: what the KMS gave to the application. */
  readonly appCertificate?: string
  /** The document that version 3 of `mr_config_id` is a digest of, byte for byte. */
  readonly mrConfig?: string
}

/** What runs in the guest. Frozen; texts are hexadecimal digits, but for `keyProvider.name`. */
export interface DstackClaims {
  readonly composeHash: string
  /** `undefined` on SEV-SNP where the document does not name it. */
  readonly appId: string | undefined
  readonly instanceId: string | undefined
  /** The guest's own word; `undefined` on SEV-SNP, where the launch measurement is all there is. */
  readonly osImageHash: string | undefined
  /**
   * The identifier of the key provider: for a KMS the SubjectPublicKeyInfo of its root. Empty where
   * there is none.
   */
  readonly keyProvider: string
  readonly keyProviderName: string
  /**
   * Which form `mr_config_id` has; 0: zeros, so that only the event log speaks of the application.
   */
  readonly mrConfigVersion: 0 | 1 | 3
  /** Whether `appCertificate` was served, and chains up to the key provider. */
  readonly kmsChain: boolean
  /** Every check that was made, in order. */
  readonly checks: readonly Check[]
}

/** {@link DstackClaims} without the record: what the caller's own record goes on with. */
export type DstackFindings = Omit<DstackClaims, 'checks'>

/** Arguments, checked and copied. */
export interface DstackQuestion {
  readonly registers: readonly Bytes[] | undefined
  readonly config: Bytes
  readonly served: DstackServed
  readonly policy: DstackPolicy
  /** Unix milliseconds for the dates of certificates; `undefined`: they are not checked. */
  readonly now: number | undefined
}

/** What the application was measured as: from the event log, or from the document of version 3. */
interface Measured {
  readonly composeHash: string
  readonly appId: string | undefined
  readonly instanceId: string | undefined
  readonly osImageHash: string | undefined
  /** `undefined`: none was measured, and that has failed already. */
  readonly provider: { readonly name: string; readonly id: string } | undefined
  readonly gpuPolicyHash?: string | undefined
}

/** Events before it were measured while dstack booted; events after it may be an application's. */
const endOfBoot = 'system-ready'
const eventNames = ['app-id', 'compose-hash', 'instance-id', 'os-image-hash', 'key-provider'] as const

/**
 * Appraises a dstack application.
 *
 * Proves, of a TD whose MRTD and RTMR0 to RTMR2 you pinned: this app-compose was measured before
 * any application ran, by this key provider's guest, and the certificates come from that key
 * provider. Does *not* prove which code runs where images are named by tag or a container loads
 * more; and of a TD whose firmware and system you did not pin it proves nothing, since any system
 * can measure any hash. The dates of `appCertificate` are not checked.
 *
 * ```ts
 * const { claims } = await verifyTdx(quote, tdxOptions)
 * const app = await appraiseDstack(claims, { eventLog, appCompose }, { appComposes: [hash], osImages: [image], keyProviders: [kms] })
 * ```
 * @param claims of a result of a verifier: TDX, or SEV-SNP
 * @throws VerificationError `event-log-format`, `event-log-digest`, `compose-format`, `cert-…`,
 *   `root-mismatch`
 * @throws AppraisalError `policy-rtmr`, `policy-event`, `policy-compose`, `policy-os-image`,
 *   `policy-key-provider`, `policy-app-id`, `policy-images`, with all that differs
 * @throws TypeError for a caller's mistake
 */
export async function appraiseDstack(
  claims: DstackTdxClaims | DstackSnpClaims,
  served: DstackServed,
  accept: DstackExpectations,
): Promise<DstackClaims> {
  const question = {
    ...readClaims(claims),
    served: readServed(served),
    policy: readDstackExpectations(accept),
    now: undefined,
  }
  const checks = recordChecks()
  const findings = await appraiseApplication(question, checks)
  checks.conclude()
  return Object.freeze({ ...findings, checks: Object.freeze([...checks.made]) })
}

/** The registers of a guest, copied. @throws TypeError */
export function readClaims(claims: unknown): Pick<DstackQuestion, 'registers' | 'config'> {
  const { rtmr0, rtmr1, rtmr2, rtmr3, mrConfigId, hostData } = Object(claims) as Record<string, unknown>
  const isOf = (value: unknown, size: number): value is Uint8Array => isBytes(value) && value.length === size
  if (isOf(hostData, 32)) return { registers: undefined, config: copyBytes(hostData) }
  const registers = [rtmr0, rtmr1, rtmr2, rtmr3]
  const isTd = registers.every((register) => isOf(register, 48)) && isOf(mrConfigId, 48)
  requireOption('claims', 'those of a result of verifyTdx or verifySevSnp', isTd)
  return { registers: (registers as Uint8Array[]).map(copyBytes), config: copyBytes(mrConfigId as Uint8Array) }
}

/** @throws TypeError */
function readServed(served: unknown): DstackServed {
  const own = snapshotOf<Record<string, unknown>>(isPlainObject(served) ? served : undefined, 'served')
  for (const [name, value] of Object.entries(own)) {
    const isKnown = ['eventLog', 'appCompose', 'appCertificate', 'mrConfig'].includes(name)
    requireOption(`served.${name}`, isKnown ? 'text' : 'left out', isKnown && typeof value === 'string')
  }
  requireOption('served.appCompose', 'text', own['appCompose'] !== undefined)
  return own as unknown as DstackServed
}

/**
 * The steps, in a record of the caller's: failures of appraisals are kept there. @throws what
 * `appraiseDstack` throws, but for kept failures
 */
export async function appraiseApplication(question: DstackQuestion, checks: CheckRecorder): Promise<DstackFindings> {
  const { registers, config, served, policy, now } = question
  // 1. What was measured, by whichever of the two there is.
  const served3 = served.mrConfig
  const mrConfig = await (registers === undefined ? readHostData(config, served3) : readMrConfigId(config, served3))
  const measured =
    registers === undefined ? measuredInDocument(mrConfig) : await measuredInLog(served.eventLog, registers, checks)
  // 2. What was served is what was measured.
  const hash = await composeHash(served.appCompose)
  checks.appraises('policy-compose', 'hash of the app-compose', {
    holds: measured.composeHash === hash,
    expected: measured.composeHash || 'one that was measured',
    found: hash,
  })
  appraiseConfig(mrConfig, measured, hash, checks)
  // 3. The caller accepts it.
  const { id, name } = measured.provider ?? { id: '', name: '' }
  appraiseListed('policy-compose', 'hash of the app-compose', { accepted: policy.appComposes, found: hash }, checks)
  appraiseListed(
    'policy-os-image',
    'hash of the OS image',
    { accepted: policy.osImages, found: measured.osImageHash },
    checks,
  )
  appraiseListed('policy-key-provider', 'key provider', { accepted: policy.keyProviders, found: id }, checks)
  if (policy.appIds === undefined) checks.omit('policy-app-id', 'not-requested', 'no application expected by its id')
  else
    appraiseListed('policy-app-id', 'id of the application', { accepted: policy.appIds, found: measured.appId }, checks)
  if (policy.pinned) {
    const unpinned = unpinnedImage(served.appCompose)
    checks.appraises('policy-images', 'images of the compose file', {
      holds: unpinned === undefined,
      expected: 'each by its digest',
      found: unpinned ?? 'each by its digest',
    })
  } else checks.omit('policy-images', 'not-requested', 'images as the compose file names them')
  // 4. The certificates come from that key provider.
  if (served.appCertificate !== undefined && measured.provider !== undefined)
    await verifyKmsChain(served.appCertificate, id, now, checks)
  return {
    composeHash: hash,
    appId: measured.appId,
    instanceId: measured.instanceId,
    osImageHash: measured.osImageHash,
    keyProvider: id,
    keyProviderName: name,
    mrConfigVersion: mrConfig.version ?? 0,
    kmsChain: served.appCertificate !== undefined,
  }
}

function appraiseListed(
  code: 'policy-compose' | 'policy-os-image' | 'policy-key-provider' | 'policy-app-id',
  subject: string,
  { accepted, found }: { readonly accepted: readonly string[] | undefined; readonly found: string | undefined },
  checks: CheckRecorder,
): void {
  if (accepted === undefined) {
    checks.omit(code, 'skipped', `${subject}: any is accepted`)
    return
  }
  checks.appraises(code, subject, {
    holds: found !== undefined && accepted.includes(found),
    expected: accepted.join(' or '),
    found: found ?? 'none that was measured',
  })
}

/**
 * RTMR0 to RTMR3 as replayed, and the five events, each exactly once before the end of the boot.
 */
async function measuredInLog(
  log: string | undefined,
  registers: readonly Bytes[],
  checks: CheckRecorder,
): Promise<Measured> {
  requireOption('eventLog', 'text', log !== undefined)
  const { rtmrs, events } = await replayEventLog(log as string)
  for (const [rtmr, register] of registers.entries()) {
    // RTMR3 is the one that the rest is about; a log may leave out what firmware measured.
    if (rtmr !== 3 && !events.some((event) => event.rtmr === rtmr)) {
      checks.omit('policy-rtmr', 'not-requested', `no event of RTMR${rtmr} in the log`)
      continue
    }
    const replayed = rtmrs[rtmr as 0 | 1 | 2 | 3]
    checks.appraises('policy-rtmr', `RTMR${rtmr} as replayed`, {
      holds: equalBytes(replayed, register),
      expected: toHex(replayed),
      found: toHex(register),
    })
  }
  const end = events.findIndex(({ name }) => name === endOfBoot)
  checks.appraises('policy-event', `event ${endOfBoot}`, {
    holds: end >= 0,
    expected: 'in the log',
    found: end < 0 ? 'none' : 'in the log',
  })
  const boot = events.slice(0, Math.max(end, 0))
  const [appId, composeHash, instanceId, osImageHash, provider] = eventNames.map((name) =>
    onlyEvent(boot, name, checks),
  )
  const gpuPolicy = boot.filter(({ name }) => name === 'gpu-policy-hash').map(({ data }) => toHex(data))
  return {
    appId: toHex(appId ?? []),
    composeHash: toHex(composeHash ?? []),
    instanceId: toHex(instanceId ?? []),
    osImageHash: toHex(osImageHash ?? []),
    provider: provider && readProvider(provider),
    gpuPolicyHash: gpuPolicy.join(' ') || undefined,
  }
}

function onlyEvent(boot: readonly MeasuredEvent[], name: string, checks: CheckRecorder): Uint8Array | undefined {
  const found = boot.filter((event) => event.name === name)
  const holds = found.length === 1
  checks.appraises('policy-event', `event ${name}`, {
    holds,
    expected: `once before ${endOfBoot}`,
    found: `${found.length} times`,
  })
  return holds ? found[0]?.data : undefined
}

/** The payload of the event: `{ "name": …, "id": … }`. */
function readProvider(payload: Uint8Array): NonNullable<Measured['provider']> {
  const source = { name: 'event key-provider', code: 'event-log-format' } as const
  // Invalid UTF-8 becomes U+FFFD, which is no hexadecimal digit.
  const value = decodeJson(new TextDecoder('utf-8', { ignoreBOM: true }).decode(payload), source)
  return { name: memberOf(value, 'name', 'string', source), id: memberOf(value, 'id', 'string', source).toLowerCase() }
}

/** On SEV-SNP the host's document is the one measurement of the application. */
function measuredInDocument(config: MrConfig): Measured {
  if (config.version !== 3) {
    return {
      composeHash: '',
      appId: undefined,
      instanceId: undefined,
      osImageHash: undefined,
      provider: undefined,
    }
  }
  const { composeHash, appId, instanceId, keyProvider, keyProviderId } = config.document
  return {
    composeHash,
    appId,
    instanceId,
    osImageHash: undefined,
    provider: { name: keyProvider, id: keyProviderId?.toLowerCase() ?? '' },
  }
}

/** What the host fixed agrees with what the guest measured; fails with `policy-compose`. */
function appraiseConfig(config: MrConfig, measured: Measured, hash: string, checks: CheckRecorder): void {
  const judge = (holds: boolean, expected: string, found: string): void => {
    checks.appraises('policy-compose', 'what the host fixed (mr_config_id)', { holds, expected, found })
  }
  if (config.version === undefined) judge(false, 'zeros, or a digest that can be checked', config.problem)
  else if (config.version === 0)
    checks.omit('policy-compose', 'not-requested', 'mr_config_id is zero: the host does not use it')
  else if (config.version === 1) judge(toHex(config.composeHash) === hash, hash, toHex(config.composeHash))
  else {
    const { composeHash, appId, instanceId, keyProvider, keyProviderId, gpuPolicyHash } = config.document
    const { name, id } = measured.provider ?? { name: '', id: '' }
    // The guest measures the provider of the machine itself under a longer name.
    const isNamed = name === keyProvider || (name === 'local-sgx' && keyProvider === 'local')
    judge(composeHash === hash, hash, composeHash)
    judge(isNamed, name, keyProvider)
    if (keyProviderId !== undefined) judge(keyProviderId.toLowerCase() === id, id, keyProviderId)
    if (appId !== undefined) judge(appId === measured.appId, String(measured.appId), appId)
    if (instanceId !== undefined) judge(instanceId === measured.instanceId, String(measured.instanceId), instanceId)
    if (gpuPolicyHash !== undefined && measured.gpuPolicyHash !== undefined)
      judge(gpuPolicyHash === measured.gpuPolicyHash, measured.gpuPolicyHash, gpuPolicyHash)
  }
}
