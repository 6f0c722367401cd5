/**
 * Claims of Arm's tokens for the second opinion: a map of numbers, of which each is asked for by
 * its number and for its type.
 *
 * Source: RFC 9783 and draft-ffm-rats-cca-token, read a second time.
 */
import { demand, isOctets, type Octets } from '../readers/bytes.ts'
import { readTokenCbor } from '../readers/cose.ts'

/** How one value is read. @throws Error */
export type ReadValue<T> = (value: unknown, what: string) => T

/** A claims-set, or a map in one. */
export class ClaimMap {
  readonly #map: ReadonlyMap<unknown, unknown>
  readonly #name: string

  constructor(map: unknown, name: string) {
    demand(map instanceof Map, `${name} is no map`)
    this.#map = map as Map<unknown, unknown>
    this.#name = name
  }

  has(key: number): boolean {
    return this.#map.has(key)
  }

  /** @throws Error where it is not there */
  get<T>(key: number, read: ReadValue<T>): T {
    const what = `${this.#name}, ${key}`
    demand(this.has(key), `${what}: is not there`)
    return read(this.#map.get(key), what)
  }

  find<T>(key: number, read: ReadValue<T>): T | undefined {
    return this.has(key) ? this.get(key, read) : undefined
  }
}

/** The claims-set of a payload. @throws Error */
export const claimsIn = (payload: Octets, name: string): ClaimMap => new ClaimMap(readTokenCbor(payload), name)

/** Bytes, as many as one of `sizes` says; any number where it is empty. */
export function octets(...sizes: readonly number[]): ReadValue<Octets> {
  return (value, what) => {
    demand(isOctets(value), `${what}: no bytes`)
    demand(sizes.length === 0 || sizes.includes(value.length), `${what}: ${value.length} bytes`)
    return Uint8Array.from(value)
  }
}

export const digest: ReadValue<Octets> = octets(32, 48, 64)

/** A UEID that is a random number: the first byte is its type. */
export const deviceId: ReadValue<Octets> = (value, what) => {
  const id = octets(33)(value, what)
  demand(id[0] === 1, `${what}: another type of UEID`)
  return id
}

export const text: ReadValue<string> = (value, what) => {
  demand(typeof value === 'string', `${what}: no text`)
  return value
}

/** One of these texts. */
export function oneOf<T extends string>(...words: readonly T[]): ReadValue<T> {
  return (value, what) => {
    demand(words.includes(value as T), `${what}: another word`)
    return value as T
  }
}

export const hashName: ReadValue<'sha-256' | 'sha-384' | 'sha-512'> = oneOf('sha-256', 'sha-384', 'sha-512')

export function integer(least: number, most: number): ReadValue<number> {
  return (value, what) => {
    demand(typeof value === 'number' && value >= least && value <= most, `${what}: no number of ${least} to ${most}`)
    return value
  }
}

export function list<T>(least: number, most: number, read: ReadValue<T>): ReadValue<readonly T[]> {
  return (value, what) => {
    demand(Array.isArray(value) && value.length >= least && value.length <= most, `${what}: no list of that length`)
    return (value as unknown[]).map((item, i) => read(item, `${what}[${i}]`))
  }
}

/** The state of a platform by the upper half of 16 bits; the lower half is its maker's. */
const lifecycles: ReadonlyMap<number, string> = new Map([
  [0x00, 'unknown'],
  [0x10, 'assembly-and-test'],
  [0x20, 'provisioning'],
  [0x30, 'secured'],
  [0x40, 'non-rot-debug'],
  [0x50, 'recoverable-rot-debug'],
  [0x60, 'decommissioned'],
])

/** What a token says of the state of its platform. */
export interface State {
  readonly lifecycle: number
  readonly lifecycleState: string
}

export const state: ReadValue<State> = (value, what) => {
  const lifecycle = integer(0, 0xffff)(value, what)
  const lifecycleState = lifecycles.get(lifecycle >>> 8)
  demand(lifecycleState !== undefined, `${what}: a state that is not in the table`)
  return { lifecycle, lifecycleState }
}

/** One software component. */
export interface Component {
  readonly type: string | undefined
  readonly measurement: Octets
  readonly version: string | undefined
  readonly signerId: Octets
  readonly hashAlgorithm: string | undefined
}

/** @param usual the algorithm of those that name none */
export function component(usual: string | undefined): ReadValue<Component> {
  return (value, what) => {
    const own = new ClaimMap(value, what)
    return {
      type: own.find(1, text),
      measurement: own.get(2, digest),
      version: own.find(4, text),
      signerId: own.get(5, digest),
      hashAlgorithm: own.find(6, text) ?? usual,
    }
  }
}
