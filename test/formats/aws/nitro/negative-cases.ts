/**
 * One case per rule: what a document breaks, and how it must be refused. Everything that a case
 * does not speak of is right, signatures included.
 */
import { concat, pattern, unhex, withByte } from '../../../attester/bytes.ts'
import * as cbor from '../../../attester/cbor.ts'
import { type CertificatePlan, createSigner } from '../../../attester/certificate.ts'
import * as der from '../../../attester/der.ts'
import {
  authorityExtensions,
  type CertificateId,
  critical,
  debugPcrs,
  type DocumentOverrides,
  encodePcrs,
  extension,
  keyUsages,
  leafExtensions,
  testNonce,
} from '../../../attester/nitro.ts'
import type { AttestationErrorCode } from '../../../../src/core/codes.ts'
import { skipFreshness, skipReferenceValues } from '../../../../src/formats/aws/nitro/index.ts'
import { type Change, minute, now, PCR0, pcrs, second } from './made.ts'

export interface NegativeCase extends Change {
  readonly code: AttestationErrorCode
  /** The rule that is broken. */
  readonly rule: string
  /** What the message must say. */
  readonly message: RegExp
}

type Bytes = Uint8Array<ArrayBuffer>
type Row = readonly [rule: string, message: RegExp, change: Change]

const stranger = await createSigner()
const none = new Uint8Array()
const zero = new Uint8Array(48)
const year = 365 * 86_400 * second
const order = unhex('ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973')

const rows = (code: AttestationErrorCode, ...list: readonly Row[]): NegativeCase[] =>
  list.map(([rule, message, change]) => ({ code, rule, message, ...change }))
const document = (overrides: DocumentOverrides): Change => ({ document: overrides })
const field = (key: string, value: Bytes | undefined): Change => ({ document: { fields: { [key]: value } } })
const option = (name: string, value: unknown): Change => ({ options: { [name]: value } })
/** Replaces one item of the envelope, after signing. */
const item = (index: number, value: Bytes | ((given: Bytes) => Bytes)): Change =>
  document({ envelope: (items) => withItem(items, index, value) })
const certificate = (id: CertificateId, plan: Partial<CertificatePlan>): Change => ({
  attester: { certificates: { [id]: plan } },
})
/** Replaces one element of the leaf's TBSCertificate, before signing. */
const tbs = (index: number, value: Bytes | ((given: Bytes) => Bytes)): Change =>
  certificate('leaf', { tbs: (elements) => withItem(elements, index, value) })
const extensions = (id: CertificateId, ...list: CertificatePlan['extensions']): Change =>
  certificate(id, { extensions: list })
/** Replaces the leaf's extensions, in DER. */
const rawExtensions = (...list: readonly Bytes[]): Change => tbs(7, der.explicit(3, der.sequence(...list)))

function withItem<T>(items: readonly T[], index: number, value: T | ((given: T) => T)): T[] {
  return items.map((given, i) =>
    i !== index ? given : typeof value === 'function' ? (value as (given: T) => T)(given) : value,
  )
}

// TBSCertificate by position.
const [VERSION, SERIAL, ALGORITHM, ISSUER, VALIDITY, SUBJECT, KEY] = [0, 1, 2, 3, 4, 5, 6]
// Extensions by what they are.
const keyUsage = '2.5.29.15'
const basicConstraints = '2.5.29.19'
const nameConstraints = '2.5.29.30'
const unknown = '1.3.6.1.4.1.99999.1'
const rawExtension = (id: string, value: Bytes, ...criticalElement: readonly Bytes[]): Bytes =>
  der.sequence(der.objectIdentifier(id), ...criticalElement, der.octetString(value))
const rawKeyUsage = rawExtension(keyUsage, unhex('030206c0'))
const ecdsaSha384 = der.objectIdentifier('1.2.840.10045.4.3.3')
const nested = (depth: number): Bytes => (depth === 0 ? der.sequence() : der.sequence(nested(depth - 1)))
const nestedArrays = (depth: number): Bytes => concat(new Uint8Array(depth).fill(0x81), [0x80])
const times = (from: string, to = '260601145903Z'): Bytes => der.sequence(der.time(from), der.time(to))
/** SubjectPublicKeyInfo whose point is `change`d. */
const point =
  (change: (key: Bytes) => Uint8Array) =>
  (spki: Bytes): Bytes => {
    const [algorithm = none, key = none] = der.elementsOf(spki)
    return der.sequence(algorithm, der.bitString(change(der.contentOf(key).subarray(1))))
  }
/** A certificate's signature as INTEGERs made of the given contents. */
const signatureOf = (change: (r: Bytes, s: Bytes) => Bytes): Partial<CertificatePlan> => ({
  outer: (elements) =>
    withItem(elements, 2, (given) => {
      const [r = none, s = none] = der
        .elementsOf(der.contentOf(given).subarray(1))
        .map((integer) => der.contentOf(integer))
      return der.bitString(change(r, s))
    }),
})
/** Adds a field that brings the payload, an indefinite map, to `size` bytes. */
const fillTo =
  (size: number) =>
  (entries: cbor.Entry[]): cbor.Entry[] => {
    const rest = 2 + concat(...entries.flat(), cbor.text('more')).length
    return [...entries, [cbor.text('more'), cbor.bytes(new Uint8Array(size - rest - 3))]]
  }
const expired: Partial<CertificatePlan> = { notAfter: new Date(now.getTime() - 5 * minute - second) }
const notYetValid: Partial<CertificatePlan> = { notBefore: new Date(now.getTime() + 6 * minute) }
const withoutNonce = (change: Change): Change => ({
  ...change,
  options: { freshness: skipFreshness, ...change.options },
})

export const negativeCases: readonly NegativeCase[] = [
  ...rows(
    'payload-size',
    ['evidence above 16,640 bytes', /evidence.*16641/, document({ document: () => new Uint8Array(16_641) })],
    ['payload above 16,384 bytes', /payload.*16384/, document({ entries: fillTo(16_385) })],
    ['payload of no bytes', /payload.*found 0/, document({ payload: () => none })],
  ),
  ...rows(
    'outer-cbor',
    ['a byte after the envelope', /1 bytes left over/, document({ document: (bytes) => concat(bytes, [0]) })],
    ['two documents', /left over/, document({ document: (bytes) => concat(bytes, bytes) })],
    ['the last byte is missing', /needs 96 bytes, found 95/, document({ document: (bytes) => bytes.slice(0, -1) })],
    ['nothing but a tag', /COSE_Sign1/, document({ document: () => unhex('d2') })],
  ),
  ...rows(
    'cose-tag',
    ['T-N23 tag 17, COSE_Mac0', /tag.*17/, document({ document: (bytes) => cbor.tag(17, bytes) })],
    ['T-N23 tag 18 in two bytes', /tag.*18/, document({ document: (bytes) => cbor.tag(18, bytes, 1) })],
    [
      'T-N23 tag 61, CWT, around tag 18',
      /tag.*61/,
      document({ document: (bytes) => cbor.tag(61, cbor.tag(18, bytes)) }),
    ],
    ['T-N23 tag 18 twice', /tag.*18/, document({ document: (bytes) => cbor.tag(18, cbor.tag(18, bytes)) })],
  ),
  ...rows(
    'cose-shape',
    ['an array of 3', /array of 4/, document({ envelope: (items) => items.slice(0, 3) })],
    ['an array of 5', /array of 4/, document({ envelope: (items) => [...items, cbor.nothing] })],
    ['an indefinite array', /array of 4/, document({ document: (bytes) => concat([0x9f], bytes.subarray(1), [0xff]) })],
    [
      'the head of the array is padded',
      /array of 4/,
      document({ document: (bytes) => concat([0x98, 4], bytes.subarray(1)) }),
    ],
    ['wrapped in a byte string', /array of 4/, document({ document: (bytes) => cbor.bytes(bytes) })],
    [
      'protected header is no byte string',
      /protected header/,
      item(0, cbor.map([[cbor.unsigned(1), cbor.negative(-35)]])),
    ],
    ['unprotected header is no map', /unprotected header/, item(1, cbor.array())],
    ['T-N25 payload is null (detached)', /payload/, item(2, cbor.nothing)],
    ['T-N25 payload is no byte string', /payload/, item(2, (given) => cbor.text(given.subarray(3, 30)))],
    ['payload in chunks', /payload/, item(2, (given) => cbor.chunked(given.subarray(3)))],
    ['the head of the payload is padded', /payload/, item(2, (given) => cbor.bytes(given.subarray(3), 4))],
    ['signature is no byte string', /signature/, item(3, cbor.array())],
    ['the head of the signature is padded', /signature/, item(3, (given) => cbor.bytes(given.subarray(2), 2))],
  ),
  ...rows(
    'cose-protected',
    ['a second header', /protected.*found 2/, document({ protectedHeader: unhex('a201382204412a') })],
    ['crit', /protected.*found 2/, document({ protectedHeader: unhex('a201382202810f') })],
    ['alg twice', /protected header.*duplicate key 1/, document({ protectedHeader: unhex('a201382201382f') })],
    ['a byte after the map', /protected header.*left over/, document({ protectedHeader: unhex('a101382200') })],
    ['no bytes', /protected header/, document({ protectedHeader: none })],
    ['no map', /protected header/, document({ protectedHeader: unhex('820138') })],
    ['an indefinite map', /protected header/, document({ protectedHeader: unhex('bf013822ff') })],
    ['a padded label', /protected header/, document({ protectedHeader: unhex('a118013822') })],
  ),
  ...rows(
    'cose-alg',
    ['T-N24 ES256 over a P-384 chain', /alg.*-35.*-7/, document({ protectedHeader: unhex('a10126') })],
    ['ES512', /alg.*-35.*-36/, document({ protectedHeader: unhex('a1013823') })],
    ['alg as text', /alg.*-35.*tstr/, document({ protectedHeader: unhex('a101654553333834') })],
    ['no alg', /alg.*-35.*undefined/, document({ protectedHeader: unhex('a0') })],
    [
      'alg in the unprotected header',
      /alg.*-35.*undefined/,
      document({ protectedHeader: unhex('a0'), envelope: (items) => withItem(items, 1, unhex('a1013822')) }),
    ],
  ),
  ...rows(
    'cose-unprotected',
    ['T-N25 something in it', /unprotected.*found 1/, item(1, unhex('a1044178'))],
    ['an indefinite map', /unprotected header/, item(1, unhex('bfff'))],
    ['a key twice', /unprotected header.*duplicate/, item(1, unhex('a204400440'))],
  ),
  ...rows(
    'cose-signature-length',
    ['95 bytes', /signature.*96.*95/, document({ signature: (raw) => raw.slice(1) })],
    ['97 bytes', /signature.*96.*97/, document({ signature: (raw) => concat([0], raw) })],
    ['DER', /signature.*96.*10\d/, document({ signature: der.ecdsaSignature })],
    ['none', /signature.*96.*0/, document({ signature: () => none })],
    ['64 zeros, as an emulator writes', /signature.*96.*64/, document({ signature: () => new Uint8Array(64) })],
  ),
  ...rows(
    'cose-signature',
    ['a bit of the signature', /leaf/, document({ signature: (raw) => withByte(raw, 95, (byte) => byte ^ 1) })],
    ['a bit of the payload', /leaf/, item(2, (given) => withByte(given, 25, (byte) => byte ^ 1))],
    ['signed by another key', /leaf/, document({ signer: stranger })],
    ['signed over the bare payload', /leaf/, document({ signed: (structure) => structure.slice(22) })],
    [
      'signed under the context Signature',
      /leaf/,
      document({ signed: (structure) => concat([0x84, 0x69], structure.subarray(2, 11), structure.subarray(12)) }),
    ],
    [
      'signed with external data',
      /leaf/,
      document({ signed: (structure) => concat(structure.subarray(0, 17), [0x41, 0], structure.subarray(18)) }),
    ],
    ['96 zeros', /leaf/, document({ signature: () => new Uint8Array(96) })],
    ['r is zero', /leaf/, document({ signature: (raw) => concat(zero, raw.subarray(48)) })],
    ['s is the order', /leaf/, document({ signature: (raw) => concat(raw.subarray(0, 48), order) })],
    ['r and s swapped', /leaf/, document({ signature: (raw) => concat(raw.subarray(48), raw.subarray(0, 48)) })],
    [
      'the key of the leaf is no point of the curve',
      /leaf/,
      tbs(
        KEY,
        point((key) => withByte(key, -1, (byte) => byte ^ 1)),
      ),
    ],
  ),
  ...rows(
    'payload-cbor',
    [
      'a field twice',
      /duplicate key "digest"/,
      document({ entries: (entries) => [...entries, ...entries.slice(1, 2)] }),
    ],
    [
      'a PCR twice, in two encodings',
      /duplicate key 0/,
      field(
        'pcrs',
        cbor.map([
          [cbor.unsigned(0), cbor.bytes(PCR0)],
          [cbor.unsigned(0, 1), cbor.bytes(zero)],
        ]),
      ),
    ],
    ['a byte after the map', /left over/, document({ payload: (payload) => concat(payload, [0]) })],
    ['the break is missing', /payload/, document({ payload: (payload) => payload.slice(0, -1) })],
    [
      'fewer entries than the head says',
      /payload/,
      document({ indefinite: false, payload: (payload) => concat([0xaa], payload.subarray(1)) }),
    ],
    ['a tag in front of the map', /payload.*tag/, document({ payload: (payload) => cbor.tag(55_799, payload) })],
    ['a byte string in chunks', /payload/, field('pcrs', cbor.map([[cbor.unsigned(0), cbor.chunked(PCR0)]]))],
    ['text in chunks', /payload/, field('digest', concat([0x7f], cbor.text('SHA384'), [0xff]))],
    ['text that is not UTF-8', /UTF-8/, field('module_id', cbor.text(unhex('69c328')))],
    ['an overlong UTF-8 form', /UTF-8/, field('module_id', cbor.text(unhex('c081')))],
    ['a surrogate in UTF-8', /UTF-8/, field('module_id', cbor.text(unhex('eda080')))],
    ['T-N14 a number of 2^63', /2\^53/, field('timestamp', unhex('1b8000000000000000'))],
    ['a length of 2^63', /2\^53/, field('user_data', unhex('5b7fffffffffffffff'))],
    ['a length beyond the input', /needs 4294967295 bytes/, field('user_data', unhex('5affffffff'))],
    ['an array beyond the input', /entries/, field('cabundle', unhex('9affffffff'))],
    ['nested deeper than 16', /nested.*deep/, field('more', nestedArrays(16))],
    ['tags nested deeper than 16', /nested.*deep/, field('more', concat(new Uint8Array(16).fill(0xc1), [0]))],
    ['reserved additional information', /reserved/, field('more', unhex('1c'))],
    ['an unknown simple value', /simple value/, field('more', unhex('e0'))],
    ['a simple value in two bytes', /simple value/, field('more', unhex('f814'))],
    [
      'a break outside of anything',
      /simple value|break/,
      document({ indefinite: false, fields: { more: unhex('ff') } }),
    ],
    ['an integer of indefinite length', /indefinite/, field('more', unhex('1f'))],
    ['a byte string as key', /key/, document({ entries: (entries) => [...entries, [cbor.bytes(none), cbor.nothing]] })],
    ['a float as key', /key/, document({ entries: (entries) => [...entries, [cbor.float64(0), cbor.nothing]] })],
  ),
  ...rows(
    'payload-field-missing',
    ...['module_id', 'digest', 'timestamp', 'pcrs', 'certificate', 'cabundle'].flatMap((key): Row[] => [
      [`no ${key}`, new RegExp(`${key}.*nothing`), field(key, undefined)],
      [`${key} is null`, new RegExp(`${key}.*null`), field(key, cbor.nothing)],
    ]),
  ),
  ...rows(
    'payload-field-type',
    ['payload is an array', /payload.*map.*array/, document({ payload: () => cbor.array() })],
    ['payload is text', /payload.*map.*tstr/, document({ payload: () => cbor.text('{}') })],
    [
      'a number as key of the payload',
      /key.*uint/,
      document({ entries: (entries) => [...entries, [cbor.unsigned(1), cbor.nothing]] }),
    ],
    ['module_id is bytes', /module_id.*tstr.*bstr/, field('module_id', cbor.bytes(pattern(3)))],
    ['digest is a number', /digest.*tstr.*uint/, field('digest', cbor.unsigned(384))],
    ['T-N15 timestamp is a float', /timestamp.*uint.*float/, field('timestamp', cbor.float64(now.getTime()))],
    ['T-N16 timestamp is negative', /timestamp.*uint.*nint/, field('timestamp', cbor.negative(-1))],
    [
      'T-N17 timestamp is a bignum, tag 2',
      /timestamp.*uint.*tag/,
      field('timestamp', cbor.tag(2, cbor.bytes(unhex('019b5640fdf6')))),
    ],
    [
      'T-N17 timestamp is an epoch time, tag 1',
      /timestamp.*uint.*tag/,
      field('timestamp', cbor.tag(1, cbor.unsigned(now.getTime()))),
    ],
    ['timestamp is text', /timestamp.*uint.*tstr/, field('timestamp', cbor.text(`${now.getTime()}`))],
    ['pcrs is an array', /pcrs.*map.*array/, field('pcrs', cbor.array(cbor.bytes(PCR0)))],
    ['certificate is text', /certificate.*bstr.*tstr/, field('certificate', cbor.text('x'))],
    ['certificate is a list', /certificate.*bstr.*array/, field('certificate', cbor.array())],
    ['cabundle is one certificate', /cabundle.*array.*bstr/, field('cabundle', cbor.bytes(pattern(3)))],
    ['null in cabundle', /cabundle\[0\].*bstr.*null/, field('cabundle', cbor.array(cbor.nothing))],
    ...['public_key', 'user_data', 'nonce'].flatMap((key): Row[] => [
      [`${key} is undefined`, new RegExp(`${key}.*bstr.*undefined`), field(key, cbor.undefinedValue)],
      [`${key} is text`, new RegExp(`${key}.*bstr.*tstr`), field(key, cbor.text('x'))],
      [`${key} is false`, new RegExp(`${key}.*bstr.*false`), field(key, unhex('f4'))],
    ]),
  ),
  ...rows(
    'payload-field-size',
    ['T-N19 module_id is empty', /module_id.*1 to.*found 0/, field('module_id', cbor.text(''))],
    ['T-N13 timestamp 0', /timestamp.*found 0/, field('timestamp', cbor.unsigned(0))],
    [
      'timestamp after the year 9999',
      /timestamp.*found 253402300800000/,
      field('timestamp', cbor.unsigned(253_402_300_800_000)),
    ],
    ['no PCR', /pcrs.*found 0/, field('pcrs', cbor.map([]))],
    [
      '33 PCRs',
      /pcrs.*found 33/,
      field('pcrs', encodePcrs(Object.fromEntries(Array.from({ length: 33 }, (_, i) => [i, PCR0])))),
    ],
    ['certificate is empty', /certificate.*found 0/, document({ certificate: none })],
    ['T-N11 certificate of 1025 bytes', /certificate.*found 1025/, document({ certificate: new Uint8Array(1025) })],
    ['T-N10 cabundle is empty', /cabundle.*found 0/, document({ cabundle: () => [] })],
    [
      'T-N10 cabundle of 9',
      /cabundle.*found 9/,
      document({ cabundle: ([root = none, ...rest]) => [...Array.from({ length: 6 }, () => root), ...rest] }),
    ],
    [
      'T-N10 cabundle of 1,000',
      /cabundle.*found 1000/,
      document({ cabundle: () => Array.from({ length: 1000 }, () => unhex('3000')) }),
    ],
    [
      'an empty certificate in cabundle',
      /cabundle\[1\].*found 0/,
      document({ cabundle: (given) => withItem(given, 1, none) }),
    ],
    [
      'T-N11 a certificate of 1025 bytes in cabundle',
      /cabundle\[3\].*found 1025/,
      document({ cabundle: (given) => withItem(given, 3, new Uint8Array(1025)) }),
    ],
    ['T-N12 user_data of 1025 bytes', /user_data.*1024.*found 1025/, document({ userData: new Uint8Array(1025) })],
    ['nonce of 1025 bytes', /nonce.*1024.*found 1025/, document({ nonce: new Uint8Array(1025) })],
    ['public_key of 1025 bytes', /public_key.*1024.*found 1025/, document({ publicKey: new Uint8Array(1025) })],
  ),
  ...rows(
    'payload-digest',
    ['T-N18 SHA256', /digest.*SHA384.*SHA256/, field('digest', cbor.text('SHA256'))],
    ['T-N18 SHA512', /digest.*SHA384.*SHA512/, field('digest', cbor.text('SHA512'))],
    ['T-N18 lower case', /digest.*SHA384.*sha384/, field('digest', cbor.text('sha384'))],
    ['empty', /digest.*SHA384/, field('digest', cbor.text(''))],
  ),
  ...rows(
    'payload-pcr',
    ['index 32', /PCR.*0 to 31.*32/, field('pcrs', encodePcrs({ 0: PCR0, 32: PCR0 }))],
    ['index -1', /PCR.*0 to 31.*-1/, field('pcrs', cbor.map([[cbor.negative(-1), cbor.bytes(PCR0)]]))],
    ['index as text', /PCR.*0 to 31.*0/, field('pcrs', cbor.map([[cbor.text('0'), cbor.bytes(PCR0)]]))],
    ...[0, 32, 47, 49, 64].map((size): Row => [
      `${size} bytes`,
      new RegExp(`PCR.*48.*of ${size}`),
      field('pcrs', encodePcrs({ 0: PCR0, 3: new Uint8Array(size) })),
    ]),
    ['a value that is text', /PCR.*tstr/, field('pcrs', cbor.map([[cbor.unsigned(0), cbor.text('a'.repeat(48))]]))],
    ['a value that is null', /PCR.*null/, field('pcrs', cbor.map([[cbor.unsigned(0), cbor.nothing]]))],
    ['registers of both kinds', /pcrs or nitrotpm_pcrs.*both/, field('nitrotpm_pcrs', encodePcrs(pcrs))],
  ),
  ...rows(
    'root-mismatch',
    [
      'T-N2 another key under the same name',
      /root/,
      { attester: { keys: new Map() }, options: { trustAnchors: undefined } },
    ],
    ['T-N10 the root is missing', /root/, document({ cabundle: (given) => given.slice(1) })],
    ['T-N10 the root is not first', /root/, document({ cabundle: (given) => [...given].reverse() })],
    [
      'a byte after the root',
      /root/,
      document({ cabundle: (given) => withItem(given, 0, (root) => concat(root, [0])) }),
    ],
    [
      'a bit of the signature of the root',
      /root/,
      document({ cabundle: (given) => withItem(given, 0, (root) => withByte(root, -1, (byte) => byte ^ 1)) }),
    ],
  ),
  ...rows(
    'cert-parse',
    [
      'a byte after the certificate',
      /certificate.*left over/,
      certificate('leaf', { der: (bytes) => concat(bytes, [0]) }),
    ],
    ['an intermediate that is cut off', /cabundle\[2\]/, certificate('zonal', { der: (bytes) => bytes.slice(0, -1) })],
    ['an empty SEQUENCE', /certificate/, certificate('leaf', { der: () => der.sequence() })],
    ['a fourth element', /certificate/, certificate('leaf', { outer: (elements) => [...elements, der.sequence()] })],
    ['no version (v1)', /certificate/, certificate('leaf', { tbs: (elements) => elements.slice(1) })],
    ['v1 spelt out', /certificate.*v3/, tbs(VERSION, der.explicit(0, der.integer(0)))],
    ['v2', /certificate.*v3/, tbs(VERSION, der.explicit(0, der.integer(1)))],
    ['v4', /certificate.*v3/, tbs(VERSION, der.explicit(0, der.integer(3)))],
    ['two versions', /certificate.*(version|v3)/, tbs(VERSION, der.explicit(0, der.integer(2), der.integer(2)))],
    ['serial number 0', /certificate.*serialNumber/, tbs(SERIAL, der.integer(0))],
    ['a negative serial number', /certificate.*serialNumber/, tbs(SERIAL, der.integer(0x80))],
    ['a serial number of 22 octets', /certificate.*serialNumber/, tbs(SERIAL, der.integer(1, ...pattern(21)))],
    ['a padded serial number', /certificate.*DER/, tbs(SERIAL, der.integer(0, 1))],
    ['an empty serial number', /certificate.*DER/, tbs(SERIAL, der.integer())],
    ['no issuer', /certificate.*issuer/, tbs(ISSUER, der.sequence())],
    [
      'a CA without subject, hence a certificate without issuer',
      /certificate.*issuer/,
      certificate('instance', { subject: [] }),
    ],
    [
      'unique identifiers',
      /certificate/,
      certificate('leaf', {
        tbs: (elements) => [...elements.slice(0, 7), der.element(0x81, unhex('00ff')), ...elements.slice(7)],
      }),
    ],
    ['no extensions', /certificate/, certificate('leaf', { tbs: (elements) => elements.slice(0, 7) })],
    ['one time', /certificate.*validity/, tbs(VALIDITY, der.sequence(der.time('260601115900Z')))],
    [
      'three times',
      /certificate.*validity/,
      tbs(VALIDITY, der.sequence(...['260601115900Z', '260601145903Z', '260601145903Z'].map(der.time))),
    ],
    ['a time without seconds', /certificate.*2606011159Z/, tbs(VALIDITY, times('2606011159Z'))],
    [
      'a time with an offset',
      /certificate.*260601115900\+/,
      tbs(VALIDITY, der.sequence(der.element(0x17, ascii('260601115900+0000')), der.time('260601145903Z'))),
    ],
    ['a time with a fraction', /certificate.*20260601/, tbs(VALIDITY, times('20260601115900.0Z'))],
    ['GeneralizedTime before 2050', /certificate.*20260601115900Z/, tbs(VALIDITY, times('20260601115900Z'))],
    ['30 February', /certificate.*260230000000Z/, tbs(VALIDITY, times('260230000000Z'))],
    ['hour 24', /certificate.*260531240000Z/, tbs(VALIDITY, times('260531240000Z'))],
    ['second 60', /certificate.*260601115860Z/, tbs(VALIDITY, times('260601115860Z'))],
    [
      'a time that is text',
      /certificate/,
      tbs(VALIDITY, der.sequence(der.element(0x0c, ascii('260601115900Z')), der.time('260601145903Z'))),
    ],
    [
      'an indefinite length',
      /certificate.*length/,
      tbs(SUBJECT, (name) => concat([0x30, 0x80], der.contentOf(name), [0, 0])),
    ],
    [
      'a padded length',
      /certificate.*length/,
      tbs(SUBJECT, (name) =>
        concat([0x30, 0x82, 0], name.subarray(name[1] === 0x81 ? 2 : 1, name[1] === 0x81 ? 3 : 2), der.contentOf(name)),
      ),
    ],
    [
      'a length beyond the certificate',
      /certificate.*needs/,
      certificate('leaf', { der: (bytes) => withByte(bytes, 3, (byte) => byte + 1) }),
    ],
    [
      'a BOOLEAN of 01',
      /certificate.*DER/,
      rawExtensions(rawKeyUsage, rawExtension(unknown, none, der.element(0x01, Uint8Array.of(1)))),
    ],
    ['a tag of two bytes', /certificate.*DER/, tbs(SUBJECT, der.sequence(unhex('1f0100')))],
    ['a SEQUENCE that is not constructed', /certificate.*DER/, tbs(SUBJECT, der.sequence(unhex('1000')))],
    ['text in pieces', /certificate.*DER/, tbs(SUBJECT, der.sequence(unhex('2c030c0141')))],
    ['a padded OBJECT IDENTIFIER', /certificate.*DER/, tbs(SUBJECT, der.sequence(unhex('060380550f')))],
    ['an OBJECT IDENTIFIER that is cut off', /certificate.*DER/, tbs(SUBJECT, der.sequence(unhex('06025581')))],
    ['NULL with content', /certificate.*DER/, tbs(SUBJECT, der.sequence(unhex('050100')))],
    ['unused bits that are set', /certificate.*DER/, tbs(SUBJECT, der.sequence(unhex('03020301')))],
    ['nested deeper than 16', /certificate.*nested.*deep/, tbs(SUBJECT, nested(15))],
    [
      'a signature of 7 bits less',
      /certificate.*bit string/,
      certificate('leaf', { outer: (elements) => withItem(elements, 2, der.bitString(concat(zero, [0x80]), 7)) }),
    ],
  ),
  ...rows(
    'cert-algorithm',
    [
      'two signature algorithms',
      /certificate.*signature algorithms/,
      certificate('leaf', {
        outer: (elements) => withItem(elements, 1, der.sequence(der.objectIdentifier('1.2.840.10045.4.3.2'))),
      }),
    ],
    ['signed with SHA-256', /certificate/, certificate('leaf', { hash: 'SHA-256' })],
    ['signed with SHA-512', /cabundle\[3\]/, certificate('instance', { hash: 'SHA-512' })],
    [
      'NULL as parameters of the signature',
      /certificate/,
      certificate('leaf', {
        tbs: (elements) => withItem(elements, ALGORITHM, der.sequence(ecdsaSha384, unhex('0500'))),
        outer: (elements) => withItem(elements, 1, der.sequence(ecdsaSha384, unhex('0500'))),
      }),
    ],
    [
      'a P-256 key in the leaf',
      /certificate/,
      { ...certificate('leaf', { curve: 'P-256' }), document: { signature: () => new Uint8Array(96) } },
    ],
    ['a P-256 key in an intermediate', /cabundle\[2\]/, certificate('zonal', { curve: 'P-256' })],
    ['a P-521 key in an intermediate', /cabundle\[3\]/, certificate('instance', { curve: 'P-521' })],
    [
      'a compressed point',
      /certificate/,
      tbs(
        KEY,
        point((key) => concat([2 + ((key[96] ?? 0) & 1)], key.subarray(1, 49))),
      ),
    ],
    [
      'a hybrid point',
      /certificate/,
      tbs(
        KEY,
        point((key) => withByte(key, 0, () => 6 + ((key[96] ?? 0) & 1))),
      ),
    ],
    [
      'a point that is too long',
      /certificate/,
      tbs(
        KEY,
        point((key) => concat(key, [0])),
      ),
    ],
    [
      'the curve spelt out as secp256k1',
      /certificate/,
      tbs(KEY, (spki) =>
        der.sequence(
          der.sequence(der.objectIdentifier('1.2.840.10045.2.1'), der.objectIdentifier('1.3.132.0.10')),
          ...der.elementsOf(spki).slice(1),
        ),
      ),
    ],
  ),
  ...rows(
    'cert-extension',
    ['an end entity that is a CA', /certificate.*CA/, extensions('leaf', ...authorityExtensions(0, keyUsages.leaf))],
    [
      'an end entity with keyCertSign',
      /certificate.*keyCertSign/,
      extensions('leaf', ...leafExtensions(keyUsages.authority)),
    ],
    [
      'an end entity without digitalSignature',
      /certificate.*digitalSignature/,
      extensions('leaf', ...leafExtensions(keyUsages.nonRepudiation)),
    ],
    [
      'an end entity without keyUsage',
      /certificate.*digitalSignature/,
      extensions('leaf', ...leafExtensions().slice(0, 1)),
    ],
    ['a CA without basicConstraints', /cabundle\[3\].*CA/, extensions('instance', ...authorityExtensions(0).slice(1))],
    ['a CA that says it is none', /cabundle\[2\].*CA/, extensions('zonal', ...leafExtensions(keyUsages.authority))],
    [
      'a CA whose basicConstraints are not critical',
      /cabundle\[1\].*critical/,
      extensions(
        'regional',
        extension(basicConstraints, unhex('30060101ff020102'), !critical),
        ...authorityExtensions().slice(1),
      ),
    ],
    [
      'a CA without keyUsage',
      /cabundle\[3\].*keyCertSign/,
      extensions('instance', ...authorityExtensions(0).slice(0, 1)),
    ],
    [
      'a CA without keyCertSign',
      /cabundle\[3\].*keyCertSign/,
      extensions('instance', ...authorityExtensions(0, keyUsages.leaf)),
    ],
    [
      'a root without keyCertSign',
      /cabundle\[0\].*keyCertSign/,
      extensions('root', ...authorityExtensions(undefined, keyUsages.leaf)),
    ],
    [
      'an unknown critical extension in the leaf',
      /certificate.*critical/,
      extensions('leaf', ...leafExtensions(), extension(unknown, unhex('0500'), critical)),
    ],
    [
      'an unknown critical extension in an intermediate',
      /cabundle\[1\].*critical/,
      extensions('regional', ...authorityExtensions(2), extension(unknown, unhex('0500'), critical)),
    ],
    [
      'a critical extKeyUsage',
      /certificate.*critical/,
      extensions('leaf', ...leafExtensions(), extension('2.5.29.37', unhex('300a06082b06010505070301'), critical)),
    ],
    [
      'name constraints',
      /cabundle\[1\].*(name constraints|critical)/,
      extensions('regional', ...authorityExtensions(2), extension(nameConstraints, unhex('3000'), critical)),
    ],
    [
      'name constraints that are not critical',
      /cabundle\[1\].*name constraints/,
      extensions('regional', ...authorityExtensions(2), extension(nameConstraints, unhex('3000'), !critical)),
    ],
    ['an extension twice', /certificate.*twice/, rawExtensions(rawKeyUsage, rawKeyUsage)],
    [
      'an unknown extension twice',
      /certificate.*twice/,
      rawExtensions(rawKeyUsage, rawExtension(unknown, none), rawExtension(unknown, none)),
    ],
    [
      'critical FALSE',
      /certificate.*FALSE/,
      rawExtensions(rawExtension(keyUsage, unhex('030206c0'), der.boolean(false))),
    ],
    ['an empty list', /certificate.*extensions/, rawExtensions()],
    [
      'an extension without value',
      /certificate.*extension/,
      rawExtensions(rawKeyUsage, der.sequence(der.objectIdentifier(unknown))),
    ],
    [
      'two lists',
      /certificate.*extensions/,
      tbs(7, der.explicit(3, der.sequence(rawKeyUsage), der.sequence(rawKeyUsage))),
    ],
    [
      'basicConstraints with FALSE',
      /certificate.*basicConstraints/,
      rawExtensions(rawKeyUsage, rawExtension(basicConstraints, unhex('3003010100'))),
    ],
    [
      'basicConstraints with TRUE as 01',
      /certificate.*DER/,
      rawExtensions(rawKeyUsage, rawExtension(basicConstraints, unhex('3003010101'))),
    ],
    [
      'basicConstraints with a path length alone',
      /certificate.*basicConstraints/,
      rawExtensions(rawKeyUsage, rawExtension(basicConstraints, unhex('3003020100'))),
    ],
    [
      'basicConstraints with three elements',
      /certificate.*basicConstraints/,
      rawExtensions(rawKeyUsage, rawExtension(basicConstraints, unhex('30090101ff020100020100'))),
    ],
    [
      'basicConstraints that are no SEQUENCE',
      /certificate.*basicConstraints/,
      rawExtensions(rawKeyUsage, rawExtension(basicConstraints, unhex('3100'))),
    ],
    [
      'basicConstraints with something after them',
      /certificate.*left over/,
      rawExtensions(rawKeyUsage, rawExtension(basicConstraints, unhex('30000500'))),
    ],
    ['basicConstraints of no bytes', /certificate/, rawExtensions(rawKeyUsage, rawExtension(basicConstraints, none))],
    [
      'a negative path length',
      /cabundle\[3\].*range/,
      extensions(
        'instance',
        extension(basicConstraints, unhex('30060101ff0201ff'), critical),
        ...authorityExtensions().slice(1),
      ),
    ],
    ['keyUsage without a bit', /certificate.*keyUsage/, rawExtensions(rawExtension(keyUsage, unhex('030100')))],
    [
      'keyUsage with zeros at the end',
      /certificate.*keyUsage/,
      rawExtensions(rawExtension(keyUsage, unhex('030200c0'))),
    ],
    [
      'keyUsage that is no BIT STRING',
      /certificate.*keyUsage/,
      rawExtensions(rawExtension(keyUsage, unhex('040206c0'))),
    ],
    ['keyUsage of 4 bytes', /certificate.*keyUsage/, rawExtensions(rawExtension(keyUsage, unhex('030500c0000001')))],
  ),
  ...rows(
    'cert-path-length',
    [
      'a zonal certificate that allows none',
      /cabundle\[2\].*at most 0.*found 1/,
      extensions('zonal', ...authorityExtensions(0)),
    ],
    [
      'a regional certificate that allows one',
      /cabundle\[1\].*at most 1.*found 2/,
      extensions('regional', ...authorityExtensions(1)),
    ],
    ['a root that allows two', /cabundle\[0\].*at most 2.*found 3/, extensions('root', ...authorityExtensions(2))],
    [
      'a CA below the instance',
      /found/,
      {
        attester: {
          chain: (plans) => [
            ...plans.slice(0, 4),
            { ...(plans[3] as CertificatePlan), id: 'extra', subject: [{ CN: ['extra'] }] },
            ...plans.slice(4),
          ],
        },
      },
    ],
  ),
  ...rows(
    'cert-chain-name',
    ...(['regional', 'zonal', 'instance', 'leaf'] as const).map((id): Row => [
      `another issuer than the one before: ${id}`,
      id === 'leaf' ? /issuer.*certificate|certificate.*issuer/ : /cabundle\[[123]\]/,
      certificate(id, { issuer: [{ CN: ['somebody else'] }] }),
    ]),
    [
      'the issuer’s name in another case',
      /certificate/,
      certificate('leaf', {
        tbs: (elements) => withItem(elements, ISSUER, (name) => withByte(name, -1, (byte) => byte ^ 0x20)),
      }),
    ],
    [
      'intermediates in another order, path lengths aside',
      /cabundle\[1\]/,
      {
        attester: {
          certificates: {
            regional: { extensions: authorityExtensions() },
            zonal: { extensions: authorityExtensions() },
          },
        },
        document: {
          cabundle: ([root = none, regional = none, zonal = none, instance = none]) => [
            root,
            zonal,
            regional,
            instance,
          ],
        },
      },
    ],
    ['T-N10 the root twice', /cabundle\[1\]/, document({ cabundle: (given) => [...given.slice(0, 1), ...given] })],
    [
      'T-N10 an intermediate twice (a cycle), path lengths aside',
      /cabundle\[2\]/,
      {
        attester: { certificates: { regional: { extensions: authorityExtensions() } } },
        document: { cabundle: (given) => [...given.slice(0, 2), ...given.slice(1)] },
      },
    ],
    ['an intermediate is missing', /cabundle\[2\]/, document({ cabundle: (given) => given.filter((_, i) => i !== 2) })],
    [
      'a self-issued intermediate',
      /cabundle\[2\]/,
      {
        attester: {
          chain: ([root, regional, ...rest]) =>
            [root, regional, { ...regional, id: 'again' }, ...rest.slice(1)] as CertificatePlan[],
        },
      },
    ],
  ),
  ...rows(
    'cert-chain-signature',
    ...(['regional', 'zonal', 'instance', 'leaf'] as const).map((id, i): Row => [
      `signed by another key: ${id}`,
      id === 'leaf'
        ? /certificate.*does not match.*cabundle\[3\]/
        : new RegExp(`cabundle\\[${i + 1}\\].*does not match.*cabundle\\[${i}\\]`),
      certificate(id, { signedBy: stranger }),
    ]),
    [
      'a bit of the signature',
      /certificate.*does not match/,
      certificate('leaf', { der: (bytes) => withByte(bytes, -1, (byte) => byte ^ 1) }),
    ],
    [
      'a bit of what is signed',
      /cabundle\[3\].*does not match/,
      certificate('instance', {
        outer: (elements) => withItem(elements, 0, (signed) => withByte(signed, 15, (byte) => byte ^ 1)),
      }),
    ],
    [
      'r with a zero too many',
      /certificate.*does not match/,
      certificate(
        'leaf',
        signatureOf((r, s) => der.sequence(der.element(2, Uint8Array.of(0), r), der.element(2, s))),
      ),
    ],
    [
      'something after s',
      /certificate.*does not match/,
      certificate(
        'leaf',
        signatureOf((r, s) => der.sequence(der.element(2, r), der.element(2, s), unhex('0500'))),
      ),
    ],
    [
      'something after the SEQUENCE',
      /certificate.*does not match/,
      certificate(
        'leaf',
        signatureOf((r, s) => concat(der.sequence(der.element(2, r), der.element(2, s)), [0])),
      ),
    ],
    [
      'a SET',
      /certificate.*does not match/,
      certificate(
        'leaf',
        signatureOf((r, s) => der.set(der.element(2, r), der.element(2, s))),
      ),
    ],
    [
      'r is negative',
      /certificate.*does not match/,
      certificate(
        'leaf',
        signatureOf((r, s) => der.sequence(der.element(2, concat([0x80], r.subarray(1))), der.element(2, s))),
      ),
    ],
    [
      'r and s zero',
      /certificate.*does not match/,
      certificate(
        'leaf',
        signatureOf(() => der.sequence(der.integer(0), der.integer(0))),
      ),
    ],
    [
      'r of 49 bytes',
      /certificate.*does not match/,
      certificate(
        'leaf',
        signatureOf((r, s) =>
          der.sequence(der.element(2, Uint8Array.of(1), r.length === 49 ? r.subarray(1) : r), der.element(2, s)),
        ),
      ),
    ],
    [
      'no bytes',
      /certificate.*does not match/,
      certificate(
        'leaf',
        signatureOf(() => none),
      ),
    ],
    [
      'raw r || s',
      /certificate.*does not match/,
      certificate(
        'leaf',
        signatureOf((r, s) => concat(r.subarray(-48), s.subarray(-48))),
      ),
    ],
    [
      'the key of an intermediate is no point of the curve',
      /certificate.*does not match/,
      certificate('instance', {
        tbs: (elements) =>
          withItem(
            elements,
            KEY,
            point((key) => withByte(key, -1, (byte) => byte ^ 1)),
          ),
      }),
    ],
  ),
  ...rows(
    'cert-validity',
    ...(['root', 'regional', 'zonal', 'instance', 'leaf'] as const).flatMap((id, i): Row[] => {
      const name = id === 'leaf' ? 'certificate' : `cabundle\\[${i}\\]`
      return [
        [`expired: ${id}`, new RegExp(`${name}.*expired`), withoutNonce(certificate(id, expired))],
        [`not yet valid: ${id}`, new RegExp(`${name}.*not.*valid yet`), withoutNonce(certificate(id, notYetValid))],
      ]
    }),
    [
      'T-N26 valid when it was made, not now',
      /certificate.*expired/,
      withoutNonce(option('now', new Date(now.getTime() + 4 * 60 * minute))),
    ],
    [
      'T-N27 made before its certificates',
      /certificate.*not.*valid yet/,
      withoutNonce(document({ timestamp: now.getTime() - 7 * minute })),
    ],
    [
      'made before its certificates, and all dates are as asked for',
      /1970/,
      withoutNonce(document({ timestamp: Math.floor(now.getTime() / 1000) })),
    ],
    [
      'a clock ten years ahead, without a nonce',
      /expired/,
      withoutNonce(option('now', new Date(now.getTime() + 10 * year))),
    ],
    [
      'a clock ten years behind, without a nonce',
      /not.*valid yet/,
      withoutNonce(option('now', new Date(now.getTime() - 10 * year))),
    ],
    [
      'a clock ten years off, and another nonce than ours',
      /expired/,
      { document: { nonce: pattern(32, 9) }, options: { now: new Date(now.getTime() + 10 * year) } },
    ],
  ),
  ...rows(
    'clock-suspect',
    [
      'T-N28 our clock is ten years ahead',
      /clocks?.*315360000 s|-315360000 s/,
      option('now', new Date(now.getTime() + 10 * year)),
    ],
    [
      'T-N28 our clock is ten years behind',
      /clocks?.*315360000 s|315360000 s/,
      option('now', new Date(now.getTime() - 10 * year)),
    ],
    ['T-N29 dated ten minutes ahead', /600 s/, document({ timestamp: now.getTime() + 10 * minute })],
    [
      'T-N29 dated ten minutes back, before its certificates',
      /-600 s/,
      document({ timestamp: now.getTime() - 10 * minute }),
    ],
    ['the leaf has expired', /clock/, certificate('leaf', expired)],
  ),
  ...rows('policy-kind', [
    'a NitroTPM instance',
    /kind.*enclave.*tpm/i,
    { attester: { kind: 'tpm' }, options: { referenceValues: skipReferenceValues } },
  ]),
  ...rows(
    'policy-debug',
    [
      'T-N4 PCR0 to PCR2 are zero',
      /debug/,
      { document: { pcrs: await debugPcrs() }, options: { referenceValues: skipReferenceValues } },
    ],
    [
      'T-N4 only PCR0 is zero',
      /debug/,
      { document: { pcrs: { ...pcrs, 0: zero } }, options: { referenceValues: skipReferenceValues } },
    ],
    [
      'T-N4 there is no PCR0',
      /debug/,
      { document: { pcrs: { 3: pcrs[3] ?? zero } }, options: { referenceValues: skipReferenceValues } },
    ],
  ),
  ...rows(
    'policy-pcr',
    ['another PCR0', /PCR0 ab.*PCR0 /s, option('referenceValues', { PCR0: 'ab'.repeat(48) })],
    ['PCR0 as expected, PCR2 not', /PCR2/, option('referenceValues', { PCR0, PCR1: pcrs[1], PCR2: 'ab'.repeat(48) })],
    ['a register that the document has not', /PCR16/, option('referenceValues', { PCR0, PCR16: 'ab'.repeat(48) })],
    [
      'none of two builds',
      /measurements.*expected PCR0/,
      option('referenceValues', [{ PCR0: 'ab'.repeat(48) }, { PCR0, PCR1: 'cd'.repeat(48) }]),
    ],
    [
      'one register of each build, none complete',
      /measurements.*expected PCR0/,
      option('referenceValues', [
        { PCR0, PCR1: 'cd'.repeat(48) },
        { PCR0: 'ab'.repeat(48), PCR1: pcrs[1] },
      ]),
    ],
  ),
  ...rows(
    'policy-nonce',
    ['another nonce', /nonce.*000102.*010203/, document({ nonce: pattern(32, 1) })],
    ['the beginning of the nonce', /nonce/, document({ nonce: testNonce.subarray(0, 31) })],
    ['the nonce and more', /nonce/, document({ nonce: concat(testNonce, [0]) })],
    ['an empty nonce', /nonce/, document({ nonce: none })],
    ['null', /nonce/, document({ nonce: null })],
    ['nothing', /nonce/, field('nonce', undefined)],
  ),
  ...rows(
    'policy-freshness',
    [
      'a second too old',
      /61/,
      { options: { freshness: { maxAgeSeconds: 60 }, now: new Date(now.getTime() + 61 * second) } },
    ],
    [
      'a millisecond too old',
      /60\.001/,
      { options: { freshness: { maxAgeSeconds: 60 }, now: new Date(now.getTime() + 60_001) } },
    ],
    [
      'T-N29 dated in the future',
      /-301/,
      { document: { timestamp: now.getTime() + 301 * second }, options: { freshness: { maxAgeSeconds: 60 } } },
    ],
    [
      'dated in the future, where freshness is skipped',
      /-301/,
      withoutNonce(document({ timestamp: now.getTime() + 301 * second })),
    ],
  ),
  ...rows(
    'policy-user-data',
    [
      'other user data',
      /user_data.*000102.*ff/,
      { document: { userData: unhex('ff') }, options: { userData: pattern(8) } },
    ],
    ['none', /user_data/, option('userData', pattern(8))],
    ['an empty one', /user_data/, { document: { userData: none }, options: { userData: pattern(8) } }],
    [
      'longer by zeros',
      /user_data/,
      { document: { userData: concat(pattern(8), [0]) }, options: { userData: pattern(8) } },
    ],
  ),
  ...rows(
    'policy-public-key',
    [
      'another key',
      /public_key.*000102.*ff/,
      { document: { publicKey: unhex('ff') }, options: { publicKey: pattern(8) } },
    ],
    ['none', /public_key/, option('publicKey', pattern(8))],
    ['an empty one', /public_key/, { document: { publicKey: none }, options: { publicKey: pattern(8) } }],
  ),
]

function ascii(text: string): Bytes {
  return new TextEncoder().encode(text)
}
