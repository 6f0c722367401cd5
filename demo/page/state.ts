/**
 * Everything that a visitor has entered. It lives in the fragment of the address, which browsers
 * never send to a server, so that a verdict can be shared as a link: whoever opens it verifies the
 * same document in their own browser.
 */
import { fromPasted, toBase64Url } from './bytes.ts'

export interface State {
  /** Hexadecimal or base64. */
  readonly evidence: string
  /**
   * What `nitro-cli` printed, or lines like `PCR0 <hex>`; for quotes JSON or lines like
   * `MRTD <hex>`.
   */
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
   * `aws` for the one that is pinned (Intel's, for quotes), `fixture`, or a certificate: PEM, or
   * DER in hexadecimal or base64.
   */
  readonly root: string
  /**
   * For quotes and reports. What the vendor says of the platform: the JSON object that
   * `fetchIntelEndorsements` or `fetchAmdEndorsements` returns.
   */
  readonly collateral: string
  /** For TDX. An event log: dstack's JSON, or that of the firmware in hexadecimal or base64. */
  readonly log: string
  /** For quotes. Hexadecimal. */
  readonly reportData: string
  /**
   * For quotes. States of the platform that are accepted, beside `UpToDate`, with commas between
   * them.
   */
  readonly tcb: string
  /** For reports of SEV-SNP. The least versions of the platform, like `snp 27, microcode 86`. */
  readonly minimumTcb: string
  /** For reports of SEV-SNP. What is refused unless it is allowed, with commas between them. */
  readonly allowed: string
  readonly userData: string
  readonly publicKey: string
  readonly debug: boolean
  /** Seconds. */
  readonly skew: string
}

export const emptyState: State = {
  evidence: '',
  reference: '',
  corim: '',
  ca: '',
  product: '',
  freshness: 'any',
  nonce: '',
  age: '300',
  at: '',
  root: 'aws',
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

/** More than any document needs, as hexadecimal. Longer text stays out of the address. */
const maximumText = 40_000
/** Real collateral has 40 KB, and an event log may have as much. */
const maximumAttachment = 120_000

/**
 * Only what differs from an empty form; binary files in their shortest form. Browsers refuse
 * addresses that are too long.
 */
export function toFragment(state: State): string {
  const short = {
    ...state,
    evidence: shortened(state.evidence),
    corim: shortened(state.corim) || state.corim,
    log: shortened(state.log, maximumAttachment) || state.log,
  }
  const given = Object.entries(short).filter(
    ([key, value]) => value !== emptyState[key as keyof State] && String(value).length <= maximumOf(key),
  )
  return new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString()
}

const maximumOf = (key: string): number => (key === 'collateral' || key === 'log' ? maximumAttachment : maximumText)

function shortened(text: string, maximum = maximumText): string {
  const bytes = text.length > maximum ? undefined : fromPasted(text)
  return bytes === undefined ? '' : toBase64Url(bytes)
}

export function fromFragment(fragment: string): State {
  const given = new URLSearchParams(fragment)
  const text = (key: keyof State): string => given.get(key) ?? String(emptyState[key])
  const freshness = text('freshness')
  return {
    evidence: text('evidence'),
    reference: text('reference'),
    corim: text('corim'),
    ca: text('ca'),
    product: text('product'),
    freshness: freshness === 'nonce' || freshness === 'age' ? freshness : 'any',
    nonce: text('nonce'),
    age: text('age'),
    at: text('at'),
    root: text('root'),
    collateral: text('collateral'),
    log: text('log'),
    reportData: text('reportData'),
    tcb: text('tcb'),
    minimumTcb: text('minimumTcb'),
    allowed: text('allowed'),
    userData: text('userData'),
    publicKey: text('publicKey'),
    debug: text('debug') === 'true',
    skew: text('skew'),
  }
}
