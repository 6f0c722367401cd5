/**
 * Reference values that are fields of known sizes: a measurement with the name of the build and its
 * digests as integrity registers, and one more for each field that is no digest, under the field's
 * name as `mkey`.
 *
 * Refused: fields that the verifier does not have, other sizes, `anyValue` (a value that was not
 * measured cannot be signed), fields twice.
 */
import { anyValue, readSizedBytes } from '../../../appraisal/expectations.ts'
import { isPlainObject, itemsOf, requireText, requireOption, snapshotOf } from '../../../core/options.ts'
import { type Bytes, copyBytes, givenHex } from '../../../encoding/bytes.ts'
import type { CborValue } from '../../../encoding/cbor.ts'
import type { Encodable } from '../../../encoding/cbor-encode.ts'
import { printable } from '../../../x509/name.ts'
import { decodeDigests } from '../corim.ts'
import { content, isTag, mapOf, textOf } from '../items.ts'
import { type Build, type Environment, type FoundMeasurements, mapWith } from './environment.ts'

/**
 * What a field holds: a digest of one of these sizes, other bytes of a size, a number of 16 bits,
 * yes or no, or the least security version that is accepted.
 */
export type Field = { readonly digest: readonly number[] } | { readonly bytes: number } | 'number' | 'flag' | 'minimum'

/** By name. */
export type Fields = Readonly<Record<string, Field>>

/** Values of fields, in memory of our own. */
export type FieldValues = Readonly<Record<string, string | Bytes | number | boolean>>

/** Digest algorithms of CoRIM by the size of what they make. */
const algorithms: ReadonlyMap<number, number> = /* @__PURE__ */ new Map([
  [32, 1],
  [48, 7],
  [64, 8],
])
/** Tags of the draft: a least security version, and bytes. */
const tags = { minimum: 553, bytes: 560 } as const

/** One kind of evidence whose reference values are fields. */
export interface FieldsEnvironment {
  readonly vendor: string
  readonly model: string
  readonly fields: Fields
  /** The rules of the verifier, for values of the right sizes. @throws TypeError */
  readonly check: (values: readonly object[]) => void
  /** From what callers write to fields, where those differ. @throws TypeError */
  readonly flat?: (value: object, path: string) => object
  /** And back. */
  readonly whole?: (values: FieldValues) => object
  readonly isDated?: boolean
}

export function environmentOfFields(kind: FieldsEnvironment): Environment {
  const { vendor, model, fields, check, isDated = false } = kind
  const flat = (value: object, path: string): object => kind.flat?.(value, path) ?? value
  const whole = (values: FieldValues): object => kind.whole?.(values) ?? values
  return {
    vendor,
    model,
    isDated,
    readBuilds(values) {
      const list = Array.isArray(values) ? itemsOf(values) : [values]
      requireOption('values', 'measurements, of one build at least', list.length > 0)
      const read = list.map((value, i) => {
        const path = `values[${i}]`
        requireOption(path, 'a plain object', isPlainObject(value))
        return readValues(flat(value as object, path), fields, path)
      })
      check(read.map(whole))
      return read.map((value) => buildOf(value, fields))
    },
    valueOf: (found) => whole(valuesOf(found, fields)),
  }
}

function readValues(value: object, fields: Fields, path: string): FieldValues {
  const { name, ...own } = snapshotOf<Record<string, unknown>>(value, path)
  requireText(name, `${path}.name`)
  const entries = Object.entries(own).map(([field, given]) => {
    requireOption(`${path}.${field}`, `one of ${Object.keys(fields).join(', ')}`, Object.hasOwn(fields, field))
    requireOption(`${path}.${field}`, 'a value: anyValue cannot be signed', given !== anyValue)
    return [field, readField(given, fields[field] as Field, `${path}.${field}`)] as const
  })
  return { ...(name !== undefined && { name: name }), ...Object.fromEntries(entries) }
}

function readField(given: unknown, field: Field, path: string): Bytes | number | boolean {
  if (field === 'flag') {
    requireOption(path, 'true or false', typeof given === 'boolean')
    return given as boolean
  }
  if (field === 'number' || field === 'minimum') {
    const isNumber = Number.isInteger(given) && (given as number) >= 0 && (given as number) <= 65_535
    requireOption(path, '0 to 65535', isNumber)
    return given as number
  }
  if ('bytes' in field) return readSizedBytes(given, field.bytes, path)
  const bytes = givenHex(given, path)
  requireOption(path, `${field.digest.join(' or ')} bytes`, field.digest.includes(bytes.length))
  return bytes
}

function buildOf({ name, ...values }: FieldValues, fields: Fields): Build {
  const entries = Object.entries(values).map(([field, value]) => ({ field, value, kind: fields[field] as Field }))
  const digests = entries.filter(({ kind }) => isDigest(kind))
  const others = entries.filter(({ kind }) => !isDigest(kind))
  const registers = new Map<string, Encodable>(
    digests.map(({ field, value }) => [field, [[algorithms.get((value as Bytes).length) as number, value as Bytes]]]),
  )
  const named = typeof name === 'string' ? [[11, name] as const] : []
  return {
    name: name as string | undefined,
    marks: new Map(
      entries.filter(({ kind }) => kind !== 'minimum').map(({ field, value }) => [field, bytesOf(value as Bytes)]),
    ),
    measurements: [
      mapWith([1, mapWith(...named, [14, registers])]),
      ...others.map(
        ({ field, value, kind }): Encodable =>
          new Map<number, Encodable>([
            [0, field],
            [
              1,
              kind === 'minimum'
                ? mapWith([1, { tag: tags.minimum, value: value as number }])
                : mapWith([4, { tag: tags.bytes, value: bytesOf(value as Bytes) }]),
            ],
          ]),
      ),
    ],
  }
}

const isDigest = (field: Field): boolean => typeof field === 'object' && 'digest' in field

/** A value as bytes: numbers big-endian, as people write them. */
function bytesOf(value: Bytes | number | boolean): Bytes {
  if (typeof value === 'number') return Uint8Array.of(value >> 8, value & 0xff)
  return typeof value === 'boolean' ? Uint8Array.of(Number(value)) : value
}

function valuesOf({ raw, build }: FoundMeasurements, fields: Fields): FieldValues {
  const [first, ...others] = raw
  const values = mapOf(mapOf(first, `first measurement of ${build}`, [1]).get(1), build, [11, 14])
  const name = textOf(values.get(11), `name of ${build}`)
  const registers = mapOf(values.get(14), `integrity registers of ${build}`)
  const found = new Map<string, Bytes | number | boolean>()
  const add = (
    field: unknown,
    wanted: boolean,
    read: (kind: Field, name: string) => Bytes | number | boolean,
  ): void => {
    const kind = typeof field === 'string' && Object.hasOwn(fields, field) ? fields[field] : undefined
    if (kind === undefined || isDigest(kind) !== wanted)
      throw content(`${build} must have known fields`, field as CborValue)
    if (found.has(field as string)) throw content(`${String(field)} of ${build} comes twice`, raw)
    found.set(field as string, read(kind, `${String(field)} of ${build}`))
  }
  for (const [field, digests] of registers) add(field, true, (kind, whose) => digestOf(digests, kind, whose))
  for (const item of others) {
    const map = mapOf(item, `measurement of ${build}`, [0, 1])
    add(map.get(0), false, (kind, whose) => otherOf(map.get(1), kind, whose))
  }
  return { ...(name !== undefined && { name: printable(name) }), ...Object.fromEntries(found) }
}

function digestOf(value: CborValue, field: Field, whose: string): Bytes {
  const [digest, ...more] = decodeDigests(value)
  const sizes = (field as { readonly digest: readonly number[] }).digest
  if (digest === undefined || more.length > 0 || !sizes.includes(digest.value.length))
    throw content(`${whose} must be one digest of ${sizes.join(' or ')} bytes`, value)
  return copyBytes(digest.value)
}

function otherOf(value: CborValue, field: Field, whose: string): Bytes | number | boolean {
  if (field === 'minimum') {
    const minimum = mapOf(value, whose, [1]).get(1)
    const found = isTag(minimum, tags.minimum) ? minimum.value : undefined
    if (typeof found !== 'number' || found < 0 || found > 65_535) throw content(`${whose} must be tag 553`, minimum)
    return found
  }
  const raw = mapOf(value, whose, [4]).get(4)
  const size = field === 'number' ? 2 : field === 'flag' ? 1 : (field as { readonly bytes: number }).bytes
  const bytes = isTag(raw, tags.bytes) ? raw.value : undefined
  if (!(bytes instanceof Uint8Array) || bytes.length !== size) throw content(`${whose} must be ${size} bytes`, raw)
  const [high = 0, low = 0] = bytes
  if (field === 'number') return 256 * high + low
  if (field !== 'flag') return copyBytes(bytes)
  if (high > 1) throw content(`${whose} must be 0 or 1`, raw)
  return high === 1
}
