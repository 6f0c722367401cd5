/**
 * What a gateway is made of: read once, copied, and checked before anything is served. What is
 * wrong here is a `TypeError`.
 */
import { readSuite, type Suite } from '../channel/suite.ts'
import type { Bytes } from '../encoding/bytes.ts'
import { requireOption } from '../core/options.ts'
import type { AttestationResult } from '../core/result.ts'
import { type Clock, runtimeClock } from './clock.ts'
import { ignore } from './inbound.ts'
import type { KeyPolicy } from './key-ring.ts'
import { type GatewayLimits, readKnown, readLimits, readNumbers } from './limits.ts'
import type { Pace } from './patience.ts'
import type { GatewayMeter, GatewayTracer, SpanContext } from './telemetry.ts'

/** What evidence is wanted for. All bytes are copies. */
export interface AttestRequest {
  /** The client's, 32 bytes: goes where the format has a nonce. */
  readonly nonce: Bytes
  /** What evidence must vouch for, by one of the rules of `channel/binding.ts`. */
  readonly keyConfig: Bytes
  /** SHA-256 of it, for `user_data` of Nitro. */
  readonly keyConfigDigest: Bytes
  /** 64 bytes that hold all of this, the role too: for formats with one field. */
  readonly reportData: Bytes
}

/** Evidence, as its source gave it. */
export interface Attestation {
  /** What the evidence is, for the wrapper: `application/eat+cwt` say. */
  readonly mediaType: string
  readonly evidence: Uint8Array
  /**
   * Whether the evidence holds the key configuration itself. Default false: it holds a digest, and
   * the configuration is sent beside it.
   */
  readonly holdsKeyConfig?: boolean
  /** What the client's verifier needs beside the evidence, for JSON. */
  readonly endorsements?: unknown
}

/** A source of evidence: the device of the enclave, a process beside it, a test. */
export type Attest = (request: AttestRequest) => Attestation | Promise<Attestation>

/** Evidence that a client offers of itself. */
export interface ClientEvidence {
  readonly evidence: Bytes
  /** What the evidence must answer: SHA-256 of a secret that only the client knows. */
  readonly nonce: Bytes
  /**
   * What its report data must be, or its user data where the format has a nonce of its own: names
   * the role, so that evidence of a server will not do.
   */
  readonly reportData: Bytes
}

/**
 * Verifies what a client says it is. Only what a verifier of this library returned will do, and
 * only if its claims hold the nonce of the offer (formats without one: its report data): the
 * gateway compares that itself. Throwing refuses.
 */
export type VerifyClient = (offer: ClientEvidence) => Promise<AttestationResult>

/** What the app learns beside the request. */
export interface HandlerContext {
  /** What the client has proven to be; `undefined` without `verifyClient`. */
  readonly client: AttestationResult | undefined
  /**
   * The gateway's span around the handler, to be the parent of the app's own; `undefined` without
   * `tracer`.
   */
  readonly span: SpanContext | undefined
}

/**
 * The app: gets the opened request, whose `signal` is aborted when the answer is not wanted any
 * more.
 */
export type Handler = (request: Request, context: HandlerContext) => Response | Promise<Response>

/** How long keys live. */
export interface GatewayKeyOptions {
  /** After this, the next evidence is for a new key. Default 3600. */
  readonly rotateEverySeconds?: number
  /**
   * How long the key before is still accepted: as long as sessions of clients last, at least.
   * Default 3900, for an hour and what clocks may differ.
   */
  readonly overlapSeconds?: number
  /**
   * The most requests that a key opens; at half of it, the next evidence is for a new key. Each
   * costs about 150 bytes of memory. Default 262144.
   */
  readonly maximumRequests?: number
  /** The most keys at a time, 2 to 16; for one more, the oldest goes early. Default 4. */
  readonly maximumKeys?: number
}

/** Options of {@link createGateway}. Unknown ones are a `TypeError`. */
export interface GatewayOptions {
  /**
   * What requests may be addressed to: `https://app.example`. Loopback addresses may be `http:`.
   */
  readonly origins: string | readonly string[]
  /**
   * Pages of these origins may ask as well, or `*` for all: browsers ask for leave (CORS). Default:
   * pages of the gateway's own origin only.
   */
  readonly allowOrigins?: string | readonly string[]
  /** Makes the evidence, inside the enclave: a source of `veritee/attesters`, say. */
  readonly attest: Attest
  /** The app, which gets opened requests. */
  readonly handler: Handler
  /**
   * Demands that clients prove what they are before they get evidence. Default: everyone may ask.
   */
  readonly verifyClient?: VerifyClient
  /**
   * The one suite; clients must be given the same. Default P-256 with AES-128-GCM, which every
   * runtime has.
   */
  readonly suite?: Suite
  /** How long keys live. Default: an hour each. */
  readonly keys?: GatewayKeyOptions
  /** How much it takes. Default: those of {@link GatewayLimits}. */
  readonly limits?: GatewayLimits
  /**
   * Names the client of an outer request, so that one client cannot take all slots. The gateway
   * sees no address: say what your server knows of it, such as a header that your load balancer
   * sets itself. `undefined`, and throwing, count as one client together. A name is trusted: never
   * take it from something that clients can write. Default: clients are not told apart.
   */
  readonly clientOf?: (request: Request) => string | undefined
  /** Default `/.well-known/attestation`. */
  readonly evidencePath?: string
  /** Default `/.well-known/ohttp-gateway`. */
  readonly gatewayPath?: string
  /** For spans; `@opentelemetry/api` fits. Default: none. */
  readonly tracer?: GatewayTracer
  /** For counters; `@opentelemetry/api` fits. Default: none. */
  readonly meter?: GatewayMeter
  /**
   * Gets what `attest`, `verifyClient`, `handler` and the app's stream threw: no answer says it.
   * Default: it is dropped.
   */
  readonly onError?: (error: unknown) => void
  /** For tests. Default: the runtime's. */
  readonly clock?: Clock
}

/** {@link GatewayOptions}, checked, copied and complete. */
export interface GatewayPolicy {
  readonly origins: ReadonlySet<string>
  readonly allowOrigins: ReadonlySet<string>
  readonly attest: Attest
  readonly handler: Handler
  readonly verifyClient: VerifyClient | undefined
  readonly suite: Suite
  readonly keys: KeyPolicy
  readonly limits: Readonly<Required<GatewayLimits>>
  /** What peers must keep to in both directions. */
  readonly pace: Pace
  /** Never throws. */
  readonly clientOf: (request: Request) => string | undefined
  /** Slots of one client: all of them where clients are not told apart. */
  readonly perClient: number
  readonly evidencePath: string
  readonly gatewayPath: string
  readonly tracer: GatewayTracer | undefined
  readonly meter: GatewayMeter | undefined
  readonly onError: (error: unknown) => void
  readonly clock: Clock
}

const defaultKeys: Required<GatewayKeyOptions> = {
  rotateEverySeconds: 3600,
  overlapSeconds: 3900,
  maximumRequests: 262_144,
  maximumKeys: 4,
}

const names: readonly (keyof GatewayOptions)[] = [
  'origins',
  'allowOrigins',
  'attest',
  'handler',
  'verifyClient',
  'suite',
  'keys',
  'limits',
  'clientOf',
  'evidencePath',
  'gatewayPath',
  'tracer',
  'meter',
  'onError',
  'clock',
]

/** @throws TypeError */
export function readGatewayOptions(options: GatewayOptions): GatewayPolicy {
  const given = readKnown('options', options, names)
  const { attest, handler, verifyClient, suite = { kem: 'P-256', aead: 'AES-128-GCM' }, tracer, meter } = given
  const { evidencePath = '/.well-known/attestation', gatewayPath = '/.well-known/ohttp-gateway' } = given
  const { allowOrigins = [], clock = runtimeClock, onError = ignore, clientOf } = given
  requireOption('attest', 'a function', typeof attest === 'function')
  requireOption('handler', 'a function', typeof handler === 'function')
  // There but undefined: a demand that would not be met.
  for (const name of ['verifyClient', 'clientOf'] as const)
    requireOption(name, 'a function', !Object.hasOwn(given, name) || typeof given[name] === 'function')
  requireOption('evidencePath', 'a path', isPath(evidencePath))
  requireOption('gatewayPath', 'a path of its own', isPath(gatewayPath) && gatewayPath !== evidencePath)
  requireOption('tracer', 'a tracer', tracer === undefined || hasMethod(tracer, 'startSpan'))
  requireOption('meter', 'a meter', meter === undefined || hasMethod(meter, 'createCounter'))
  requireOption('onError', 'a function', typeof onError === 'function')
  const isClock = ['now', 'after', 'wall'].every((name) => hasMethod(clock, name))
  requireOption('clock', '{ now, after, wall }', isClock)
  const keys = readNumbers('keys', given.keys, defaultKeys)
  requireOption('keys.maximumKeys', '2 to 16', keys.maximumKeys >= 2 && keys.maximumKeys <= 16)
  requireOption('keys.maximumRequests', 'at most 16777216', keys.maximumRequests <= 16_777_216)
  const limits = readLimits(given.limits)
  const report = (error: unknown): void => {
    // An observer must not be able to break what it observes.
    try {
      onError(error)
    } catch {
      return
    }
  }
  return {
    origins: readOrigins('origins', given.origins),
    allowOrigins:
      allowOrigins === '*' || (Array.isArray(allowOrigins) && allowOrigins.length === 0)
        ? new Set(allowOrigins)
        : readOrigins('allowOrigins', allowOrigins),
    attest: attest as Attest,
    handler: handler as Handler,
    verifyClient,
    suite: readSuite(suite),
    keys,
    limits,
    pace: { graceMs: limits.idleSeconds * 1000, bytesPerSecond: limits.minimumBytesPerSecond },
    clientOf: clientOf === undefined ? ignore : (request) => nameOf(request, clientOf, report),
    perClient: clientOf === undefined ? Infinity : limits.concurrentPerClient,
    evidencePath,
    gatewayPath,
    tracer,
    meter,
    onError: report,
    clock,
  }
}

/** The operator's name for a client. What is no name is reported, and counts as none. */
function nameOf(
  request: Request,
  clientOf: (request: Request) => unknown,
  report: (error: unknown) => void,
): string | undefined {
  try {
    const name = clientOf(request)
    if (name === undefined || typeof name === 'string') return name
    throw new TypeError('clientOf must return a string or undefined')
  } catch (error) {
    report(error)
    return undefined
  }
}

function readOrigins(name: string, origins: unknown): ReadonlySet<string> {
  const list: readonly unknown[] = Array.isArray(origins) ? [...(origins as unknown[])] : [origins]
  requireOption(name, 'origins such as https://app.example', list.length > 0 && list.every(isOrigin))
  return new Set(list as string[])
}

function isOrigin(text: unknown): boolean {
  if (typeof text !== 'string' || !URL.canParse(text)) return false
  const { origin, protocol, hostname } = new URL(text)
  const isLoopback = /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(hostname)
  return text === origin && (protocol === 'https:' || (protocol === 'http:' && isLoopback))
}

function isPath(value: unknown): boolean {
  return (
    typeof value === 'string' && /^\/[^?#\s\\]*$/.test(value) && new URL(value, 'https://a.invalid').pathname === value
  )
}

function hasMethod(value: unknown, name: string): boolean {
  return Object(value) === value && typeof (value as Record<string, unknown>)[name] === 'function'
}
