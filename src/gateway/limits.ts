/**
 * What a gateway puts up with, and how options that are numbers are read.
 */
import { requireOption, snapshotOf } from '../core/options.ts'

/** What a gateway puts up with. */
export interface GatewayLimits {
  /** Bytes of the opened request. Default 128 MiB. */
  readonly requestBytes?: number
  /** Bytes of the app's response body. Default 1 GiB. */
  readonly responseBytes?: number
  /** Bytes of one sealed chunk of a request. Default 64 KiB, and what the seal adds. */
  readonly chunkBytes?: number
  /**
   * Bytes of a request or response that is not sent in chunks, and must be in memory. Default 1
   * MiB.
   */
  readonly unchunkedBytes?: number
  /**
   * Names and values of the opened request's header section, its address included. Default 32 KiB.
   */
  readonly headBytes?: number
  /** Fields of that section. Default 128. */
  readonly headFields?: number
  /** Seconds that the date of a request may be before or after the gateway's clock. Default 120. */
  readonly requestAgeSeconds?: number
  /**
   * Whether requests without a date are refused. Default false: clients other than `veritee/client`
   * may not date them, and what is withheld runs later.
   */
  readonly requireDated?: boolean
  /**
   * The most names of dated requests (`veritee-request-id`) in memory, each for twice
   * `requestAgeSeconds`; about 100 bytes each. When there is no room, dated requests are refused as
   * busy. Default 524288: 2184 requests a second.
   */
  readonly requestIds?: number
  /** Sealed requests at a time. Default 512. */
  readonly concurrentRequests?: number
  /** Requests for evidence at a time: all clients ask when a key is gone. Default 256. */
  readonly concurrentAttestations?: number
  /** Of either, the most of one client, where `clientOf` names clients. Default 64. */
  readonly concurrentPerClient?: number
  /**
   * From the moment that the gateway is called until the header section inside the seal is there;
   * for requests without a body or in one piece, until the end. Default 15.
   */
  readonly headSeconds?: number
  /**
   * The longest wait for the next bytes of a request, and for the client to take those of a
   * response. Default 30.
   */
  readonly idleSeconds?: number
  /**
   * In each `idleSeconds` of such waiting, so many bytes a second must come or be taken. While the
   * app does not read or write, nothing counts. A client that was quick gets up to 64 KiB of a
   * response at once, which it must take within `idleSeconds`. Default 1024.
   */
  readonly minimumBytesPerSecond?: number
  /** The longest wait for evidence, and for `verifyClient`. Default 10. */
  readonly attestSeconds?: number
}

const defaultLimits: Required<Omit<GatewayLimits, 'requireDated'>> = {
  requestBytes: 134_217_728,
  responseBytes: 1_073_741_824,
  chunkBytes: 65_536,
  unchunkedBytes: 1_048_576,
  headBytes: 32_768,
  headFields: 128,
  concurrentRequests: 512,
  concurrentAttestations: 256,
  concurrentPerClient: 64,
  requestAgeSeconds: 120,
  requestIds: 524_288,
  headSeconds: 15,
  idleSeconds: 30,
  minimumBytesPerSecond: 1024,
  attestSeconds: 10,
}

/** @throws TypeError */
export function readLimits(given: GatewayLimits | undefined): Required<GatewayLimits> {
  const known = [...(Object.keys(defaultLimits) as (keyof GatewayLimits)[]), 'requireDated' as const]
  // There but undefined is no boolean.
  const { requireDated, ...numbers } = {
    requireDated: false,
    ...(given === undefined ? {} : readKnown<GatewayLimits>('limits', given, known)),
  }
  requireOption('limits.requireDated', 'true or false', typeof requireDated === 'boolean')
  return { ...readNumbers('limits', numbers, defaultLimits), requireDated }
}

/** Positive whole numbers, except that no overlap is an overlap. */
export function readNumbers<T extends object>(name: string, given: T | undefined, defaults: Required<T>): Required<T> {
  const known = Object.keys(defaults) as (keyof T & string)[]
  const numbers = { ...defaults, ...(given === undefined ? {} : readKnown(name, given, known)) }
  for (const key of known) {
    const value: unknown = numbers[key]
    const least = key === 'overlapSeconds' ? 0 : 1
    const isSound = Number.isSafeInteger(value) && (value as number) >= least
    requireOption(`${name}.${key}`, `a whole number of at least ${least}`, isSound)
  }
  return numbers
}

/** A snapshot of options, all of them known. @throws TypeError */
export function readKnown<T extends object>(name: string, value: T, known: readonly (keyof T & string)[]): Partial<T> {
  const snapshot = snapshotOf<T>(value, name)
  for (const key in snapshot)
    requireOption(
      `${name}: ${JSON.stringify(key)}`,
      `one of ${known.join(', ')}`,
      (known as readonly string[]).includes(key),
    )
  return snapshot
}
