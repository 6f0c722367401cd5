/**
 * Both readers on the same broken input: one certificate and one document, changed at seeded
 * places. What ours still accepts, theirs accepts, and they read the same from it.
 */
import { describe, expect, test } from 'vitest'
import { decodeCbor } from '../../src/encoding/cbor.ts'
import { decodeSign1 } from '../../src/encoding/cose.ts'
import { malformed } from '../../src/encoding/reader.ts'
import { BASIC_CONSTRAINTS, decodeCertificate, KEY_USAGE } from '../../src/x509/certificate.ts'
import { hex } from '../attester/bytes.ts'
import { outcomeOf } from '../encoding/refusal.ts'
import { type Bytes, certificates, documents, type Item } from './corpus.ts'
import { compare, type KnownDifferences } from './differences.ts'
import { notation, ours, ourTree, secondCbor, secondEnvelope, theirs, theirTree } from './second-readers.ts'

/** The same numbers in each run: xorshift32. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

/** A bit, a byte, two bytes, one put in or taken out, each at a random place. */
function* mutants(bytes: Bytes, count: number, seed: number): Generator<Item> {
  const random = randomNumbers(seed)
  for (let i = 0; i < count; i++) {
    const at = random(bytes.length)
    const value = random(256)
    const changed = new Uint8Array(bytes)
    if (i % 8 < 4) changed[at] = (bytes[at] as number) ^ (1 << (value & 7))
    else if (i % 8 < 7) changed[at] = value
    if (i % 8 === 6) changed[random(bytes.length)] = random(256)
    const edited = i % 8 === 7 ? edit(bytes, at, value) : changed
    yield { name: `mutant ${i} at ${at}`, bytes: edited }
  }
}

function edit(bytes: Bytes, at: number, value: number): Bytes {
  const list = [...bytes]
  if ((value & 1) === 0) list.splice(at, 1)
  else list.splice(at, 0, value)
  return Uint8Array.from(list)
}

/** A bit of every byte, another one from byte to byte. */
function* bitFlips(bytes: Bytes): Generator<Item> {
  for (let at = 0; at < bytes.length; at++) {
    const changed = new Uint8Array(bytes)
    changed[at] = (bytes[at] as number) ^ (1 << (at & 7))
    yield { name: `a bit of byte ${at}`, bytes: changed }
  }
}

/** Inputs that ours accepts and theirs refuses or reads differently. */
function surprises(
  inputs: Iterable<Item>,
  mine: (bytes: Bytes) => string,
  theirs: (bytes: Bytes) => string,
  known: KnownDifferences = [],
): string[] {
  const found: string[] = []
  let accepted = 0
  for (const { name, bytes } of inputs) {
    const outcome = outcomeOf(() => mine(bytes))
    if (outcome === 'refused') continue
    accepted++
    const { theirs: value, theirRefusal } = compare(
      name,
      () => outcome.value,
      () => theirs(bytes),
    )
    if (value === undefined && known.some(([pattern]) => pattern.test(theirRefusal))) continue
    if (value !== outcome.value) found.push(`${name}: theirs ${theirRefusal || 'differ'}`)
  }
  // Bytes of keys, names and signatures may be anything: were nothing accepted, nothing would have
  // been compared.
  expect(accepted).toBeGreaterThan(0)
  return found
}

/**
 * Names, keys and extensions that decide nothing here stay bytes for us: names and keys are
 * compared whole, by the rules of the path, so what they are made of is nobody's business. The
 * others look inside. Only certificates are compared in which these are as they were; as DER all of
 * them are.
 */
function opaque(der: Bytes): string {
  const { issuer, subject, spki, extensions } = decodeCertificate(der, 'it')
  const others = [...extensions].filter(([id]) => id !== BASIC_CONSTRAINTS && id !== KEY_USAGE)
  return [issuer, subject, spki, ...others.map(([, { value }]) => value)].map(hex).join()
}

const certificate = certificates.find(({ name }) => name.startsWith('fixture valid ['))
const document = documents.find(({ name }) => name === 'fixture valid')

describe.runIf(certificate !== undefined)('a certificate', () => {
  const { bytes } = certificate as Item
  const both = (): Item[] => [...bitFlips(bytes), ...mutants(bytes, 1500, 1)]
  const sound = opaque(bytes)
  const mine = (given: Bytes): string => {
    const value = ours(given)
    if (opaque(given) !== sound) throw malformed({ name: 'it', code: 'cert-parse' }, 'another name, key or extension')
    return value
  }

  test('as DER, beside asn1js', () => {
    // What ours accepts as DER and asn1js refuses.
    const laxer: KnownDifferences = [
      [/UniversalString value length/, 'text is not decoded: names are compared as bytes'],
      [/is reserved by ASN.1 standard/, 'a type without a meaning: no field has it'],
    ]
    expect(surprises(both(), ourTree, theirTree, laxer)).toEqual([])
  })
  test('beside all three libraries', () => {
    expect(surprises(both(), mine, theirs)).toEqual([])
  })
})

describe.runIf(document !== undefined)('a document', () => {
  const { bytes } = document as Item
  const source = { name: 'document', code: 'outer-cbor' } as const

  test('its envelope, beside cbor-x', () => {
    const mine = (given: Bytes): string => notation(decodeCbor(given, source))
    expect(surprises(mutants(bytes, 2500, 2), mine, (given) => notation(secondCbor(given)))).toEqual([])
  })

  test('its payload, beside cbor-x', () => {
    const { payload } = decodeSign1(bytes)
    const mine = (given: Bytes): string => notation(decodeCbor(given, source))
    expect(surprises(mutants(new Uint8Array(payload), 2500, 3), mine, (given) => notation(secondCbor(given)))).toEqual(
      [],
    )
  })

  test('as COSE_Sign1, beside cbor-x', () => {
    const said = ({ protectedHeader, unprotectedHeader, payload, signature }: Said): string =>
      notation([protectedHeader, unprotectedHeader, payload, signature])
    expect(
      surprises(
        mutants(bytes, 2500, 4),
        (given) => said(decodeSign1(given)),
        (given) => said(secondEnvelope(given)),
      ),
    ).toEqual([])
  })
})

/** What an envelope is made of. */
interface Said {
  readonly protectedHeader: ReadonlyMap<unknown, unknown>
  readonly unprotectedHeader: ReadonlyMap<unknown, unknown>
  readonly payload: Uint8Array
  readonly signature: Uint8Array
}
