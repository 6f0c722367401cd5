/**
 * Asks a provider for the documents of its profile, as an evidence source of `attestedFetch`.
 */
import type { EvidenceAnswer, EvidenceQuestion } from '../client/question.ts'
import { VerificationError } from '../core/errors.ts'
import { knownOptions, requireOption } from '../core/options.ts'
import { type Bytes, toHex } from '../encoding/bytes.ts'
import { fieldsOf, select } from '../profiles/fields.ts'
import { readDocument } from '../profiles/pointer.ts'
import { compileProfile } from '../profiles/profile.ts'
import { readParameters } from '../profiles/report-options.ts'
import type { ProfileComponent, ProfileDocument, ProviderProfile } from '../profiles/types.ts'

/** Options of {@link providerSource}. */
export interface ProviderSourceOptions {
  /** What the profile leaves to you: a model's name, say. Default: none. */
  readonly parameters?: Readonly<Record<string, string>>
  /**
   * For every document; `authorization` only for those that the profile asks it for. Default: none.
   */
  readonly headers?: NonNullable<ConstructorParameters<typeof Headers>[0]>
  /** Where to ask. Required where the profile has none; default: the profile's. */
  readonly origin?: string
}

/** What the source hands on as `challenge.context`. Nothing in it is verified. */
export interface ProviderContext {
  /** JSON texts as served, by their names in the profile: for `verifyProviderReport`. */
  readonly documents: Readonly<Record<string, string>>
}

/**
 * An evidence source that asks a provider as its profile says. Its answer has the evidence of the
 * channel's component and, for oblivious HTTP, the key configuration as served; all documents are
 * in `challenge.context`. Everything is unverified: give the documents to `verifyProviderReport`.
 * @throws TypeError for a caller's mistake; what it returns throws VerificationError
 *   `client-evidence`, `report-…`
 */
export function providerSource(
  profile: ProviderProfile | object,
  options: ProviderSourceOptions = {},
): (question: EvidenceQuestion) => Promise<EvidenceAnswer> {
  const { profile: own, parameters: names } = compileProfile(profile)
  const {
    parameters = {},
    headers,
    origin = own.origin,
  } = knownOptions<ProviderSourceOptions>(options, ['parameters', 'headers', 'origin'])
  requireOption('origin', 'an origin, such as https://provider.example', isOrigin(origin))
  const values = readParameters(parameters, names)
  const fields = new Headers(headers)
  const documents = Object.entries(own.documents)
  for (const [name, { authorization }] of documents)
    requireOption(
      'headers',
      `with an authorization: document ${name} wants it`,
      authorization !== 'bearer' || fields.has('authorization'),
    )

  return async (question) => {
    const texts: [string, string][] = []
    for (const [name, document] of documents) {
      const sent = new Headers(fields)
      if (document.authorization === 'none') sent.delete('authorization')
      const url = `${origin}` + pathOf(document, values, question.nonce)
      const response = await question.fetch(url, { method: 'GET', headers: sent })
      if (response.status !== 200)
        throw new VerificationError('client-evidence', {
          subject: `answer for document ${name}`,
          expected: '200',
          found: `${response.status}`,
        })
      texts.push([name, decode(await response.arrayBuffer(), name)])
    }
    const places = new Map(texts.map(([name, text]) => [name, readDocument(text, `document ${name}`)]))
    const { place } = fieldsOf(places, values)
    const { channel } = own
    const [first] = Object.keys(own.components)
    const about = channel.kind === 'none' ? first : channel.component
    const component = own.components[about as string] as ProfileComponent
    const object = select(component.in, place, values)
    const second = component.with === undefined ? undefined : select(component.with, place, values)
    const members = fieldsOf(places, values, object, second)
    const keyConfig = channel.kind === 'ohttp' ? members.bytes(channel.key.at, channel.key.as) : undefined
    return {
      evidence: members.bytes(component.evidence.at, component.evidence.as),
      ...(keyConfig && { keyConfig }),
      context: Object.freeze({ documents: Object.freeze(Object.fromEntries(texts)) }) satisfies ProviderContext,
    }
  }
}

/** Path and query of a document. */
function pathOf({ path, query }: ProfileDocument, values: ReadonlyMap<string, string>, nonce: Bytes): string {
  const filled = path.replace(/\{([^}]*)\}/g, (_, name: string) => encodeURIComponent(values.get(name) ?? ''))
  const search = Object.entries(query).map(([name, entry]): [string, string] => {
    if (typeof entry === 'string') return [name, entry]
    return [name, 'nonce' in entry ? toHex(nonce) : (values.get(entry.parameter) as string)]
  })
  return search.length === 0 ? filled : `${filled}?${new URLSearchParams(search).toString()}`
}

function decode(bytes: ArrayBuffer, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new VerificationError('report-json', `document ${name}: invalid UTF-8`)
  }
}

/** What the client may ask, it checks itself. */
function isOrigin(value: unknown): boolean {
  return typeof value === 'string' && URL.canParse(value) && new URL(value).origin === value
}
