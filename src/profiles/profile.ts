/**
 * Provider profiles: what a private-AI provider serves and what it vouches for, as data. The code
 * that reads a profile knows no provider.
 *
 * What is refused before anything is asked for: names and kinds that are not known, evidence that
 * answers no nonce, bytes that are not compared unless they are listed, and a channel whose key is
 * not inside the report data of verified evidence.
 */
import { isPlainObject, requireOption } from '../core/options.ts'
import { checkParts, type Covered } from './parts.ts'
import { parsePointer } from './pointer.ts'
import { type Check, integer, is, list, matching, object, oneOf, type PointerReader, record, word } from './shape.ts'
import type { Encoding, ProfileChannel, ProfileComponent, ProviderProfile, Selection } from './types.ts'

/** A profile with what its reader found out. */
export interface CompiledProfile {
  readonly profile: ProviderProfile
  /** Parameters that it names. */
  readonly parameters: readonly string[]
  /** How the key is written that signs the channel's key. */
  readonly signingKeyAs: Encoding
}

const maximumSize = 1_048_576
const maximumDocument = 8_388_608

/**
 * Reads a profile: data that says what a provider serves.
 *
 * Proves that a report that fits it can vouch for something. Does *not* prove that a provider is
 * what its profile says: that is `verifyProviderReport`.
 * @param json a profile, as parsed from JSON
 * @throws TypeError for whatever is not known, or vouches for nothing
 */
export function readProviderProfile(json: unknown): ProviderProfile {
  return compileProfile(json).profile
}

/** {@link readProviderProfile}, for those who go on with it. @throws TypeError */
export function compileProfile(json: unknown): CompiledProfile {
  const profile = copyOf(json)
  const parameters = new Set<string>()
  const covered = new Map<string, readonly Covered[]>()
  let signingKeyAs: Encoding = 'hex'
  const parameter = object({
    parameter(value, name) {
      word()(value, name)
      parameters.add(value as string)
    },
  })
  const sentence = is('a sentence', (value) => typeof value === 'string' && value !== '')
  object({
    profile: oneOf('veritee.provider/1'),
    name: word(),
    revision: integer(1_000_000),
    asOf: matching('a day, such as 2026-06-29', /^\d{4}-(?:0\d|1[0-2])-(?:[0-2]\d|3[01])$/),
    origin: is('an https origin, or null', (value) => value === null || isOrigin(value)),
    documents: record(word(), documentCheck(parameter)),
    // Before the components, which name its ids.
    unproven: list(object({ id: word(), why: sentence })),
    components: record(word(), (value, name) => {
      covered.set(name.replace(/^.*\./, ''), checkComponent(value, name, { profile, parameter }))
    }),
    channel(value, name) {
      if (memberOf(value, 'kind') === 'none') object({ kind: oneOf('none'), why: sentence })(value, name)
      else signingKeyAs = checkChannel(value, name, covered, { profile, parameter })
    },
  })(profile, 'profile')
  // `gpus` is what a caller leaves out, whatever the profile says.
  const ids = new Set(profile.unproven.map(({ id }) => id)).add('gpus')
  requireOption('unproven', 'ids that differ, and not gpus', ids.size === profile.unproven.length + 1)
  return { profile, parameters: [...parameters], signingKeyAs }
}

/** What checks share. */
interface Context {
  readonly profile: ProviderProfile
  /** A parameter, which is then known. */
  readonly parameter: Check
}

/** Of whatever it is: nothing is checked yet. */
function memberOf(value: unknown, name: string): unknown {
  return (Object(value) as Record<string, unknown>)[name]
}

/** As JSON has it: no getters, nothing inherited, nothing that changes later. */
function copyOf(json: unknown): ProviderProfile {
  requireOption('profile', 'an object, as parsed from JSON', isPlainObject(json))
  let text: string
  try {
    text = JSON.stringify(json)
  } catch (cause) {
    throw new TypeError('profile must be what JSON can hold', { cause })
  }
  requireOption('profile', `at most ${maximumSize} characters`, text.length <= maximumSize)
  return JSON.parse(text, (_, value: unknown) => Object.freeze(value)) as ProviderProfile
}

const documentCheck = (parameter: Check): Check =>
  object({
    method: oneOf('GET'),
    path(value, name) {
      matching('a path', /^\/(?:[\w.~:@/-]|\{[A-Za-z][\w-]*\})*$/)(value, name)
      for (const [, own] of (value as string).matchAll(/\{([^}]*)\}/g)) parameter({ parameter: own }, name)
    },
    query: record(
      () => undefined,
      (value, name) => {
        if (typeof value === 'string') return
        const isNonce = Object.hasOwn(Object(value) as object, 'nonce')
        ;(isNonce ? object({ nonce: oneOf('hex') }) : parameter)(value, name)
      },
      0,
    ),
    authorization: oneOf('none', 'bearer', 'bearer-optional'),
    maximumBytes: integer(maximumDocument),
  })

/** @returns what report data covers */
function checkComponent(value: unknown, name: string, { profile, parameter }: Context): readonly Covered[] {
  const { in: own, with: second, evidence, dstack, eventLog } = Object(value) as ProfileComponent
  const pointer = pointerReader(profile, own, second)
  const absolute: PointerReader = pointerReader(profile)
  let covered: readonly Covered[] = []
  object(
    {
      in: selection(absolute, parameter),
      evidence: object({ format: oneOf('tdx', 'sev-snp', 'sgx'), at: pointer, as: oneOf('hex', 'base64') }),
      reportData(parts, label) {
        const facts = checkParts(parts, label, pointer)
        requireOption(label, '64 bytes, whatever the report', facts.size === 64)
        requireOption(label, 'parts with the nonce among them', facts.hasNonce)
        const isListed = facts.open.every((id) => profile.unproven.some((item) => item.id === id))
        requireOption(label, 'parts whose ids are in unproven', isListed)
        ;({ covered } = facts)
      },
    },
    {
      with: selection(absolute, parameter),
      eventLog: field(pointer, 'json', 'json-text'),
      dstack: object(
        { appCompose: pointer, mrConfig: (config, label) => config === 1 || pointer(config, label) },
        { appCertificate: pointer },
      ),
      nonces: list(field(pointer, 'hex', 'base64')),
      constants: record(
        pointer,
        is('text, a number, true, false or null', (constant) => Object(constant) !== constant),
      ),
      gpus: object({
        list: pointer,
        nonce(parts, label) {
          const { size, hasNonce, open } = checkParts(parts, label, pointer)
          requireOption(label, '32 bytes, with the nonce among them', size === 32 && hasNonce && open.length === 0)
        },
      }),
      sameMachineAs: is(
        'another component',
        (other) => Object.hasOwn(profile.components, String(other)) && profile.components[String(other)] !== value,
      ),
      notAfter: field(pointer, 'unix'),
    },
  )(value, name)
  // An event log that nothing reads would look like proof: guests on SEV-SNP have no registers that
  // it could replay to.
  const isRead = dstack !== undefined && evidence.format === 'tdx'
  requireOption(`${name}.eventLog`, 'there with dstack on TDX, and only there', (eventLog !== undefined) === isRead)
  requireOption(`${name}.dstack`, 'of TDX or SEV-SNP', dstack === undefined || evidence.format !== 'sgx')
  return covered
}

/** @returns how the signing key is written, where there is one */
function checkChannel(
  value: unknown,
  name: string,
  components: ReadonlyMap<string, readonly Covered[]>,
  { profile, parameter }: Context,
): Encoding {
  const { kind, component: about, key } = Object(value) as Exclude<ProfileChannel, { readonly kind: 'none' }>
  const covered = components.get(about)
  if (covered === undefined) throw new TypeError(`${name}.component must be a component of this profile`)
  const { in: own, with: second } = profile.components[about] as ProfileComponent
  const pointer = pointerReader(profile, own, second)
  const isIn = (place: string, as?: Encoding): boolean => covered.some((part) => covers(part, place, as))
  const forms = {
    ohttp: ['single', 'list'],
    'ehbp-1': ['x25519'],
    'chutes-e2e-1': ['ml-kem-768'],
    'aci-e2ee-2': ['x25519'],
  }
  let signingKeyAs: Encoding = 'hex'
  let place = ''
  object(
    {
      kind: oneOf(...Object.keys(forms)),
      component: word(),
      key: object(
        {
          at(at, label) {
            if (memberOf(key, 'in') === undefined) place = pointer(at, label)
            else relative(at, label)
          },
          as: oneOf('hex', 'base64'),
          form: oneOf(...(Object.hasOwn(forms, kind) ? forms[kind] : [])),
        },
        {
          in(selected, label) {
            selection(pointer, parameter)(selected, label)
            const { list: path = selected } = Object(selected) as { readonly list?: unknown }
            place = `${pointer(path, label)}/`
          },
        },
      ),
      vouched(vouched, label) {
        if (memberOf(vouched, 'by') === 'report-data') {
          object({ by: oneOf('report-data') })(vouched, label)
          requireOption(`${name}.key`, 'a member that is inside report data', isIn(place, key.as))
          return
        }
        object({
          by: oneOf('report-data', 'ed25519'),
          key(signer, inner) {
            const as = (['hex', 'base64'] as const).find((encoding) => isIn(pointer(signer, inner), encoding))
            requireOption(inner, 'a member that is inside report data', as !== undefined)
            signingKeyAs = as as Encoding
          },
          signature: field(pointer, 'hex', 'base64'),
        })(vouched, label)
      },
    },
    { endpoint: matching('a path', /^\/[\w.~/-]*$/), chunked: oneOf(true, false) },
  )(value, name)
  return signingKeyAs
}

/**
 * Whether report data fixes a member as it is read. @param place ends with a slash for whatever is
 * below it
 */
function covers({ pointer, as }: Covered, place: string, wanted: Encoding | undefined): boolean {
  const isThrough = place.startsWith(`${pointer}!`)
  if (as === 'raw' || as === 'jcs') return isThrough || place === pointer || place.startsWith(`${pointer}/`)
  if (as === 'text') return isThrough || place === pointer
  return place === pointer && as === wanted
}

/** Pointers of a component, in one form: from a document where that can be said. */
function pointerReader({ documents }: ProviderProfile, own?: Selection, second?: Selection): PointerReader {
  return (value, name) => {
    const { base, text } = parsePointer(value, name)
    const isAbsolute = base !== '' && base !== '+'
    const origin = base === '' ? own : second
    const isKnown = isAbsolute ? Object.hasOwn(documents, base) : origin !== undefined
    requireOption(name, 'a pointer from something that this profile has', isKnown)
    return !isAbsolute && typeof origin === 'string' ? origin + text.slice(base.length) : text
  }
}

/** A pointer into an item of a list, or into what was selected. */
const relative: Check = (value, name) => {
  requireOption(name, 'a pointer that begins with /', parsePointer(value, name).base === '')
}

const selection =
  (pointer: PointerReader, parameter: Check): Check =>
  (value, name) => {
    if (typeof value === 'string') pointer(value, name)
    else
      object({
        list: pointer,
        where: record(relative, (constant, label) => {
          if (constant === null || typeof constant === 'object') parameter(constant, label)
        }),
      })(value, name)
  }

const field = (pointer: PointerReader, ...encodings: readonly string[]): Check =>
  object({ at: pointer, as: oneOf(...encodings) })

function isOrigin(value: unknown): boolean {
  return (
    typeof value === 'string' && URL.canParse(value) && value.startsWith('https:') && new URL(value).origin === value
  )
}
