/**
 * What a client is made of: read once, copied, and checked before anything is sent. Whatever is
 * wrong here is a `TypeError`.
 */
import { readSuite, type Suite } from '../channel/suite.ts'
import type { Bytes } from '../encoding/bytes.ts'
import { knownOptions, requireOption } from '../core/options.ts'
import { type AttestationResult, isAttestationResult } from '../core/result.ts'
import {
  type Challenge,
  type KeyBinding,
  keyInPublicKey,
  type ReportDataBinding,
  type ReportDataChallenge,
} from './binding.ts'
import type { SealedChannel } from './channel-kind.ts'
import { requireChannel } from './channel-kind.ts'
import type { ClientMeter, ClientTracer } from './observe.ts'
import type { EvidenceAnswer, EvidenceQuestion } from './question.ts'

/**
 * A verifier, with its options bound:
 * `(evidence, { nonce }) => verifyNitro(evidence, { referenceValues, freshness: { nonce } })`.
 */
export type Verify<Asked extends Challenge = Challenge> = (
  evidence: Bytes,
  challenge: Asked,
) => Promise<AttestationResult>

/** What the evidence of a client must answer, and what its report data (or user data) must be. */
export interface ClientChallenge {
  /** SHA-256 of a secret that is sent only inside sealed requests. */
  readonly nonce: Bytes
  /** 64 bytes that name the role, so that no evidence of a server will do. */
  readonly reportData: Bytes
}

/** How far a session is, for a user interface. */
export type ClientState = 'idle' | 'verifying' | 'verified' | 'refused' | 'closed'

/** A change of state. */
export interface ClientEvent {
  readonly state: ClientState
  /** With `verified`. */
  readonly result?: AttestationResult
  /**
   * With `refused`: the code of an error of this library, of whatever copy of it; the name of
   * others.
   */
  readonly code?: string
}

/** Options of `attestedFetch`. Unknown ones are a `TypeError`. */
export interface AttestedFetchOptions {
  /** Proves and appraises the evidence of the enclave. */
  readonly verify: Verify
  /** Where in the evidence the key is. Default {@link keyInPublicKey}. */
  readonly binding?: KeyBinding
  /**
   * Seals in place of oblivious HTTP, for providers that have something else. Excludes `relay`,
   * `gatewayPath`, `suite` and `attest`. What it leaves in the clear is its own to say. Default:
   * oblivious HTTP.
   */
  readonly channel?: SealedChannel
  /**
   * The one suite; the gateway must have the same. Default P-256 with AES-128-GCM, which every
   * runtime has.
   */
  readonly suite?: Suite
  /** Default `/.well-known/attestation`. */
  readonly evidencePath?: string
  /**
   * Asks for evidence in the provider's own way, once for each attestation. Excludes `evidencePath`
   * and `attest`. Default: the exchange at `evidencePath`. `challenge.reportData` is then
   * undefined: the provider's rule is for `verify` and `binding` to compare.
   */
  readonly evidenceSource?: (question: EvidenceQuestion) => Promise<EvidenceAnswer>
  /** Default `/.well-known/ohttp-gateway`. */
  readonly gatewayPath?: string
  /**
   * An absolute https address that sealed requests go to instead of the gateway's: a relay (RFC
   * 9458), which sees sealed bytes only. What they are for stays the origin. Default: none, they go
   * to the origin.
   */
  readonly relay?: string
  /** A session ends at the latest after this, or when its result does. Default 3600. */
  readonly maximumSessionSeconds?: number
  /** From the nonce to the key. Default 30. */
  readonly attestSeconds?: number
  /** From the sealed request's start to the response's head. Default 120. */
  readonly responseSeconds?: number
  /** The longest wait for the next piece of a response. Default 60. */
  readonly idleSeconds?: number
  /**
   * Bytes of the evidence endpoint's answer. Default 65,536; reports of providers need more. At
   * most 8,388,608.
   */
  readonly maximumEvidenceBytes?: number
  /**
   * How a body that is a stream goes out: `stream` sends each chunk as it is sealed, which browsers
   * cannot do over HTTP/1.1 and some cannot do at all; `collect` gathers the sealed bytes in a
   * `Blob` first. Default: `collect` in browsers, `stream` elsewhere. Requests are dated when their
   * body is begun, so a stream that takes minutes to collect is refused by the gateway
   * (`client-date`).
   */
  readonly upload?: 'stream' | 'collect'
  /**
   * What goes out again, once, after an answer that anyone can forge: 422, "I do not have this
   * key". The request may have run. `safe`: methods that change nothing (GET, HEAD, OPTIONS).
   * `idempotent`: PUT and DELETE as well; what another request changed meanwhile is then changed
   * back. Default: `safe`. A gateway of this library runs each request once, whatever this says,
   * and answers the second one with `client-repeated`.
   */
  readonly repeat?: 'safe' | 'idempotent'
  /** Allows `http:` to this machine itself, for development. Default: `https:` only. */
  readonly allowLoopbackHttp?: true
  /**
   * Default: the platform's, as it was when this module was loaded. It sees nonces, evidence and
   * sealed bytes.
   */
  readonly fetch?: typeof fetch
  /**
   * Tells results of verifiers. Pass the `isAttestationResult` of the verifier's own file where
   * that is another copy of the library: two script tags. Default: this file's own.
   */
  readonly isAttestationResult?: (value: unknown) => boolean
  /**
   * Evidence of this client, for gateways that ask for it: from one enclave to another. Default:
   * none.
   */
  readonly attest?: (challenge: ClientChallenge) => Uint8Array | Promise<Uint8Array>
  /**
   * Called at each change of state; for more listeners there is `subscribe`. It may call the
   * client. Default: none.
   */
  readonly onState?: (event: ClientEvent) => void
  /** For spans; `@opentelemetry/api` fits. Default: none. */
  readonly tracer?: ClientTracer
  /** For counters and the clock offset; `@opentelemetry/api` fits. Default: none. */
  readonly meter?: ClientMeter
}

/** {@link AttestedFetchOptions} for evidence that names its key in report data. */
export interface ReportDataOptions extends Omit<AttestedFetchOptions, 'verify' | 'binding' | 'evidenceSource'> {
  /** Proves and appraises the evidence of the enclave, with the report data of the challenge. */
  readonly verify: Verify<ReportDataChallenge>
  /** {@link keyHashInReportData}. */
  readonly binding: ReportDataBinding
}

/** {@link AttestedFetchOptions}, checked, copied and complete. */
export interface ClientPolicy {
  readonly origin: URL
  readonly verify: Verify
  readonly binding: KeyBinding
  readonly channel: SealedChannel | undefined
  readonly suite: Suite
  readonly evidenceUrl: string
  readonly evidenceSource: AttestedFetchOptions['evidenceSource']
  /** Whether an evidence source may ask this address. */
  readonly mayAsk: (url: unknown) => boolean
  readonly gatewayUrl: string
  readonly sessionMs: number
  readonly attestMs: number
  readonly responseMs: number
  readonly idleMs: number
  readonly maximumEvidence: number
  readonly streams: boolean
  readonly repeat: 'safe' | 'idempotent'
  readonly fetch: typeof fetch | undefined
  readonly isResult: (value: unknown) => boolean
  readonly attest: AttestedFetchOptions['attest']
  readonly onState: AttestedFetchOptions['onState']
  readonly tracer: ClientTracer | undefined
  readonly meter: ClientMeter | undefined
}

const names: readonly (keyof AttestedFetchOptions)[] = [
  'verify',
  'binding',
  'channel',
  'suite',
  'evidencePath',
  'evidenceSource',
  'gatewayPath',
  'relay',
  'maximumSessionSeconds',
  'attestSeconds',
  'responseSeconds',
  'idleSeconds',
  'maximumEvidenceBytes',
  'upload',
  'repeat',
  'allowLoopbackHttp',
  'fetch',
  'isAttestationResult',
  'attest',
  'onState',
  'tracer',
  'meter',
]

/** @throws TypeError */
export function readOptions(origin: unknown, options: unknown): ClientPolicy {
  const given = knownOptions<AttestedFetchOptions>(options, names)
  const { upload, repeat = 'safe', allowLoopbackHttp, tracer, meter } = given
  const base = readOrigin(origin, allowLoopbackHttp)
  const numberOf = (name: keyof AttestedFetchOptions, otherwise: number, maximum: number): number => {
    const value = Object.hasOwn(given, name) ? given[name] : otherwise
    requireOption(name, `above 0, at most ${maximum}`, typeof value === 'number' && value > 0 && value <= maximum)
    return value as number
  }
  const functionOf = <Name extends keyof AttestedFetchOptions>(name: Name): AttestedFetchOptions[Name] | undefined => {
    // There but undefined is a slip that must not weaken anything.
    requireOption(name, 'a function', !Object.hasOwn(given, name) || typeof given[name] === 'function')
    return given[name]
  }
  const urlOf = (name: 'evidencePath' | 'gatewayPath', otherwise: string): string => {
    const path: unknown = Object.hasOwn(given, name) ? given[name] : otherwise
    const isPath = typeof path === 'string' && /^\/[^?#\s\\]*$/.test(path) && new URL(path, base).pathname === path
    requireOption(name, 'a path', isPath)
    return new URL(path as string, base).href
  }
  const mayAsk = (url: unknown): boolean => isSafe(url, allowLoopbackHttp)
  const { relay } = given
  requireOption(
    'relay',
    'an absolute https address',
    !Object.hasOwn(given, 'relay') || (mayAsk(relay) && !String(relay).includes('#')),
  )
  const gatewayUrl = urlOf('gatewayPath', '/.well-known/ohttp-gateway')
  const evidenceSource = functionOf('evidenceSource')
  requireChannel(given.channel)
  const excluded = {
    evidenceSource: ['evidencePath', 'attest'],
    channel: ['relay', 'gatewayPath', 'suite', 'attest'],
  } as const
  for (const [option, others] of Object.entries(excluded))
    for (const name of Object.hasOwn(given, option) ? others : [])
      requireOption(name, `left out beside ${option}`, !Object.hasOwn(given, name))
  const verify = functionOf('verify')
  if (verify === undefined) throw new TypeError('verify must be a function')
  requireOption('upload', 'stream or collect', upload === undefined || ['stream', 'collect'].includes(upload))
  requireOption('repeat', 'safe or idempotent', ['safe', 'idempotent'].includes(repeat))
  requireOption('tracer', 'a tracer', tracer === undefined || typeof tracer.startSpan === 'function')
  requireOption('meter', 'a meter', meter === undefined || typeof meter.createCounter === 'function')
  return Object.freeze({
    origin: base,
    verify,
    binding: functionOf('binding') ?? keyInPublicKey,
    channel: given.channel,
    suite: readSuite(Object.hasOwn(given, 'suite') ? given.suite : { kem: 'P-256', aead: 'AES-128-GCM' }),
    evidenceUrl: urlOf('evidencePath', '/.well-known/attestation'),
    evidenceSource,
    mayAsk,
    gatewayUrl: relay === undefined ? gatewayUrl : new URL(relay).href,
    sessionMs: numberOf('maximumSessionSeconds', 3600, 604_800) * 1000,
    attestMs: numberOf('attestSeconds', 30, 3600) * 1000,
    responseMs: numberOf('responseSeconds', 120, 86_400) * 1000,
    idleMs: numberOf('idleSeconds', 60, 86_400) * 1000,
    maximumEvidence: numberOf('maximumEvidenceBytes', 65_536, 8_388_608),
    streams: upload === undefined ? !isBrowser() : upload === 'stream',
    repeat,
    fetch: functionOf('fetch'),
    isResult: functionOf('isAttestationResult') ?? isAttestationResult,
    attest: functionOf('attest'),
    onState: functionOf('onState'),
    tracer,
    meter,
  })
}

/** @throws TypeError unless it is an origin: scheme and host, over https */
function readOrigin(origin: unknown, allowLoopbackHttp: unknown): URL {
  requireOption('allowLoopbackHttp', 'true', allowLoopbackHttp === undefined || allowLoopbackHttp === true)
  const isText = typeof origin === 'string' && URL.canParse(origin)
  const url = new URL(isText ? origin : 'about:blank')
  const isLoopback = isSafe(origin, true)
  const isAllowed = isSafe(origin, allowLoopbackHttp)
  const hint = isAllowed
    ? `; write ${url.origin}, without a slash or anything else behind it`
    : isLoopback
      ? '; for http to this machine itself, set allowLoopbackHttp: true'
      : ''
  const expected = `an https origin such as https://enclave.example${hint}`
  requireOption('origin', expected, isText && url.origin === origin && isAllowed)
  return url
}

/** Over https, or to this machine itself where that is allowed; without a user's name. */
function isSafe(text: unknown, allowLoopbackHttp: unknown): boolean {
  if (typeof text !== 'string' || !URL.canParse(text)) return false
  const { protocol, hostname, username, password } = new URL(text)
  const isLoopback = protocol === 'http:' && /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(hostname)
  return (protocol === 'https:' || (isLoopback && allowLoopbackHttp === true)) && username + password === ''
}

/**
 * Pages and workers of browsers; other runtimes have no `location` of their own, or can stream all
 * the same.
 */
function isBrowser(): boolean {
  const { navigator } = globalThis as { readonly navigator?: { readonly userAgent?: string } }
  return (navigator?.userAgent ?? '').startsWith('Mozilla/')
}
