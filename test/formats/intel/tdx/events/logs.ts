/**
 * Event logs, made: as firmware writes them and as dstack does, with any part wrong. Digests are
 * right unless a test says otherwise.
 */
import { createHash } from 'node:crypto'
import { concat, hex } from '../../../../attester/bytes.ts'
import type { Bytes } from '../../../../attester/der.ts'

export const sha384 = (...parts: readonly Uint8Array[]): Bytes =>
  new Uint8Array(
    createHash('sha384')
      .update(concat(...parts))
      .digest(),
  )
export const utf8 = (text: string): Bytes => new TextEncoder().encode(text)

/** The value of a register after these digests. */
export const extended = (...digests: readonly Uint8Array[]): Bytes =>
  digests.reduce<Bytes>((register, digest) => sha384(register, digest), new Uint8Array(48))

export function le(size: 1 | 2 | 4, value: number): Bytes {
  return Uint8Array.from({ length: size }, (_, i) => Math.floor(value / 256 ** i) & 0xff)
}

export interface HeaderPlan {
  readonly type?: number
  readonly digest?: Uint8Array
  readonly signature?: string
  readonly algorithms?: readonly (readonly [id: number, size: number])[]
  readonly count?: number
  readonly extra?: Uint8Array
}

/** The first event: "Spec ID Event03". */
export function tcgHeader(plan: HeaderPlan = {}): Bytes {
  const { type = 3, digest = new Uint8Array(20), signature = 'Spec ID Event03\0', algorithms = [[0x0c, 48]] } = plan
  const data = concat(
    utf8(signature),
    [0, 0, 0, 0, 0, 2, 0, 2],
    le(4, plan.count ?? algorithms.length),
    ...algorithms.map(([id, size]) => concat(le(2, id), le(2, size))),
    [0],
    plan.extra ?? [],
  )
  return concat(le(4, 1), le(4, type), digest, le(4, data.length), data)
}

export interface EventPlan {
  /** 1 to 4 are RTMR0 to RTMR3. */
  readonly register: number
  readonly type?: number
  readonly data?: Uint8Array
  /** Default: the SHA-384 of the data. */
  readonly digests?: readonly (readonly [id: number, digest: Uint8Array])[]
  readonly count?: number
  readonly size?: number
}

export function tcgEvent({ register, type = 13, data = utf8('data'), ...plan }: EventPlan): Bytes {
  const digests = plan.digests ?? [[0x0c, sha384(data)] as const]
  return concat(
    le(4, register),
    le(4, type),
    le(4, plan.count ?? digests.length),
    ...digests.map(([id, digest]) => concat(le(2, id), digest)),
    le(4, plan.size ?? data.length),
    data,
  )
}

export interface DstackEvent {
  imr: unknown
  event_type: unknown
  digest?: unknown
  event: unknown
  event_payload: unknown
  version?: unknown
}

export const runtimeType = 0x08000001

export const runtimeDigest = (name: string, payload: Uint8Array): Bytes =>
  sha384(Uint8Array.of(1, 0, 0, 8), utf8(`:${name}:`), payload)

/** A runtime event, version 1. */
export function runtimeEvent(name: string, payload: Uint8Array, change: Partial<DstackEvent> = {}): DstackEvent {
  const digest = hex(runtimeDigest(name, payload))
  return { imr: 3, event_type: runtimeType, digest, event: name, event_payload: hex(payload), ...change }
}

/** An event of firmware in dstack's log: its digest is the SHA-384 of its payload. */
export function bootEvent(imr: number, payload: Uint8Array, change: Partial<DstackEvent> = {}): DstackEvent {
  return { imr, event_type: 4, digest: hex(sha384(payload)), event: '', event_payload: hex(payload), ...change }
}

export const dstackLog = (...events: readonly unknown[]): string => JSON.stringify(events)

/** A copy without one member. */
export function without<T extends object, K extends keyof T>(object: T, member: K): Omit<T, K> {
  return Object.fromEntries(Object.entries(object).filter(([name]) => name !== member)) as Omit<T, K>
}
