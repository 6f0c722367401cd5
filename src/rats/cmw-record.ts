/**
 * What a Conceptual Message Wrapper (CMW, RFC 9999) consists of, in whatever form it is written:
 * records and collections of them, and the rules that both forms share.
 */

/**
 * One message with its type. What it is said to be proves nothing: the message must be believed, or
 * not, by itself.
 */
export interface CmwRecord {
  readonly kind: 'record'
  /**
   * A media type, or a CoAP content format, 0 to 65535, which only CBOR can say. A tag reads as a
   * record with its content format.
   */
  readonly type: string | number
  readonly value: Uint8Array
  /** What the message is, bits of `cmwIndicators`, 1 to 31; left out where nothing is said. */
  readonly indicator?: number
}

/** Messages by label. */
export interface CmwCollection {
  readonly kind: 'collection'
  /**
   * What the collection is: an absolute URI, or an object identifier in dotted form (`__cmwc_t`).
   */
  readonly type?: string
  /**
   * At least one; labels that are numbers exist in CBOR only. In the order of their encodings in
   * CBOR, whatever order they came in.
   */
  readonly entries: ReadonlyMap<string | number, Cmw>
}

/** A wrapper: one message, or several. */
export type Cmw = CmwRecord | CmwCollection

/**
 * A wrapper of which only the form was read: whether types, labels and indicators are any is
 * checked in `cmw.ts`.
 */
export type UncheckedCmw = UncheckedRecord | UncheckedCollection

/** {@link CmwRecord}, unchecked. */
export interface UncheckedRecord {
  readonly kind: 'record'
  readonly type: unknown
  readonly value: Uint8Array
  readonly indicator: unknown
}

/** {@link CmwCollection}, unchecked. */
export interface UncheckedCollection {
  readonly kind: 'collection'
  /** `undefined` for none. */
  readonly type: unknown
  readonly entries: ReadonlyMap<string | number, UncheckedCmw>
}

/** The label that is no message: it says what the collection is. */
export const typeLabel = '__cmwc_t'

/**
 * Text that is a media type with its parameters (RFC 6838 section 4.2, RFC 9110 section 5.6.6),
 * ASCII. Time grows with its length.
 */
export function isMediaType(text: unknown): text is string {
  return isText(text, /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?: *; *[\w.-]+=(?:[!#-+\--:<-~]+|"[ !#-[\]-~]*"))*$/)
}

/** CoAP content formats are 16 bits. */
export function isContentFormat(type: unknown): type is number {
  return isWhole(type, 0, 65_535)
}

/** Five bits, at least one of them set. */
export function isIndicator(indicator: unknown): indicator is number {
  return isWhole(indicator, 1, 31)
}

/** An absolute URI (RFC 3986), or an object identifier by the expression of RFC 9999. */
export function isCollectionType(type: unknown): type is string {
  return isText(type, /^(?:[a-z][a-z\d+.-]*:[!-~]+|[0-2](?:\.(?:0|[1-9]\d*))*)$/i)
}

/**
 * Text that UTF-8 can hold: half a surrogate pair would become another label when it is written.
 */
export function isTextLabel(label: unknown): label is string {
  return isText(label, /^\P{Surrogate}*$/u) && label !== typeLabel
}

function isText(text: unknown, form: RegExp): text is string {
  return typeof text === 'string' && text.length <= 1024 && form.test(text)
}

function isWhole(value: unknown, least: number, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most
}
