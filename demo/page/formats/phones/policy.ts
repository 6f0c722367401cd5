/**
 * From what a visitor entered to what the verifiers of phones are asked.
 */
import {
  allowDebug,
  type AndroidKeyOptions,
  skipFreshness,
  skipReferenceValues,
  skipRevocation,
} from '../../../../src/formats/android/key/index.ts'
import type { AppAttestOptions } from '../../../../src/formats/apple/app-attest/index.ts'
import type { Bytes } from '../../bytes.ts'
import {
  attemptInto,
  type DatelessPolicy,
  type Problem,
  type Read,
  readBytes,
  readDateless,
  readJson,
  readName,
} from '../../policy.ts'
import type { State } from '../../state.ts'

export type PhoneKind = 'android-key' | 'app-attest'

/** What can be allowed or asked for, by the word that is in addresses. */
export const allowances = { 'no-revocation': 'Keys that Google may have revoked: without its status list' } as const

export type Application = Readonly<Record<string, unknown>>

export interface PhonePolicy extends DatelessPolicy {
  readonly kind: PhoneKind
  /** Empty: any application. */
  readonly applications: readonly Application[]
  /** Android: the challenge. `undefined`: whenever it was made. */
  readonly nonce: Bytes | undefined
  /** Android: Google's list, as text; `undefined` when none was entered. */
  readonly statusList: string | undefined
  readonly skipsRevocation: boolean
  readonly level: 'tee' | 'strongbox'
  /** Android, YYYYMM. */
  readonly patchLevel: number | undefined
  /** What the application hashed, and what a page got. `undefined` when none was entered. */
  readonly clientData: Bytes | undefined
  /** A page that got a credential: its relying party, and its origins. */
  readonly page: { readonly rpId: string; readonly origins: readonly string[] } | undefined
}

export function phonePolicyOf(state: State, kind: PhoneKind): Read<PhonePolicy> {
  const problems: Problem[] = []
  const attempt = attemptInto(problems)
  const isAndroid = kind === 'android-key'
  const words = state.allowed.split(',')
  const policy: PhonePolicy = {
    kind,
    applications: attempt('reference', [], () => readApplications(state.reference, kind)),
    nonce:
      isAndroid && state.freshness === 'nonce'
        ? attempt('nonce', undefined, () => {
            const bytes = readBytes(state.nonce)
            if (bytes === undefined || bytes.length > 128)
              throw new Error('Enter the challenge that the phone must answer, 1 to 128 bytes.')
            return bytes
          })
        : undefined,
    statusList: isAndroid && state.collateral.trim() !== '' ? state.collateral : undefined,
    skipsRevocation: words.includes('no-revocation'),
    level: words.includes('strongbox') ? 'strongbox' : 'tee',
    patchLevel: isAndroid ? attempt('patchLevel', undefined, () => readPatchLevel(state.patchLevel)) : undefined,
    clientData: attempt('clientData', undefined, () => readBytes(state.clientData)),
    page: isAndroid ? attempt('page', undefined, () => readPage(state)) : undefined,
    ...readDateless(state, attempt, 'An attestation'),
  }
  return { policy, problems }
}

function readPatchLevel(text: string): number | undefined {
  if (text.trim() === '') return undefined
  if (!/^\s*20\d\d(?:0[1-9]|1[0-2])\s*$/.test(text)) throw new Error('Write year and month: 202605.')
  return Number(text)
}

/** `example.com https://example.com`: together with the client data. */
function readPage({ page, clientData }: State): PhonePolicy['page'] {
  const [rpId, ...origins] = page.split(/[\s,]+/).filter((word) => word !== '')
  if (rpId === undefined) return undefined
  if (origins.length === 0 || clientData.trim() === '')
    throw new Error('Write the domain and its origins, like example.com https://example.com, and the client data.')
  return { rpId, origins }
}

/** Lines, or JSON as the library takes it. */
function readApplications(text: string, kind: PhoneKind): readonly Application[] {
  const trimmed = text.trim()
  if (trimmed === '') return []
  if (/^[[{]/.test(trimmed)) {
    const value = readJson(trimmed)
    const list: readonly unknown[] = Array.isArray(value) ? value : [value]
    return list.map((entry) => {
      if (typeof entry !== 'object' || entry === null) throw new Error('An application is a JSON object.')
      const { name, ...own } = entry as Record<string, unknown>
      const known = readName(name)
      return { ...(known !== undefined && { name: known }), ...own }
    })
  }
  const lines = trimmed.split(/[\n,;]+/).map((line) => line.trim())
  return kind === 'app-attest' ? lines.map(appOfApple) : [appOfAndroid(lines)]
}

function appOfApple(line: string): Application {
  const appId = line.replace(/^app ?id\s*[:=]?\s*/i, '')
  if (!/^[A-Z0-9]{10}\.[\w.-]+$/.test(appId))
    throw new Error('Write team and bundle, like ABCDE12345.com.example.app, one application a line.')
  return { appId }
}

function appOfAndroid(lines: readonly string[]): Application {
  const packageName: string[] = []
  const signers: string[] = []
  for (const line of lines) {
    const [, word = '', value = ''] = /^(package|signer)\s*[:=]?\s*(\S+)$/i.exec(line) ?? []
    const digits = value.replaceAll(':', '').toLowerCase()
    if (word.toLowerCase() === 'package' && /^[\w.]+$/.test(value)) packageName.push(value)
    else if (word.toLowerCase() === 'signer' && /^[0-9a-f]{64}$/.test(digits)) signers.push(digits)
    else throw new Error('Write package and its name, signer and 64 hexadecimal digits, one a line.')
  }
  if (packageName.length === 0 || signers.length === 0)
    throw new Error('Name the package and who signed it: anyone can call an application like yours.')
  return { packageName, signers }
}

/** The options of `verifyAndroidKey`. */
export function androidOptionsOf(policy: PhonePolicy, now: Date, root: Bytes | undefined): AndroidKeyOptions {
  const { applications, nonce, statusList, level, patchLevel, clientData, page } = policy
  return {
    ...commonOf(policy, now, root),
    freshness: nonce === undefined ? skipFreshness : { nonce },
    referenceValues: applications.length === 0 ? skipReferenceValues : (applications as never),
    endorsements: statusList === undefined ? skipRevocation : { statusList },
    securityLevel: level,
    ...(patchLevel !== undefined && { minimumOsPatchLevel: patchLevel }),
    ...(page !== undefined && clientData !== undefined && { webauthn: { clientDataJSON: clientData, ...page } }),
  }
}

/** The options of `verifyAppAttest`. */
export function appleOptionsOf(
  policy: PhonePolicy,
  clientData: Bytes,
  now: Date,
  root: Bytes | undefined,
): AppAttestOptions {
  const { applications } = policy
  return {
    ...commonOf(policy, now, root),
    clientData,
    referenceValues: applications.length === 0 ? skipReferenceValues : (applications as never),
  }
}

const commonOf = (
  { debug, skewSeconds }: PhonePolicy,
  now: Date,
  root: Bytes | undefined,
): Pick<AndroidKeyOptions & AppAttestOptions, 'now' | 'clockSkewSeconds' | 'debug' | 'trustAnchors'> => ({
  now,
  clockSkewSeconds: skewSeconds,
  ...(debug && { debug: allowDebug }),
  ...(root !== undefined && { trustAnchors: [root] }),
})
