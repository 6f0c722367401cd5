/**
 * Everything that a visitor has entered. What is expected lives in the fragment of the address,
 * which browsers never send to a server; the evidence itself joins it only in links that are asked
 * for, so that addresses stay short. Whoever opens a link verifies in their own browser.
 */
import { fromPasted, toBase64Url } from './bytes.ts'

export interface State {
  /** Hexadecimal or base64. */
  readonly evidence: string
  /** What to read it as, where its shape does not tell. */
  readonly format: string
  /** Measurements: what a build printed, JSON, or lines like `PCR0 <hex>`. */
  readonly reference: string
  /** Signed reference values (CoRIM), hexadecimal or base64. */
  readonly corim: string
  /** The certificate of the CA that signs them: PEM, or DER in hexadecimal or base64. */
  readonly ca: string
  /** What the signed values must be of, as their signers call it. */
  readonly product: string
  readonly freshness: 'any' | 'nonce' | 'age'
  /** Hexadecimal. */
  readonly nonce: string
  /** Seconds. */
  readonly age: string
  /** '' for the clock, `evidence` for the evidence's own time, or a moment with its zone. */
  readonly at: string
  /**
   * `pinned` for the vendor's, `fixture`, or a certificate: PEM, or DER in hexadecimal or base64.
   */
  readonly root: string
  /** What the vendor says of the platform: JSON, as the fetchers of the library return it. */
  readonly collateral: string
  /** For TDX. An event log: dstack's JSON, or that of the firmware in hexadecimal or base64. */
  readonly log: string
  /** Hexadecimal. */
  readonly reportData: string
  /** States of an Intel platform that are accepted beside `UpToDate`, with commas between them. */
  readonly tcb: string
  /** The least versions of an AMD platform, like `snp 27, microcode 86`. */
  readonly minimumTcb: string
  /** What is refused unless it is allowed, in words of the family, with commas between them. */
  readonly allowed: string
  readonly userData: string
  readonly publicKey: string
  readonly debug: boolean
  /** Seconds. */
  readonly skew: string
}

export const emptyState: State = {
  evidence: '',
  format: '',
  reference: '',
  corim: '',
  ca: '',
  product: '',
  freshness: 'any',
  nonce: '',
  age: '300',
  at: '',
  root: 'pinned',
  collateral: '',
  log: '',
  reportData: '',
  tcb: '',
  minimumTcb: '',
  allowed: '',
  userData: '',
  publicKey: '',
  debug: false,
  skew: '300',
}

const keys = Object.keys(emptyState) as readonly (keyof State)[]

/** What makes addresses long: files, whatever is in them. */
const files: readonly (keyof State)[] = ['evidence', 'collateral', 'log', 'corim', 'ca']

/** More than any document needs, as hexadecimal. Longer text stays out of the address. */
const maximumText = 40_000
/** Real collateral has 40 KB, and an event log may have as much. */
const maximumAttachment = 120_000
const maximumOf = (key: keyof State): number =>
  key === 'collateral' || key === 'log' ? maximumAttachment : maximumText

/** A sample, whose state an address need not repeat. */
export interface Base {
  readonly name: string
  readonly state: State
}

/**
 * The short form: what differs from the sample, or from an empty form. Files are left out.
 * @param base the sample that this began with, if it is still about the same evidence
 */
export function toShortFragment(state: State, base?: Base): string {
  const isSame = base?.state.evidence === state.evidence
  return written(
    state,
    isSame ? base.state : emptyState,
    isSame ? [['sample', base.name]] : [],
    keys.filter((key) => !files.includes(key)),
  )
}

/**
 * Everything that differs from an empty form; binary files in their shortest form. Browsers refuse
 * addresses that are too long.
 */
export const toFragment = (state: State): string => written(state, emptyState, [], keys)

function written(
  state: State,
  before: State,
  first: readonly (readonly [string, string])[],
  names: readonly (keyof State)[],
): string {
  const given = names
    .filter((key) => state[key] !== before[key])
    .map((key) => [key, shortest(key, String(state[key]))] as const)
    .filter(([key, text]) => text.length <= maximumOf(key) && (text !== '' || before[key] !== ''))
  return new URLSearchParams([...first, ...given].map(([key, text]) => [key, text])).toString()
}

function shortest(key: keyof State, text: string): string {
  if (!['evidence', 'corim', 'log'].includes(key) || text.length > maximumOf(key)) return key === 'evidence' ? '' : text
  const bytes = fromPasted(text)
  return bytes === undefined ? (key === 'evidence' ? '' : text) : toBase64Url(bytes)
}

/** @param base what stays as it is where the fragment says nothing */
export function fromFragment(fragment: string, base: State = emptyState): State {
  const given = new URLSearchParams(fragment)
  const texts = Object.fromEntries(keys.map((key) => [key, given.get(key) ?? base[key]]))
  const { freshness } = texts
  return {
    ...(texts as unknown as State),
    freshness: freshness === 'nonce' || freshness === 'age' ? freshness : 'any',
    // Older links name the pinned root after its first vendor.
    root: texts.root === 'aws' ? 'pinned' : String(texts.root),
    debug: String(texts.debug) === 'true',
  }
}

/** The sample that a fragment begins with. */
export const sampleIn = (fragment: string): string | undefined =>
  new URLSearchParams(fragment).get('sample') ?? undefined
