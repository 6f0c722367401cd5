/**
 * AuthorizationList: what one part of the system (hardware, or Android) enforces about a key.
 * Source: "Key attestation extension data schema" at source.android.com, versions 1 to 500.
 *
 * DER, read strictly, with the one thing that phones do otherwise: elements of a SET OF come in any
 * order. Tags are explicit, ascending, each once. Tags that are not known are kept and mean
 * nothing.
 */
import { type Bytes, copyBytes } from '../../../encoding/bytes.ts'
import {
  BOOLEAN,
  contentOf,
  type Element,
  ENUMERATED,
  INTEGER,
  NULL,
  OCTET_STRING,
  readElement,
  readLength,
  readPrimitive,
  SEQUENCE,
  SET,
} from '../../../encoding/der.ts'
import { type Cursor, cursor, end, malformed, remaining, type Source, take, uint } from '../../../encoding/reader.ts'

/** Verified boot, as the boot loader found it. */
export type VerifiedBootState = 'verified' | 'self-signed' | 'unverified' | 'failed'

/** What the boot loader told the hardware. */
export interface RootOfTrust {
  /**
   * SHA-256 of the key that the system is signed with; empty or zeros on devices that are not
   * locked.
   */
  readonly verifiedBootKey: Uint8Array
  readonly deviceLocked: boolean
  /** `verified`: by the maker's key. `self-signed`: by a key of the owner's. */
  readonly verifiedBootState: VerifiedBootState
  /** Digest of all that is verified; from version 3 on. */
  readonly verifiedBootHash: Uint8Array | undefined
}

/**
 * The applications that share the user id which asked for the key, as Android says: the hardware
 * knows nothing of them.
 */
export interface AndroidApplication {
  readonly packages: readonly { readonly name: string; readonly version: number | bigint }[]
  /** SHA-256 of the certificates that they are signed with. */
  readonly signers: readonly Uint8Array[]
}

/** A number is a bigint from 2^53 on. */
export type Integer = number | bigint

/**
 * What is enforced, by the names of the schema; what is not said is absent. Dates are Unix
 * milliseconds.
 */
export interface AuthorizationList {
  readonly purpose?: readonly Integer[]
  readonly algorithm?: Integer
  readonly keySize?: Integer
  readonly digest?: readonly Integer[]
  readonly ecCurve?: Integer
  /** The key works without the user. */
  readonly noAuthRequired?: true
  readonly userAuthType?: Integer
  readonly authTimeout?: Integer
  readonly unlockedDeviceRequired?: true
  readonly allApplications?: true
  readonly creationDateTime?: Integer
  /** 0: generated where it is kept. */
  readonly origin?: Integer
  readonly rootOfTrust?: RootOfTrust
  readonly osVersion?: Integer
  /** YYYYMM */
  readonly osPatchLevel?: Integer
  readonly application?: AndroidApplication
  /** YYYYMMDD */
  readonly vendorPatchLevel?: Integer
  /** YYYYMMDD */
  readonly bootPatchLevel?: Integer
  /**
   * All others by their numbers in the schema: of known types, or as DER where the tag is not
   * known.
   */
  readonly others: readonly Authorization[]
}

/** An authorization without a name here. */
export interface Authorization {
  readonly tag: number
  readonly value: Integer | readonly Integer[] | true | Uint8Array
}

/** How the value of a tag is read. */
type Read = (input: Cursor, name: string, version: number) => unknown

/** Tags with a name here. */
const names: Readonly<Record<number, string>> = {
  1: 'purpose',
  2: 'algorithm',
  3: 'keySize',
  5: 'digest',
  10: 'ecCurve',
  503: 'noAuthRequired',
  504: 'userAuthType',
  505: 'authTimeout',
  509: 'unlockedDeviceRequired',
  600: 'allApplications',
  701: 'creationDateTime',
  702: 'origin',
  704: 'rootOfTrust',
  705: 'osVersion',
  706: 'osPatchLevel',
  709: 'application',
  718: 'vendorPatchLevel',
  719: 'bootPatchLevel',
}

/** Every tag that is known, by its type. */
const types: readonly (readonly [read: Read, ...tags: readonly number[]])[] = [
  [readNumbers, 1, 4, 5, 6, 203],
  [readNumber, 2, 3, 8, 10, 11, 200, 400, 401, 402, 405, 502, 504, 505, 701, 702, 705, 706, 718, 719],
  [readFlag, 7, 303, 305, 503, 506, 507, 508, 509, 600, 703, 720],
  [readRootOfTrust, 704],
  [readApplication, 709],
  [readOctets, 710, 711, 712, 713, 714, 715, 716, 717, 723, 724],
]

const states: readonly VerifiedBootState[] = ['verified', 'self-signed', 'unverified', 'failed']
const utf8 = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * @param element the SEQUENCE
 * @param version of the attestation
 * @throws VerificationError with the code of `source`
 */
export function readAuthorizationList(element: Element, version: number, source: Source): AuthorizationList {
  const input = cursor(contentOf(element), source)
  // Inherits nothing: what the hardware does not say, no code of the page can say for it.
  const list = Object.create(null) as Record<string, unknown>
  const others: Authorization[] = []
  for (let last = -1; remaining(input) > 0;) {
    const tag = readTag(input)
    if (tag <= last) throw malformed(source, `tag ${tag} behind tag ${last}`)
    last = tag
    const isNamed = Object.hasOwn(names, tag)
    const name = isNamed ? (names[tag] as string) : `tag ${tag}`
    const content = cursor(take(input, readLength(input, name), name), source)
    const [read] = types.find(([, ...tags]) => tags.includes(tag)) ?? [takeAll]
    const value = read(content, name, version)
    end(content)
    if (isNamed) list[name] = value
    else others.push(Object.freeze({ tag, value } as Authorization))
  }
  list['others'] = Object.freeze(others)
  return Object.freeze(list) as unknown as AuthorizationList
}

/** Of a tag that is not known: one element, whatever it is. */
function takeAll(input: Cursor): Bytes {
  return copyBytes(take(input, remaining(input), 'value'))
}

/**
 * The number of an explicit tag of the context class, in the shortest of the two forms (X.690
 * section 8.1.2).
 */
function readTag(input: Cursor): number {
  const first = uint(input, 1, 'tag')
  const low = first & 0x1f
  let tag = low < 0x1f ? low : 0
  if (low === 0x1f) {
    let digit: number
    do {
      digit = uint(input, 1, 'tag')
      tag = tag * 128 + (digit & 0x7f)
    } while (digit >= 0x80 && tag > 0 && tag < 2 ** 21)
    if (digit >= 0x80 || tag < 0x1f) throw malformed(input.source, 'number of a tag not in shortest form')
  }
  if (first >> 5 !== 5) throw malformed(input.source, `tag ${tag} is not explicit`)
  return tag
}

function readNumber(input: Cursor, name: string): Integer {
  const content = contentOf(readPrimitive(input, INTEGER, name))
  // 64 bits without a sign, and the zero that says so.
  if ((content[0] as number) >= 0x80 || content.length > 9) throw malformed(input.source, `${name} out of range`)
  const value = content.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n)
  return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value
}

function readNumbers(input: Cursor, name: string): readonly Integer[] {
  return readSet(input, name, (items) => readNumber(items, name))
}

/** SET OF, in any order: DER sorts it, phones do not. */
function readSet<T>(input: Cursor, name: string, read: (items: Cursor) => T): readonly T[] {
  const items = cursor(contentOf(readElement(input, SET, name)), input.source)
  const found: T[] = []
  while (remaining(items) > 0) found.push(read(items))
  return Object.freeze(found)
}

function readFlag(input: Cursor, name: string): true {
  readPrimitive(input, NULL, name)
  return true
}

function readOctets(input: Cursor, name: string): Bytes {
  return copyBytes(contentOf(readPrimitive(input, OCTET_STRING, name)))
}

function readRootOfTrust(input: Cursor, name: string, version: number): RootOfTrust {
  const { source } = input
  const members = cursor(contentOf(readElement(input, SEQUENCE, name)), source)
  const verifiedBootKey = readOctets(members, 'verifiedBootKey')
  // One family of devices writes 01.
  const [locked] = contentOf(readPrimitive(members, BOOLEAN, 'deviceLocked (a BOOLEAN is 00 or FF)'))
  const [state = 0, more] = contentOf(readPrimitive(members, ENUMERATED, 'verifiedBootState'))
  const verifiedBootState = more === undefined ? states[state] : undefined
  if (verifiedBootState === undefined) throw malformed(source, `verifiedBootState must be 0 to 3, found ${state}`)
  const verifiedBootHash = version >= 3 ? readOctets(members, 'verifiedBootHash') : undefined
  end(members)
  return Object.freeze({ verifiedBootKey, deviceLocked: locked === 0xff, verifiedBootState, verifiedBootHash })
}

/** AttestationApplicationId, DER inside an OCTET STRING. */
function readApplication(input: Cursor, name: string): AndroidApplication {
  const { source } = input
  const content = cursor(contentOf(readPrimitive(input, OCTET_STRING, name)), source)
  const members = cursor(contentOf(readElement(content, SEQUENCE, name)), source)
  end(content)
  const packages = readSet(members, 'packages', (items) => {
    const one = cursor(contentOf(readElement(items, SEQUENCE, 'package')), source)
    const octets = contentOf(readPrimitive(one, OCTET_STRING, 'packageName'))
    const version = readNumber(one, 'version of a package')
    end(one)
    try {
      return Object.freeze({ name: utf8.decode(octets), version })
    } catch {
      throw malformed(source, 'packageName is not UTF-8')
    }
  })
  const signers = readSet(members, 'signers', (items) => readOctets(items, 'signer'))
  end(members)
  return Object.freeze({ packages, signers })
}
