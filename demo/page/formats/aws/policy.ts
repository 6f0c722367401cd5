/**
 * From what a visitor entered to what the verifier is asked.
 */
import {
  allowDebug,
  atEvidenceTime,
  type NitroOptions,
  skipFreshness,
  skipReferenceValues,
} from '../../../../src/formats/aws/nitro/index.ts'
import { type Bytes, fromCertificate, fromHex, fromPasted, isZero } from '../../bytes.ts'
import {
  type Attempt,
  attemptInto,
  type Policy,
  type Problem,
  type Read,
  readBytes,
  readCommon,
  readName,
  readNumber,
} from '../../policy.ts'
import type { State } from '../../state.ts'

/** One build that is accepted: values in lower-case hexadecimal by register. */
export interface Build {
  readonly name?: string
  readonly [pcr: `PCR${number}`]: string
}

/** What the verifier is asked, in plain values. */
export interface NitroPolicy extends Policy {
  /** An instance with NitroTPM is accepted in the place of an enclave. */
  readonly isInstance: boolean
  /** Empty: any code. */
  readonly builds: readonly Build[]
  /**
   * Where the builds are to be taken from instead: a file, who may sign it, and for which product.
   */
  readonly signed:
    { readonly corim: Bytes; readonly trustAnchors: readonly Bytes[]; readonly product: string } | undefined
  readonly freshness: { readonly nonce: Bytes } | { readonly maxAgeSeconds: number } | undefined
  readonly userData: Bytes | undefined
  readonly publicKey: Bytes | undefined
}

/** What measurements are of. */
type Kind = 'enclave' | 'debug' | 'instance'

export const registersOf = (build: Build): string[] => Object.keys(build).filter((key) => key !== 'name')

/** @param format `nitro-tpm` for what speaks for an instance, which is accepted only when allowed */
export function policyOf(state: State, format = 'nitro'): Read<NitroPolicy> {
  const problems: Problem[] = []
  const attempt = attemptInto(problems)
  const common = readCommon(state, attempt)
  const isInstance = format === 'nitro-tpm' && state.allowed.split(',').includes('instance')
  const policy: NitroPolicy = {
    ...common,
    isInstance,
    builds: attempt('reference', [], () => {
      if (state.corim.trim() !== '' && state.reference.trim() !== '')
        throw new Error('There are signed reference values as well: give one of the two.')
      return readBuilds(state.reference, isInstance ? 'instance' : state.debug ? 'debug' : 'enclave')
    }),
    signed: readSigned(state, attempt),
    freshness: readFreshness(state, common.at, attempt),
    userData: attempt('userData', undefined, () => readBytes(state.userData)),
    publicKey: attempt('publicKey', undefined, () => readBytes(state.publicKey)),
  }
  return { policy, problems }
}

/**
 * The options of `verifyNitro`. Every check that is left out is left out by the symbol named for
 * it.
 */
export function optionsOf(policy: NitroPolicy, clock: Date, fixtureRoot: Bytes | undefined): NitroOptions {
  const { builds, freshness, at, root, userData, publicKey, debug, skewSeconds } = policy
  const anchor = root === 'fixture' ? fixtureRoot : root
  return {
    referenceValues: builds.length > 0 ? builds : skipReferenceValues,
    freshness: freshness ?? skipFreshness,
    clockSkewSeconds: skewSeconds,
    now: at === 'clock' ? clock : at === 'evidence' ? atEvidenceTime : at,
    ...(anchor !== 'pinned' && { trustAnchors: anchor === undefined ? [] : [anchor] }),
    ...(userData && { userData }),
    ...(publicKey && { publicKey }),
    ...(debug && { debug: allowDebug }),
  }
}

/**
 * What nitro-cli printed, a list of such, all registers of a document, or lines like `PCR0 <hex>`;
 * a value alone is PCR0.
 * @param kind what they are of: zeros stand for the image of a debug enclave
 */
export function readBuilds(text: string, kind: Kind = 'enclave'): readonly Build[] {
  const trimmed = text.trim()
  if (trimmed === '') return []
  if (/^[[{]/.test(trimmed)) return readJson(trimmed, kind)
  const build: Record<string, string> = {}
  for (const line of trimmed.split(/[\n,;]+/)) {
    if (line.trim() === '') continue
    const [, index = '0', value = ''] = /^\s*(?:"?pcr\s*(\d+)"?\s*[:=\s])?\s*"?([^"]*?)"?\s*$/i.exec(line) ?? []
    if (`PCR${index}` in build) throw new Error(`PCR${index} is there twice.`)
    build[`PCR${index}`] = value
  }
  return [readBuild(build, kind)]
}

function readJson(text: string, kind: Kind): readonly Build[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    throw new Error('This begins like JSON, but is not complete JSON.')
  }
  const list: unknown[] = Array.isArray(parsed) ? parsed : [parsed]
  return list.map((entry) => {
    const { Measurements: printed, name, ...own } = entry as Record<string, unknown>
    const { HashAlgorithm: hash, ...values } = { ...own, ...(printed as object | undefined) } as Record<string, unknown>
    if (hash !== undefined && !(typeof hash === 'string' && /^sha384\b/i.test(hash)))
      throw new Error('Measurements must be SHA-384.')
    return readBuild(values, kind, readName(name))
  })
}

function readBuild(values: Readonly<Record<string, unknown>>, kind: Kind, name?: string): Build {
  const build: Record<string, string> = {}
  for (const [register, value] of Object.entries(values)) {
    if (!/^PCR(?:\d|[12]\d|3[01])$/.test(register)) throw new Error(`“${register}” is no register: PCR0 to PCR31 are.`)
    const digits = String(value).replace(/\s/g, '').replace(/^0x/i, '').toLowerCase()
    const bytes = fromHex(digits)
    if (bytes?.length !== 48) {
      throw new Error(`${register} needs 96 hexadecimal digits, this has ${digits.length} characters.`)
    }
    if (isZero(bytes)) refuseZeros(register, kind)
    build[register] = digits
  }
  if (Object.keys(build).length === 0) throw new Error('There is no register in this.')
  if (kind === 'enclave' && !('PCR0' in build))
    throw new Error(
      'PCR0 is missing. It alone covers the image; the other registers say where it runs, or who signed it.',
    )
  if (kind === 'instance' && !('PCR4' in build) && !('PCR7' in build))
    throw new Error('Name PCR4 (the image), or PCR7 (Secure Boot): of an instance, they alone say what runs there.')
  return { ...(name !== undefined && { name }), ...build }
}

/** Of an enclave, in PCR3 and from PCR5 on, zeros say that a register must be zero, as documents print it. */
function refuseZeros(register: string, kind: Kind): void {
  if (kind === 'instance') {
    if (/^PCR[0-7]$/.test(register)) throw new Error(`${register} is all zeros. No boot of an instance leaves it so.`)
    return
  }
  if (/^PCR[0-2]$/.test(register) && kind !== 'debug')
    throw new Error(`${register} is all zeros. No sound image measures to that: debug enclaves do.`)
  if (register === 'PCR4') throw new Error('PCR4 is all zeros: leave it out. It names the instance.')
}

function readFreshness({ freshness, nonce, age }: State, at: Policy['at'], attempt: Attempt): NitroPolicy['freshness'] {
  if (freshness === 'nonce') {
    return attempt('nonce', undefined, () => {
      const bytes = readBytes(nonce)
      if (bytes === undefined) throw new Error('Enter the nonce that the document must answer.')
      return { nonce: bytes }
    })
  }
  if (freshness === 'any') return undefined
  return attempt('age', undefined, () => {
    if (at === 'evidence') throw new Error('At its own time a document has no age. Expect a nonce, or any age.')
    return { maxAgeSeconds: readNumber(age, 1, 1e9) }
  })
}

function readSigned({ corim, ca, product }: State, attempt: Attempt): NitroPolicy['signed'] {
  if (corim.trim() === '') return undefined
  const bytes = attempt('corim', undefined, () => {
    const pasted = fromPasted(corim)
    if (pasted === undefined || pasted.length === 0) throw new Error('This must be hexadecimal or base64.')
    return pasted
  })
  const anchor = attempt('ca', undefined, () => {
    const der = fromCertificate(ca)
    if (der === undefined) throw new Error('Paste or drop the certificate of the CA that you trust to sign them.')
    return der
  })
  const name = attempt('product', undefined, () => {
    // It goes into code and commands that are copied.
    if (!/^[\w .:+/@-]{1,128}$/.test(product.trim()))
      throw new Error('Enter the product that must run, as its signers call it: letters, digits and . : + / @ - _')
    return product.trim()
  })
  if (bytes === undefined || anchor === undefined || name === undefined) return undefined
  return { corim: bytes, trustAnchors: [anchor], product: name }
}
