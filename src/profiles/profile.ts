/**
 * Provider profiles: what a private-AI provider serves and what it vouches for, as data. The code that reads a profile knows no provider.
 *
 * What is refused before anything is asked for: names and kinds that are not known, evidence that answers no nonce, bytes that nobody compares unless they
 * are listed, and a channel whose key is not inside the report data of verified evidence.
 */
import { isPlainObject, requireOption } from '../core/options.ts'
import { checkParts, type Covered, type Encoding, type Part } from './parts.ts'
import { parsePointer } from './pointer.ts'
import { membersOf, namedOf, type PointerReader, requireInteger, requireName, requireOneOf } from './shape.ts'

/** One document that is asked for. */
export interface ProfileDocument {
  readonly method: 'GET'
  /** With parameters in braces. */
  readonly path: string
  readonly query: Readonly<Record<string, string | { readonly nonce: 'hex' } | { readonly parameter: string }>>
  readonly authorization: 'none' | 'bearer' | 'bearer-optional'
  readonly maximumBytes: number
}

/** A pointer to an object, or the one item of a list in which all members of `where` are so. */
export type Selection =
  | string
  | {
      readonly list: string
      readonly where: Readonly<Record<string, string | number | boolean | { readonly parameter: string }>>
    }

/** One piece of evidence, and what belongs to it. */
export interface ProfileComponent {
  readonly in: Selection
  readonly with?: Selection
  readonly evidence: { readonly format: 'tdx' | 'sev-snp' | 'sgx'; readonly at: string; readonly as: 'hex' | 'base64' }
  readonly eventLog?: { readonly at: string; readonly as: 'json' | 'json-text' }
  /** `mrConfig`: 1, or a pointer to the document of version 3. */
  readonly dstack?: { readonly appCompose: string; readonly appCertificate?: string; readonly mrConfig: 1 | string }
  readonly reportData: readonly Part[]
  readonly nonces?: readonly { readonly at: string; readonly as: 'hex' | 'base64' }[]
  readonly constants?: Readonly<Record<string, string | number | boolean | null>>
  readonly gpus?: { readonly list: string; readonly nonce: readonly Part[] }
  readonly sameMachineAs?: string
  readonly notAfter?: { readonly at: string; readonly as: 'unix' }
}

/** How requests are sealed, and by what the key is vouched for. */
export type ProfileChannel =
  | { readonly kind: 'none'; readonly why: string }
  | {
      readonly kind: 'ohttp' | 'ehbp-1' | 'chutes-e2e-1' | 'aci-e2ee-2'
      readonly component: string
      readonly key: {
        readonly in?: Selection
        readonly at: string
        readonly as: Encoding
        readonly form: 'single' | 'list' | 'x25519' | 'ml-kem-768'
      }
      readonly vouched:
        | { readonly by: 'report-data' }
        | {
            readonly by: 'ed25519'
            readonly key: string
            readonly signature: { readonly at: string; readonly as: 'hex' | 'base64' }
          }
      readonly endpoint?: string
      readonly chunked?: boolean
    }

/** A profile, checked. Frozen. */
export interface ProviderProfile {
  readonly profile: 'veritee.provider/1'
  readonly name: string
  readonly revision: number
  /** The day on which the provider served what the profile says. */
  readonly asOf: string
  /** `null`: the caller's. */
  readonly origin: string | null
  readonly documents: Readonly<Record<string, ProfileDocument>>
  readonly components: Readonly<Record<string, ProfileComponent>>
  readonly channel: ProfileChannel
  /** What stays open after everything has passed. */
  readonly unproven: readonly { readonly id: string; readonly why: string }[]
}

/** A profile with what its reader found out. */
export interface CompiledProfile {
  readonly profile: ProviderProfile
  /** Parameters that it names. */
  readonly parameters: readonly string[]
  /** How the key is written that signs the channel's key. */
  readonly signingKeyAs: Encoding
}

/** Forms of a key by the kind of channel. */
const forms = {
  ohttp: ['single', 'list'],
  'ehbp-1': ['x25519'],
  'chutes-e2e-1': ['ml-kem-768'],
  'aci-e2ee-2': ['x25519'],
} as const
const maximumProfile = 1_048_576
const maximumDocument = 8_388_608
const digits = ['hex', 'base64'] as const

/**
 * Reads a profile: data that says what a provider serves.
 *
 * Proves that a report that fits it can vouch for something. Does *not* prove that a provider is what its profile says: that is `verifyProviderReport`.
 * @param json a profile, as parsed from JSON
 * @throws TypeError for whatever is not known, or vouches for nothing
 */
export function readProviderProfile(json: unknown): ProviderProfile {
  return compileProfile(json).profile
}

/** {@link readProviderProfile}, for those who go on with it. @throws TypeError */
export function compileProfile(json: unknown): CompiledProfile {
  requireOption('profile', 'an object, as parsed from JSON', isPlainObject(json))
  const own = copyOf(json)
  const parameters = new Set<string>()
  const readParameter = (value: unknown, name: string): void => {
    parameters.add(requireName(membersOf(value, name, ['parameter'])['parameter'], `${name}.parameter`))
  }
  const names = ['profile', 'name', 'revision', 'asOf', 'origin', 'documents', 'components', 'channel', 'unproven']
  const profile = membersOf(own, 'profile', names) as unknown as ProviderProfile
  requireOneOf(profile.profile, 'profile.profile', ['veritee.provider/1'])
  requireName(profile.name, 'name')
  requireInteger(profile.revision, 'revision', 1_000_000)
  requireOption(
    'asOf',
    'a day, such as 2026-06-29',
    /^\d{4}-\d\d-\d\d$/.test(profile.asOf) && !Number.isNaN(Date.parse(profile.asOf)),
  )
  requireOption('origin', 'an https origin, or null', profile.origin === null || isOrigin(profile.origin))
  const documents = namedOf(profile.documents, 'documents')
  for (const [name, document] of documents) checkDocument(document, `documents.${name}`, readParameter)
  const unproven = checkUnproven(profile.unproven)
  const context: Context = { profile, readParameter, unproven }
  const covered = new Map<string, readonly Covered[]>()
  for (const [name, component] of namedOf(profile.components, 'components'))
    covered.set(name, checkComponent(component, name, context))
  const signingKeyAs = checkChannel(profile.channel, covered, context)
  return { profile, parameters: [...parameters], signingKeyAs }
}

/** What checks share. */
interface Context {
  readonly profile: ProviderProfile
  readonly readParameter: (value: unknown, name: string) => void
  readonly unproven: readonly string[]
}

/** As JSON has it: no getters, nothing inherited, nothing that changes later. */
function copyOf(json: unknown): unknown {
  let text: string
  try {
    text = JSON.stringify(json)
  } catch (cause) {
    throw new TypeError('profile must be what JSON can hold', { cause })
  }
  requireOption('profile', `at most ${maximumProfile} characters`, text.length <= maximumProfile)
  return JSON.parse(text, (_, value: unknown) => Object.freeze(value))
}

function checkDocument(value: unknown, name: string, readParameter: Context['readParameter']): void {
  const members = ['method', 'path', 'query', 'authorization', 'maximumBytes']
  const document = membersOf(value, name, members) as unknown as ProfileDocument
  requireOneOf(document.method, `${name}.method`, ['GET'])
  const { path } = document
  requireOption(
    `${name}.path`,
    'a path',
    typeof path === 'string' && /^\/(?:[\w.~:@/-]|\{[A-Za-z][\w-]*\})*$/.test(path),
  )
  for (const [, parameter] of path.matchAll(/\{([^}]*)\}/g)) readParameter({ parameter }, `${name}.path`)
  requireOption(`${name}.query`, 'an object', isPlainObject(document.query))
  for (const [key, entry] of Object.entries(document.query)) {
    const label = `${name}.query.${key.slice(0, 40)}`
    if (typeof entry === 'string') continue
    if (Object.hasOwn(Object(entry) as object, 'nonce'))
      requireOneOf(membersOf(entry, label, ['nonce'])['nonce'], label, ['hex'])
    else readParameter(entry, label)
  }
  requireOneOf(document.authorization, `${name}.authorization`, ['none', 'bearer', 'bearer-optional'])
  requireInteger(document.maximumBytes, `${name}.maximumBytes`, maximumDocument)
}

function checkUnproven(value: unknown): readonly string[] {
  requireOption('unproven', 'a list', Array.isArray(value) && value.length <= 64)
  const ids = (value as readonly unknown[]).map((item, i) => {
    const { id, why } = membersOf(item, `unproven[${i}]`, ['id', 'why'])
    requireOption(`unproven[${i}].why`, 'a sentence', typeof why === 'string' && why !== '')
    return requireName(id, `unproven[${i}].id`)
  })
  // `gpus` is what a caller leaves out, whatever the profile says.
  requireOption('unproven', 'ids that differ, and not gpus', new Set([...ids, 'gpus']).size === ids.length + 1)
  return ids
}

function checkComponent(
  value: unknown,
  name: string,
  { profile, readParameter, unproven }: Context,
): readonly Covered[] {
  const label = `components.${name}`
  const optional = ['with', 'eventLog', 'dstack', 'nonces', 'constants', 'gpus', 'sameMachineAs', 'notAfter']
  const component = membersOf(value, label, ['in', 'evidence', 'reportData'], optional) as unknown as ProfileComponent
  const absolute: PointerReader = (pointer, what) => {
    const { base, text } = parsePointer(pointer, what)
    requireOption(what, 'a pointer into a document', base !== '' && base !== '+')
    requireOption(what, 'a pointer into a document of this profile', Object.hasOwn(profile.documents, base))
    return text
  }
  checkSelection(component.in, `${label}.in`, absolute, readParameter)
  if (component.with !== undefined) checkSelection(component.with, `${label}.with`, absolute, readParameter)
  const pointer = pointerReader(component, absolute)
  const { format, at, as } = membersOf(component.evidence, `${label}.evidence`, ['format', 'at', 'as'])
  requireOneOf(format, `${label}.evidence.format`, ['tdx', 'sev-snp', 'sgx'])
  pointer(at, `${label}.evidence.at`)
  requireOneOf(as, `${label}.evidence.as`, digits)
  const reportData = checkParts(component.reportData, `${label}.reportData`, pointer)
  requireOption(`${label}.reportData`, '64 bytes, whatever the report', reportData.size === 64)
  requireOption(`${label}.reportData`, 'parts with the nonce among them', reportData.hasNonce)
  for (const id of reportData.open)
    requireOption(
      `${label}.reportData`,
      `parts of which ${JSON.stringify(id.slice(0, 40))} is in unproven`,
      unproven.includes(id),
    )
  checkLog(component, label, pointer)
  for (const [i, echo] of listOf(component.nonces, `${label}.nonces`).entries())
    checkField(echo, `${label}.nonces[${i}]`, pointer, digits)
  if (component.constants !== undefined)
    for (const [key, constant] of Object.entries(
      membersOf(component.constants, `${label}.constants`, [], Object.keys(component.constants)),
    )) {
      pointer(key, `${label}.constants`)
      requireOption(`${label}.constants`, 'texts, numbers, true, false or null', Object(constant) !== constant)
    }
  if (component.gpus !== undefined) {
    const { list, nonce } = membersOf(component.gpus, `${label}.gpus`, ['list', 'nonce'])
    pointer(list, `${label}.gpus.list`)
    const facts = checkParts(nonce, `${label}.gpus.nonce`, pointer)
    const isNonce = facts.size === 32 && facts.hasNonce && facts.open.length === 0
    requireOption(`${label}.gpus.nonce`, '32 bytes, with the nonce among them', isNonce)
  }
  if (component.sameMachineAs !== undefined) {
    const other = component.sameMachineAs
    requireOption(
      `${label}.sameMachineAs`,
      'another component',
      other !== name && Object.hasOwn(profile.components, other),
    )
  }
  if (component.notAfter !== undefined) checkField(component.notAfter, `${label}.notAfter`, pointer, ['unix'])
  return reportData.covered
}

/** An event log that nothing reads would look like proof: guests on SEV-SNP have no registers that it could replay to. */
function checkLog({ eventLog, dstack, evidence }: ProfileComponent, label: string, pointer: PointerReader): void {
  requireOption(
    `${label}.dstack`,
    'of a TD, or of a guest on SEV-SNP',
    dstack === undefined || evidence.format !== 'sgx',
  )
  const isRead = dstack !== undefined && evidence.format === 'tdx'
  requireOption(`${label}.eventLog`, 'there with dstack on TDX, and only there', (eventLog !== undefined) === isRead)
  if (dstack === undefined) return
  if (eventLog !== undefined) checkField(eventLog, `${label}.eventLog`, pointer, ['json', 'json-text'])
  const { appCompose, appCertificate, mrConfig } = membersOf(
    dstack,
    `${label}.dstack`,
    ['appCompose', 'mrConfig'],
    ['appCertificate'],
  )
  pointer(appCompose, `${label}.dstack.appCompose`)
  if (appCertificate !== undefined) pointer(appCertificate, `${label}.dstack.appCertificate`)
  if (mrConfig !== 1) pointer(mrConfig, `${label}.dstack.mrConfig`)
}

/** @returns how the signing key is written, where there is one. */
function checkChannel(
  value: unknown,
  components: ReadonlyMap<string, readonly Covered[]>,
  { profile, readParameter }: Context,
): Encoding {
  const { kind } = Object(value) as { readonly kind?: unknown }
  if (kind === 'none') {
    const { why } = membersOf(value, 'channel', ['kind', 'why'])
    requireOption('channel.why', 'a sentence', typeof why === 'string' && why !== '')
    return 'hex'
  }
  requireOneOf(kind, 'channel.kind', ['none', ...Object.keys(forms)])
  const members = ['kind', 'component', 'key', 'vouched']
  const channel = membersOf(value, 'channel', members, ['endpoint', 'chunked']) as unknown as Exclude<
    ProfileChannel,
    { kind: 'none' }
  >
  const { component: name, endpoint, chunked } = channel
  const covered = typeof name === 'string' ? components.get(name) : undefined
  if (covered === undefined) throw new TypeError('channel.component must be a component of this profile')
  requireOption(
    'channel.endpoint',
    'a path',
    endpoint === undefined || (typeof endpoint === 'string' && /^\/[\w.~/-]*$/.test(endpoint)),
  )
  requireOption('channel.chunked', 'true or false', chunked === undefined || typeof chunked === 'boolean')
  const component = profile.components[name] as ProfileComponent
  const pointer = pointerReader(component, (text, what) => {
    const parsed = parsePointer(text, what)
    requireOption(what, 'a pointer into a document of this profile', Object.hasOwn(profile.documents, parsed.base))
    return parsed.text
  })
  const key = membersOf(channel.key, 'channel.key', ['at', 'as', 'form'], ['in'])
  requireOneOf(key['form'], 'channel.key.form', forms[channel.kind])
  requireOneOf(key['as'], 'channel.key.as', ['hex', 'base64'])
  const within = channel.key.in
  if (within !== undefined) {
    checkSelection(within, 'channel.key.in', pointer, readParameter)
    requireOption(
      'channel.key.at',
      'a pointer into what channel.key.in selects',
      parsePointer(key['at'], 'channel.key.at').base === '',
    )
  }
  const place =
    within === undefined
      ? pointer(key['at'], 'channel.key.at')
      : pointer(typeof within === 'string' ? within : within.list, 'channel.key.in')
  const { by } = Object(channel.vouched) as { readonly by?: unknown }
  if (by === 'report-data') {
    membersOf(channel.vouched, 'channel.vouched', ['by'])
    const as = within === undefined ? channel.key.as : undefined
    requireOption(
      'channel.key',
      'a member that is inside report data',
      covered.some((part) => covers(part, place, as)),
    )
    return 'hex'
  }
  requireOneOf(by, 'channel.vouched.by', ['report-data', 'ed25519'])
  const { key: signer, signature } = membersOf(channel.vouched, 'channel.vouched', ['by', 'key', 'signature'])
  checkField(signature, 'channel.vouched.signature', pointer, digits)
  const signerPlace = pointer(signer, 'channel.vouched.key')
  const as = digits.find((encoding) => covered.some((part) => covers(part, signerPlace, encoding)))
  requireOption('channel.vouched.key', 'a member that is inside report data', as !== undefined)
  return as as Encoding
}

/** Whether report data fixes a member as it is read. @param as how it is read; `undefined`: somewhere below it */
function covers(part: Covered, place: string, as: Encoding | undefined): boolean {
  const isBelow = place.startsWith(`${part.pointer}/`) || place.startsWith(`${part.pointer}!`)
  const isSame = place === part.pointer
  if (part.as === 'raw' || part.as === 'jcs') return isSame || isBelow
  if (part.as === 'text') return (isSame && as !== undefined) || place.startsWith(`${part.pointer}!`)
  return isSame && part.as === as
}

/** Pointers of a component, in one form: from a document where that can be said. */
function pointerReader(component: ProfileComponent, absolute: PointerReader): PointerReader {
  return (value, name) => {
    const { base, text } = parsePointer(value, name)
    if (base !== '' && base !== '+') return absolute(value, name)
    const origin = base === '' ? component.in : component.with
    requireOption(name, 'a pointer that does not begin with +: there is no second object', origin !== undefined)
    return typeof origin === 'string' ? origin + text.slice(base.length) : text
  }
}

function checkSelection(
  value: unknown,
  name: string,
  pointer: PointerReader,
  readParameter: Context['readParameter'],
): void {
  if (typeof value === 'string') {
    pointer(value, name)
    return
  }
  const { list, where } = membersOf(value, name, ['list', 'where'])
  pointer(list, `${name}.list`)
  requireOption(
    `${name}.where`,
    'an object with at least one member',
    isPlainObject(where) && Object.keys(where).length > 0,
  )
  for (const [key, constant] of Object.entries(where as object)) {
    requireOption(`${name}.where`, 'pointers into an item of the list', parsePointer(key, `${name}.where`).base === '')
    if (typeof constant === 'object' || constant === undefined) readParameter(constant, `${name}.where`)
  }
}

function checkField(value: unknown, name: string, pointer: PointerReader, encodings: readonly string[]): void {
  const { at, as } = membersOf(value, name, ['at', 'as'])
  pointer(at, `${name}.at`)
  requireOneOf(as, `${name}.as`, encodings)
}

function listOf(value: unknown, name: string): readonly unknown[] {
  requireOption(name, 'a list', value === undefined || Array.isArray(value))
  return (value ?? []) as readonly unknown[]
}

function isOrigin(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false
  const { protocol, origin } = new URL(value)
  return protocol === 'https:' && origin === value
}
