/**
 * What a VCEK or VLEK certificate says of the key in it: the product, the TCB that the key was
 * derived for, and the chip or the cloud provider. The values are the DER that is named here, with
 * no OCTET STRING of their own; hwID is no DER at all.
 *
 * Source: AMD 57230, "Versioned Chip Endorsement Key Certificate and KDS Interface Specification",
 * section 3, tables 8 to 10.
 */
import { type Bytes, toHex } from '../../../encoding/bytes.ts'
import { VerificationError } from '../../../core/errors.ts'
import type { Certificate } from '../../../x509/certificate.ts'
import type { SigningKey } from './report.ts'
import { partsOf, type SnpProduct, type SnpTcb, type TcbPart } from './tcb.ts'

/** 1.3.6.1.4.1.3704.1, the content of the OBJECT IDENTIFIER in hexadecimal. */
const arc = '2b060104019c7801'

const structVersion = '2b060104019c780101'
const productName = '2b060104019c780102'
const hwId = '2b060104019c780104'
const cspId = '2b060104019c780105'

const tcbParts: Readonly<Record<TcbPart, string>> = {
  bootloader: '2b060104019c78010301',
  tee: '2b060104019c78010302',
  snp: '2b060104019c78010303',
  microcode: '2b060104019c78010308',
  fmc: '2b060104019c78010309',
}

/** Parts that no product uses: zero where a certificate has them. Turin's has no fourth one. */
const unusedParts: Readonly<Record<SnpProduct, readonly string[]>> = {
  Milan: ['2b060104019c78010304', '2b060104019c78010305', '2b060104019c78010306', '2b060104019c78010307'],
  Genoa: ['2b060104019c78010304', '2b060104019c78010305', '2b060104019c78010306', '2b060104019c78010307'],
  Turin: ['2b060104019c78010305', '2b060104019c78010306', '2b060104019c78010307'],
}

/** How many bytes of CHIP_ID a product has. */
export const chipIdSizes: Readonly<Record<SnpProduct, number>> = { Milan: 64, Genoa: 64, Turin: 8 }

/** What the certificate says of its key. */
export interface VekClaims {
  /** `Milan-B0` for example: product and, in some, a stepping that means nothing. */
  readonly productName: string
  readonly tcb: SnpTcb
  /** Values of parts that no product uses: zero, or the certificate is none of this product's. */
  readonly unusedTcb: readonly number[]
  /** The chip, in VCEKs: 64 bytes, Turin 8. */
  readonly hwId: Bytes | undefined
  /** The cloud provider, in VLEKs. */
  readonly cspId: string | undefined
}

/**
 * Reads the extensions of AMD's.
 * @param kind what the certificate must be
 * @throws VerificationError `vek-cert-format`
 */
export function decodeVek({ name, extensions }: Certificate, kind: SigningKey, product: SnpProduct): VekClaims {
  const refuse = (problem: string): never => {
    throw new VerificationError('vek-cert-format', `${name} ${problem}`)
  }
  const valueOf = (id: string, what: string): Bytes => extensions.get(id)?.value ?? refuse(`has no ${what}`)
  const byteOf = (id: string, what: string): number =>
    uint8(valueOf(id, what)) ??
    refuse(`has a malformed ${what}: expected an INTEGER of 0 to 255, found ${toHex(valueOf(id, what))}`)
  const textOf = (id: string, what: string): string =>
    ia5(valueOf(id, what)) ??
    refuse(`has a malformed ${what}: expected an IA5String, found ${toHex(valueOf(id, what))}`)

  const parts = partsOf(product)
  const expected = [
    structVersion,
    productName,
    kind === 'VCEK' ? hwId : cspId,
    ...parts.map((part) => tcbParts[part]),
    ...unusedParts[product],
  ]
  for (const id of extensions.keys())
    if (id.startsWith(arc) && !expected.includes(id))
      refuse(`has the extension ${id}, which is none of a ${kind} of ${product}`)
  const wanted = product === 'Turin' ? 1 : 0
  const version = byteOf(structVersion, 'structVersion')
  if (version !== wanted) refuse(`has another structVersion: expected ${wanted}, found ${version}`)
  return {
    productName: textOf(productName, 'productName'),
    tcb: Object.fromEntries(parts.map((part) => [part, byteOf(tcbParts[part], `SPL of ${part}`)])) as unknown as SnpTcb,
    unusedTcb: unusedParts[product].map((id) => byteOf(id, `SPL ${id.slice(-1)}`)),
    hwId: kind === 'VCEK' ? valueOf(hwId, 'hwID') : undefined,
    cspId: kind === 'VLEK' ? textOf(cspId, 'cspID') : undefined,
  }
}

/** Whether the name is that of the product, with or without a stepping behind it. */
export function isNameOf(name: string, product: SnpProduct): boolean {
  return name === product || (name.startsWith(`${product}-`) && /^[A-Z]\d$/.test(name.slice(product.length + 1)))
}

/** A DER INTEGER from 0 to 255 in its shortest form. */
function uint8(der: Bytes): number | undefined {
  const [tag, length, first = 0, second = 0] = der
  if (tag !== 2 || der.length - 2 !== length) return undefined
  if (length === 1 && first < 0x80) return first
  return length === 2 && first === 0 && second >= 0x80 ? second : undefined
}

/** A DER IA5String of at most 127 characters. */
function ia5(der: Bytes): string | undefined {
  const [tag, length, ...text] = der
  const isText = tag === 0x16 && length === text.length && text.every((code) => code >= 0x20 && code < 0x7f)
  return isText && text.length > 0 && text.length < 0x80 ? String.fromCharCode(...text) : undefined
}
