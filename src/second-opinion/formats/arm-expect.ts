/**
 * What callers expect of Arm's tokens, compared a second time: whose key, which state, which
 * software.
 */
import {
  areSame,
  demand,
  digitsOf,
  digitsOfEither,
  isOctets,
  joined,
  octetsOfBase64,
  type Octets,
} from '../readers/bytes.ts'
import type { Curve } from '../readers/engine.ts'
import { bytesOf, type Options, type Question } from '../question.ts'
import type { Notes } from '../record.ts'
import { isSymbol } from '../symbols.ts'
import type { Component, State } from './arm-claims.ts'

/** How a kind of key signs: one curve, one hash, one number of COSE. */
export interface Kind {
  readonly curve: Curve
  readonly algorithm: number
  /** Bytes of a coordinate. */
  readonly size: number
  /** The beginning of its SubjectPublicKeyInfo, up to the point. */
  readonly begins: string
}

/** In the order of the numbers that COSE gives the curves: 1, 2, 3. */
export const kinds: readonly Kind[] = [
  {
    curve: ['P-256', 'SHA-256'],
    algorithm: -7,
    size: 32,
    begins: '3059301306072a8648ce3d020106082a8648ce3d030107034200',
  },
  { curve: ['P-384', 'SHA-384'], algorithm: -35, size: 48, begins: '3076301006072a8648ce3d020106052b81040022036200' },
  {
    curve: ['P-521', 'SHA-512'],
    algorithm: -36,
    size: 66,
    begins: '30819b301006072a8648ce3d020106052b8104002303818600',
  },
]

/** The key of a device: a point that verifies, or a secret. */
export type Key = { readonly kind: Kind; readonly point: Octets } | { readonly secret: Octets }

/** The trust anchor of a device. */
export interface Anchor {
  readonly key: Key
  readonly validUntil: number
}

/** The one that has both ids. @throws VerificationError `anchor-unknown` */
export function anchorOf(
  { implementationId, instanceId }: { readonly implementationId: Octets; readonly instanceId: Octets },
  { options, now }: Question,
  notes: Notes,
): Anchor {
  const own = listOf(options['trustAnchors']).filter(
    (anchor) =>
      digitsOfEither(anchor['implementationId']) === digitsOf(implementationId) &&
      digitsOfEither(anchor['instanceId']) === digitsOf(instanceId),
  )
  const found = [...own].sort((a, b) => untilOf(b) - untilOf(a)).at(0)
  notes.proves(
    'anchor-unknown',
    'trust anchor',
    found !== undefined && untilOf(found) >= now,
    'there is none, or none any more',
  )
  return notes.reads('anchor-unknown', 'key of the trust anchor', () => {
    const anchor = found as Options
    return { key: keyOf(anchor), validUntil: untilOf(anchor) }
  })
}

function keyOf({ key, secret }: Options): Key {
  if (secret !== undefined) return { secret: bytesOf(secret) }
  if (isOctets(key)) {
    const kind = kinds.find(
      ({ begins, size }) => digitsOf(key).startsWith(`${begins}04`) && key.length === begins.length / 2 + 1 + 2 * size,
    )
    demand(kind !== undefined, 'a key of another kind')
    return { kind, point: Uint8Array.from(key.slice(-1 - 2 * kind.size)) }
  }
  const { kty, crv, x, y } = key as Options
  const kind = kinds.find(({ curve: [name] }) => name === crv)
  demand(kty === 'EC' && kind !== undefined && typeof x === 'string' && typeof y === 'string', 'a JWK of another kind')
  const point = joined(Uint8Array.of(4), octetsOfBase64(x), octetsOfBase64(y))
  demand(point.length === 1 + 2 * kind.size, 'a JWK of another size')
  return { kind, point }
}

/** Objects among options: one, or a list of them. */
function listOf(value: unknown): readonly Options[] {
  return [value].flat() as Options[]
}

/** Unix milliseconds; a caller's own thing that does not expire is good for ever. */
function untilOf({ validUntil }: Options): number {
  return validUntil instanceof Date ? validUntil.getTime() : Infinity
}

/** Tokens have no date: what they say is believed for a day, and no longer than what it rests on. */
export function endOf(now: number, ...others: readonly ({ readonly validUntil: number } | undefined)[]): number {
  return Math.min(now + 86_400_000, ...others.flatMap((other) => (other === undefined ? [] : [other.validUntil])))
}

/** @throws AppraisalError `policy-nonce`, `policy-lifecycle` */
export function expectFreshAndSecured(
  nonce: Octets,
  { lifecycleState }: State,
  { freshness, acceptedLifecycles = [] }: Options,
  notes: Notes,
): void {
  if (!isSymbol(freshness, 'skipFreshness'))
    notes.expects('policy-nonce', 'nonce', areSame(nonce, bytesOf((freshness as Options)['nonce'])))
  const accepted: readonly unknown[] = ['secured', ...(acceptedLifecycles as unknown[])]
  notes.expects('policy-lifecycle', 'lifecycle', accepted.includes(lifecycleState), lifecycleState)
}

/** A reference value that fits. */
export interface Match {
  /** Its name, else its place. */
  readonly label: string | number
  readonly validUntil: number
}

/** What is compared with reference values. */
interface Comparison {
  readonly code: 'policy-measurements' | 'policy-platform'
  readonly fits: (wanted: Options) => boolean
  readonly now: number
}

/**
 * The first of the reference values that fits and is in force.
 * @param wanted those of the caller; `undefined` where they are skipped
 * @throws AppraisalError with the comparison's code
 */
export function expectOneOf(wanted: unknown, { code, fits, now }: Comparison, notes: Notes): Match | undefined {
  if (wanted === undefined) return undefined
  const all = listOf(wanted)
  const at = all.findIndex((one) => untilOf(one) >= now && fits(one))
  notes.expects(code, 'reference values', at >= 0, `match none of ${all.length}`)
  const found = all[at] as Options
  return { label: typeof found['name'] === 'string' ? found['name'] : at, validUntil: untilOf(found) }
}

/** A value that a caller may leave out, or write as digits. */
export function isWanted(wanted: unknown, found: Octets | undefined): boolean {
  return wanted === undefined || (found !== undefined && digitsOfEither(wanted) === digitsOf(found))
}

const sizes: Readonly<Record<string, number>> = { 'sha-256': 32, 'sha-384': 48, 'sha-512': 64 }

/** Whether a component is one of a reference value. */
function isComponent(wanted: Options, found: Component): boolean {
  const named = found.hashAlgorithm !== undefined && Object.hasOwn(sizes, found.hashAlgorithm)
  const hash = named ? found.hashAlgorithm : Object.keys(sizes).find((name) => sizes[name] === found.measurement.length)
  const says = (name: string, value: string | undefined): boolean =>
    wanted[name] === undefined || wanted[name] === value
  return (
    isWanted(wanted['measurement'], found.measurement) &&
    isWanted(wanted['signerId'], found.signerId) &&
    says('type', found.type) &&
    says('version', found.version) &&
    says('hashAlgorithm', hash)
  )
}

/**
 * Components and those that are wanted pair off. Pairs are made one after another; where none is
 * left for a component, a chain of others gives way (Berge).
 */
export function arePaired(wanted: unknown, found: readonly Component[]): boolean {
  const references = listOf(wanted)
  if (references.length !== found.length) return false
  const fitting = found.map((one) => references.flatMap((reference, i) => (isComponent(reference, one) ? [i] : [])))
  /** Which component has a reference, and which reference a component has. */
  const holder = new Map<number, number>()
  const partner = new Map<number, number>()
  for (const first of found.keys()) {
    /** By which component a reference was reached. */
    const reachedBy = new Map<number, number>()
    const waiting = [first]
    let free: number | undefined
    for (let one = waiting.shift(); one !== undefined && free === undefined; one = waiting.shift()) {
      for (const reference of (fitting[one] ?? []).filter((own) => !reachedBy.has(own))) {
        reachedBy.set(reference, one)
        const other = holder.get(reference)
        if (other === undefined) free ??= reference
        else waiting.push(other)
      }
    }
    if (free === undefined) return false
    for (let at: number | undefined = free; at !== undefined;) {
      const one = reachedBy.get(at) as number
      const former = partner.get(one)
      partner.set(one, at)
      holder.set(at, one)
      at = former
    }
  }
  return true
}
