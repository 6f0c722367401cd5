/**
 * AuthorizationList: what one part of the system (hardware, or Android) enforces about a key. Source: "Key attestation extension data schema" at
 * source.android.com, versions 1 to 500.
 *
 * DER, read strictly, with the one thing that phones do otherwise: elements of a SET OF come in any order. Tags are explicit, ascending, each once.
 * Tags that are not known are kept and mean nothing.
 */
import { VerificationError } from '../../../core/errors.ts'
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
  /** SHA-256 of the key that the system is signed with; empty or zeros on devices that are not locked. */
  readonly verifiedBootKey: Uint8Array
  readonly deviceLocked: boolean
  /** `verified`: by the maker's key. `self-signed`: by a key of the owner's. */
  readonly verifiedBootState: VerifiedBootState
  /** Digest of all that is verified; from version 3 on. */
  readonly verifiedBootHash: Uint8Array | undefined
}

/** The applications that share the user id which asked for the key, as Android says: the hardware knows nothing of them. */
export interface AndroidApplication {
  readonly packages: readonly { readonly name: string; readonly version: number | bigint }[]
  /** SHA-256 of the certificates that they are signed with. */
  readonly signers: readonly Uint8Array[]
}

/** A number is a bigint from 2^53 on. */
type Integer = number | bigint

/** Sets of numbers: their meanings are those of KeyMint. */
type NumberLists =
  | 'purpose'
  | 'blockMode'
  | 'digest'
  | 'padding'
  | 'mgfDigest'

/** Numbers; dates are Unix milliseconds, patch levels YYYYMM or YYYYMMDD. */
type Numbers =
  | 'algorithm'
  | 'keySize'
  | 'minMacLength'
  | 'ecCurve'
  | 'mlDsaVariant'
  | 'rsaPublicExponent'
  | 'activeDateTime'
  | 'originationExpireDateTime'
  | 'usageExpireDateTime'
  | 'usageCountLimit'
  | 'userSecureId'
  | 'userAuthType'
  | 'authTimeout'
  | 'creationDateTime'
  | 'origin'
  | 'osVersion'
  | 'osPatchLevel'
  | 'vendorPatchLevel'
  | 'bootPatchLevel'

/** What is there or not. */
type Flags =
  | 'callerNonce'
  | 'rollbackResistance'
  | 'earlyBootOnly'
  | 'noAuthRequired'
  | 'allowWhileOnBody'
  | 'trustedUserPresenceRequired'
  | 'trustedConfirmationRequired'
  | 'unlockedDeviceRequired'
  | 'allApplications'
  | 'rollbackResistant'
  | 'deviceUniqueAttestation'

/** Bytes; identifiers of the device are UTF-8. */
type Octets =
  | 'attestationIdBrand'
  | 'attestationIdDevice'
  | 'attestationIdProduct'
  | 'attestationIdSerial'
  | 'attestationIdImei'
  | 'attestationIdMeid'
  | 'attestationIdManufacturer'
  | 'attestationIdModel'
  | 'attestationIdSecondImei'
  | 'moduleHash'

/** What is enforced, by the names of the schema; what is not said is absent. */
export interface AuthorizationList extends Readonly<
  Partial<
    Record<NumberLists, readonly Integer[]> &
      Record<Numbers, Integer> &
      Record<Flags, true> &
      Record<Octets, Uint8Array>
  >
> {
  readonly rootOfTrust?: RootOfTrust
  readonly application?: AndroidApplication
  /** Tags that this version does not know, with the DER under them. */
  readonly unknown: readonly { readonly tag: number; readonly value: Uint8Array }[]
}

/** How the value of a tag is read. */
type Read = (input: Cursor, name: string) => unknown

/** Names and types of the tags, by their numbers. */
const fields: Readonly<Record<number, readonly [name: string, read: Read]>> = {
  1: ['purpose', readNumbers],
  2: ['algorithm', readNumber],
  3: ['keySize', readNumber],
  4: ['blockMode', readNumbers],
  5: ['digest', readNumbers],
  6: ['padding', readNumbers],
  7: ['callerNonce', readFlag],
  8: ['minMacLength', readNumber],
  10: ['ecCurve', readNumber],
  11: ['mlDsaVariant', readNumber],
  200: ['rsaPublicExponent', readNumber],
  203: ['mgfDigest', readNumbers],
  303: ['rollbackResistance', readFlag],
  305: ['earlyBootOnly', readFlag],
  400: ['activeDateTime', readNumber],
  401: ['originationExpireDateTime', readNumber],
  402: ['usageExpireDateTime', readNumber],
  405: ['usageCountLimit', readNumber],
  502: ['userSecureId', readNumber],
  503: ['noAuthRequired', readFlag],
  504: ['userAuthType', readNumber],
  505: ['authTimeout', readNumber],
  506: ['allowWhileOnBody', readFlag],
  507: ['trustedUserPresenceRequired', readFlag],
  508: ['trustedConfirmationRequired', readFlag],
  509: ['unlockedDeviceRequired', readFlag],
  600: ['allApplications', readFlag],
  701: ['creationDateTime', readNumber],
  702: ['origin', readNumber],
  703: ['rollbackResistant', readFlag],
  704: ['rootOfTrust', readRootOfTrust],
  705: ['osVersion', readNumber],
  706: ['osPatchLevel', readNumber],
  709: ['application', readApplication],
  710: ['attestationIdBrand', readOctets],
  711: ['attestationIdDevice', readOctets],
  712: ['attestationIdProduct', readOctets],
  713: ['attestationIdSerial', readOctets],
  714: ['attestationIdImei', readOctets],
  715: ['attestationIdMeid', readOctets],
  716: ['attestationIdManufacturer', readOctets],
  717: ['attestationIdModel', readOctets],
  718: ['vendorPatchLevel', readNumber],
  719: ['bootPatchLevel', readNumber],
  720: ['deviceUniqueAttestation', readFlag],
  723: ['attestationIdSecondImei', readOctets],
  724: ['moduleHash', readOctets],
}

const states: readonly VerifiedBootState[] = ['verified', 'self-signed', 'unverified', 'failed']
const utf8 = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * @param element the SEQUENCE
 * @param version of the attestation
 * @throws VerificationError with the code of `source`
 */
export function readAuthorizationList(element: Element, version: number, source: Source): AuthorizationList {
  const input = cursor(contentOf(element), source)
  const found: Record<string, unknown> = {}
  const unknown: { readonly tag: number; readonly value: Uint8Array }[] = []
  for (let last = -1; remaining(input) > 0;) {
    const tag = readTag(input)
    if (tag <= last) throw malformed(source, `tag ${tag} behind tag ${last}`)
    last = tag
    const field = Object.hasOwn(fields, tag) ? fields[tag] : undefined
    const value = cursor(take(input, readLength(input, `tag ${tag}`), `tag ${tag}`), source)
    if (field === undefined) {
      unknown.push(Object.freeze({ tag, value: copyBytes(value.bytes) }))
      continue
    }
    const [name, read] = field
    found[name] = read(value, name)
    end(value)
  }
  checkVersion(found['rootOfTrust'] as RootOfTrust | undefined, version, source)
  return Object.freeze({ ...found, unknown: Object.freeze(unknown) })
}

/** The number of an explicit tag of the context class, in the shortest of the two forms (X.690 section 8.1.2). */
function readTag(input: Cursor): number {
  const first = uint(input, 1, 'tag')
  if (first >> 5 !== 5) throw malformed(input.source, `authorization with the tag ${first.toString(16)}: not explicit`)
  const low = first & 0x1f
  if (low < 0x1f) return low
  let tag = 0
  for (let size = 1, more = true; more; size++) {
    const digit = uint(input, 1, 'tag')
    tag = tag * 128 + (digit & 0x7f)
    more = digit >= 0x80
    if (tag === 0 || size > 4) throw malformed(input.source, 'number of a tag padded or too long')
  }
  if (tag < 0x1f) throw malformed(input.source, `number of tag ${tag} not in shortest form`)
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

function readRootOfTrust(input: Cursor, name: string): RootOfTrust {
  const { source } = input
  const members = cursor(contentOf(readElement(input, SEQUENCE, name)), source)
  const verifiedBootKey = readOctets(members, 'verifiedBootKey')
  // One family of devices writes 01.
  const [locked] = contentOf(readPrimitive(members, BOOLEAN, 'deviceLocked (a BOOLEAN is 00 or FF)'))
  const [state = 0, more] = contentOf(readPrimitive(members, ENUMERATED, 'verifiedBootState'))
  const verifiedBootState = more === undefined ? states[state] : undefined
  if (verifiedBootState === undefined) throw malformed(source, `verifiedBootState must be 0 to 3, found ${state}`)
  const verifiedBootHash = remaining(members) > 0 ? readOctets(members, 'verifiedBootHash') : undefined
  end(members)
  return Object.freeze({ verifiedBootKey, deviceLocked: locked === 0xff, verifiedBootState, verifiedBootHash })
}

function checkVersion(rootOfTrust: RootOfTrust | undefined, version: number, { name, code }: Source): void {
  if (rootOfTrust === undefined || (rootOfTrust.verifiedBootHash !== undefined) === version >= 3) return
  throw new VerificationError(code, {
    subject: `${name}: verifiedBootHash in version ${version}`,
    expected: version >= 3 ? 'one' : 'none',
    found: version >= 3 ? 'none' : 'one',
  })
}

/** AttestationApplicationId, DER inside an OCTET STRING. */
function readApplication(input: Cursor, name: string): AndroidApplication {
  const { source } = input
  const content = cursor(contentOf(readPrimitive(input, OCTET_STRING, name)), source)
  const members = cursor(contentOf(readElement(content, SEQUENCE, name)), source)
  end(content)
  const packages = readSet(members, 'packages', (items) => {
    const one = cursor(contentOf(readElement(items, SEQUENCE, 'package')), source)
    const text = readText(contentOf(readPrimitive(one, OCTET_STRING, 'packageName')), source)
    const version = readNumber(one, 'version of a package')
    end(one)
    return Object.freeze({ name: text, version })
  })
  const signers = readSet(members, 'signers', (items) => readOctets(items, 'signer'))
  end(members)
  return Object.freeze({ packages, signers })
}

function readText(bytes: Bytes, source: Source): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw malformed(source, 'packageName is not UTF-8')
  }
}
