/**
 * A second opinion on reports of SEV-SNP: is this AMD's word, or not? Written from the
 * specification, on `@peculiar/x509` and WebCrypto alone; it shares no line with the library. It
 * answers in one sentence, and knows no policy of callers.
 */
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import * as asn1js from 'asn1js'

type Bytes = Uint8Array<ArrayBuffer>

/** What comes with a report, as bytes. */
export interface ReaderInput {
  readonly evidence: Bytes
  readonly vek: Bytes | undefined
  readonly intermediate: Bytes
  readonly ark: Bytes
  readonly crl: Bytes
  readonly anchors: readonly Bytes[]
  readonly now: number
}

class Refused extends Error {}

function demand(holds: boolean, problem: string): asserts holds {
  if (!holds) throw new Refused(problem)
}

const skew = 300_000
const hex = (bytes: ArrayBuffer | Uint8Array): string => Buffer.from(bytes as Uint8Array).toString('hex')
const same = (a: ArrayBuffer | Uint8Array, b: ArrayBuffer | Uint8Array): boolean => hex(a) === hex(b)

/** @returns `genuine`, or why not */
export async function readReport(input: ReaderInput): Promise<string> {
  try {
    await verify(input)
    return 'genuine'
  } catch (error) {
    // Whatever the library of certificates throws is a refusal too.
    return `refused: ${(error as Error).message}`
  }
}

async function verify({ evidence, vek: given, intermediate, ark, crl, anchors, now }: ReaderInput): Promise<void> {
  // The report by itself.
  demand(evidence.length >= 1184 && evidence.length <= 65_536, 'size')
  const table = readTable(evidence.subarray(1184))
  const view = Buffer.from(evidence.subarray(0, 1184))
  const version = view.readUInt32LE(0)
  demand(version >= 2 && version <= 5, 'version')
  demand(view.readUInt32LE(0x34) === 1, 'algorithm')
  demand((view.readBigUInt64LE(8) & 0x20000n) !== 0n, 'policy')
  const keyInfo = view.readUInt32LE(0x48)
  demand(keyInfo < 8 && (keyInfo & 2) === 0, 'key info')
  const isChip = keyInfo < 4
  const zero: [number, number][] = [
    [0x4c, 0x50],
    [version < 3 ? 0x188 : 0x18b, 0x1a0],
    [0x1eb, 0x1ec],
    [0x1ef, 0x1f0],
    [version < 5 ? 0x1f8 : 0x208, 0x2a0],
    [0x2d0, 0x2e8],
    [0x318, 0x4a0],
  ]
  for (const [from, to] of zero)
    demand(
      view.subarray(from, to).every((byte) => byte === 0),
      `reserved at ${from}`,
    )

  // The certificates.
  const root = wellFormed(ark)
  const middle = wellFormed(intermediate)
  const inTable = table.get(isChip ? '63da758de6644564adc5f4b93be8accd' : 'a8074bc2a25a483eaae639c045a0b8a1')
  const key = given ?? inTable
  demand(key !== undefined && key.length > 0, 'no certificate of the key')
  const leaf = wellFormed(key)
  demand(
    anchors.some((anchor) => same(anchor, ark)),
    'anchor',
  )
  const product = ['Milan', 'Genoa', 'Turin'].find((name) => root.subject === subjectOf(`ARK-${name}`))
  demand(product !== undefined, 'product')
  demand(middle.subject === subjectOf(isChip ? `SEV-${product}` : `SEV-VLEK-${product}`), 'name of the intermediate')
  demand(leaf.subject === subjectOf(isChip ? 'SEV-VCEK' : 'SEV-VLEK'), 'name of the leaf')
  demand(same(middle.issuerName.toArrayBuffer(), root.subjectName.toArrayBuffer()), 'issuer of the intermediate')
  demand(same(leaf.issuerName.toArrayBuffer(), middle.subjectName.toArrayBuffer()), 'issuer of the leaf')
  checkUse(root, true, 1)
  checkUse(middle, true, 0)
  checkUse(leaf, false, 0)
  for (const certificate of [root, middle, leaf])
    demand(
      certificate.notBefore.getTime() <= now + skew && certificate.notAfter.getTime() >= now - skew,
      'dates of a certificate',
    )
  demand(await isSignedBy(partsOf(intermediate), root), 'signature of the intermediate')
  demand(await isSignedBy(partsOf(key), middle), 'signature of the leaf')

  // The list of the root.
  const list = new x509.X509Crl(crl)
  const parts = partsOf(crl)
  demand(list.issuer === root.subject, 'issuer of the list')
  demand(list.thisUpdate.getTime() <= now + skew, 'the list is not yet')
  demand(list.nextUpdate !== undefined && list.nextUpdate.getTime() >= now - skew, 'the list is not any more')
  for (const { type, critical } of list.extensions) {
    demand(!['2.5.29.27', '2.5.29.28', '2.5.29.29'].includes(type), 'a list about a part')
    demand(!critical || ['2.5.29.20', '2.5.29.35'].includes(type), 'a critical extension of the list')
  }
  once(list.extensions)
  const authority = list.extensions.find(({ type }) => type === '2.5.29.35') as
    x509.AuthorityKeyIdentifierExtension | undefined
  const own = root.extensions.find(({ type }) => type === '2.5.29.14') as x509.SubjectKeyIdentifierExtension | undefined
  if (authority?.keyId !== undefined && own !== undefined)
    demand(authority.keyId === own.keyId, 'another key signed the list')
  demand(await isSignedBy(parts, root), 'signature of the list')
  demand(
    list.entries.every(({ serialNumber }) => BigInt(`0x${serialNumber}`) !== BigInt(`0x${middle.serialNumber}`)),
    'revoked',
  )

  // The key is this report's.
  if (version > 2) {
    const [family, model] = [view[0x188] as number, view[0x189] as number]
    const byNumber =
      family === 0x19 && model < 0x10
        ? 'Milan'
        : family === 0x19 && ((model >= 0x10 && model < 0x20) || (model >= 0xa0 && model < 0xb0))
          ? 'Genoa'
          : family === 0x1a && model < 0x20
            ? 'Turin'
            : ''
    demand(byNumber === product, 'processor')
  }
  checkKey(leaf, view, product, isChip)

  // What the firmware enforces.
  const tcbs = [0x38, 0x180, 0x1e0, 0x1f0].map((at) => view.subarray(at, at + 8))
  const unused = product === 'Turin' ? [4, 5, 6] : [2, 3, 4, 5]
  for (const tcb of tcbs)
    demand(
      unused.every((at) => tcb[at] === 0),
      'reserved byte of a TCB',
    )
  const [current, reported, committed] = tcbs as [Buffer, Buffer, Buffer]
  for (const tcb of [reported, committed])
    demand(
      tcb.every((part, at) => part <= (current[at] as number)),
      'TCB above the one that runs',
    )
  const versionAt = (at: number): number =>
    (view[at + 2] as number) * 65_536 + (view[at + 1] as number) * 256 + (view[at] as number)
  demand(versionAt(0x1ec) <= versionAt(0x1e8), 'committed firmware above the one that runs')

  // The report's own signature.
  const signer = await crypto.subtle.importKey(
    'spki',
    leaf.publicKey.rawData,
    { name: 'ECDSA', namedCurve: 'P-384' },
    false,
    ['verify'],
  )
  const signature = new Uint8Array([...view.subarray(0x2a0, 0x2d0).reverse(), ...view.subarray(0x2e8, 0x318).reverse()])
  const isSigned = await crypto.subtle.verify(
    { name: 'ECDSA', hash: 'SHA-384' },
    signer,
    signature,
    evidence.slice(0, 0x2a0),
  )
  demand(isSigned, 'signature of the report')
}

/** GUID to bytes. */
function readTable(table: Bytes): ReadonlyMap<string, Bytes> {
  const found = new Map<string, Bytes>()
  if (table.length === 0) return found
  const view = Buffer.from(table)
  const used = new Uint8Array(table.length)
  let at = 0
  for (; ; at += 24) {
    demand(at + 24 <= view.length, 'table without an end')
    if (view.subarray(at, at + 24).every((byte) => byte === 0)) break
    demand(at / 24 < 32, 'too many entries')
    const guid = hex(view.subarray(at, at + 16))
    const [offset, length] = [view.readUInt32LE(at + 16), view.readUInt32LE(at + 20)]
    demand(!found.has(guid), 'GUID twice')
    demand(offset + length <= view.length, 'entry outside')
    found.set(guid, table.slice(offset, offset + length))
  }
  used.fill(1, 0, at + 24)
  for (let head = 0; head < at; head += 24) {
    const [offset, length] = [view.readUInt32LE(head + 16), view.readUInt32LE(head + 20)]
    demand(offset >= at + 24, 'entry in the header')
    for (let i = offset; i < offset + length; i++) {
      demand(used[i] === 0, 'entries overlap')
      used[i] = 1
    }
  }
  demand(
    table.every((byte, i) => used[i] === 1 || byte === 0),
    'something between entries',
  )
  return found
}

/** One certificate and nothing behind it; algorithms of both copies and of the key are AMD's. */
function wellFormed(der: Bytes): x509.X509Certificate {
  const { inner } = partsOf(der)
  const [version] = childrenOf(inner)
  demand(version !== undefined && hex(version.valueBeforeDecodeView) === 'a003020102', 'not v3')
  const certificate = new x509.X509Certificate(der)
  once(certificate.extensions)
  return certificate
}

const pss = [
  '304106092a864886f70d01010a3034a00f300d06096086480165030402020500a11c301a06092a864886f70d010108300d06096086480165030402020500a203020130',
  '304606092a864886f70d01010a3039a00f300d06096086480165030402020500a11c301a06092a864886f70d010108300d06096086480165030402020500a203020130a303020101',
]

const childrenOf = ({ valueBlock }: asn1js.AsnType): asn1js.AsnType[] =>
  (valueBlock as unknown as { readonly value: asn1js.AsnType[] }).value

interface Parts {
  readonly signed: Bytes
  readonly signature: Bytes
  readonly inner: asn1js.AsnType
}

/** What is signed, and the signature, of a certificate or a list. */
function partsOf(der: Bytes): Parts {
  const { offset, result } = asn1js.fromBER(der)
  demand(offset === der.length && result.idBlock.tagNumber === 16, 'not one SEQUENCE')
  // DER has one encoding: what is encoded again must be what came.
  demand(same(result.toBER(), der), 'not DER')
  const children = childrenOf(result)
  demand(children.length === 3, 'not three parts')
  const [inner, algorithm, signature] = children as [asn1js.AsnType, asn1js.AsnType, asn1js.AsnType]
  const outer = hex(algorithm.valueBeforeDecodeView)
  demand(pss.includes(outer), 'algorithm')
  const copies = childrenOf(inner).map((child) => hex(child.valueBeforeDecodeView))
  demand(copies.includes(outer), 'two algorithms')
  // A BIT STRING of 512 bytes: its head, and that no bits of it are unused.
  const bits = signature.valueBeforeDecodeView
  demand(hex(bits.subarray(0, 5)) === '0382020100', 'signature')
  return {
    signed: new Uint8Array(inner.valueBeforeDecodeView),
    signature: new Uint8Array(bits.subarray(5)),
    inner,
  }
}

async function isSignedBy({ signed, signature }: Parts, issuer: x509.X509Certificate): Promise<boolean> {
  const spki = issuer.publicKey.rawData
  const text = hex(spki)
  demand(
    text.length === 1100 && text.startsWith('30820222300d06092a864886f70d0101010500') && text.endsWith('0203010001'),
    'key of a CA',
  )
  const key = await crypto.subtle.importKey('spki', spki, { name: 'RSA-PSS', hash: 'SHA-384' }, false, ['verify'])
  return crypto.subtle.verify({ name: 'RSA-PSS', saltLength: 48 }, key, signature, signed)
}

function once(extensions: readonly x509.Extension[]): void {
  const types = extensions.map(({ type }) => type)
  demand(new Set(types).size === types.length, 'an extension twice')
}

/** @param below how many CAs are below it */
function checkUse(certificate: x509.X509Certificate, isCa: boolean, below: number): void {
  for (const { type, critical } of certificate.extensions)
    demand(!critical || type === '2.5.29.19' || type === '2.5.29.15', 'a critical extension')
  demand(!certificate.extensions.some(({ type }) => type === '2.5.29.30'), 'name constraints')
  const constraints = certificate.getExtension(x509.BasicConstraintsExtension)
  const usage = certificate.getExtension(x509.KeyUsagesExtension)
  const certifies = ((usage?.usages ?? 0) & x509.KeyUsageFlags.keyCertSign) !== 0
  demand((constraints?.ca === true) === isCa && certifies === isCa, 'use of a certificate')
  if (!isCa) {
    demand(usage === null || (usage.usages & x509.KeyUsageFlags.digitalSignature) !== 0, 'use of the leaf')
    return
  }
  demand(constraints?.critical === true, 'constraints of a CA')
  demand(constraints.pathLength === undefined || constraints.pathLength >= below, 'path length')
  if (below === 1) demand(((usage?.usages ?? 0) & x509.KeyUsageFlags.cRLSign) !== 0, 'the root signs no lists')
}

const subjectOf = (name: string): string =>
  `OU=Engineering, C=US, L=Santa Clara, ST=CA, O=Advanced Micro Devices, CN=${name}`

/** The extensions of AMD's, against the report. */
function checkKey(leaf: x509.X509Certificate, view: Buffer, product: string, isChip: boolean): void {
  const isTurin = product === 'Turin'
  const arc = '1.3.6.1.4.1.3704.1.'
  const values = new Map(
    leaf.extensions
      .filter(({ type }) => type.startsWith(arc))
      .map(({ type, value }) => [type.slice(arc.length), hex(value)]),
  )
  const wanted = [
    '1',
    '2',
    '3.1',
    '3.2',
    '3.3',
    '3.5',
    '3.6',
    '3.7',
    '3.8',
    isTurin ? '3.9' : '3.4',
    isChip ? '4' : '5',
  ]
  demand([...values.keys()].sort().join() === wanted.sort().join(), 'extensions of the key')
  const number = (value: number): string => (value < 128 ? '0201' : '020200') + value.toString(16).padStart(2, '0')
  demand(values.get('1') === number(isTurin ? 1 : 0), 'structVersion')
  const name = Buffer.from(values.get('2') ?? '', 'hex')
  demand(name[0] === 0x16 && name[1] === name.length - 2, 'productName')
  demand(new RegExp(`^${product}(-[A-Z][0-9])?$`).test(name.subarray(2).toString('latin1')), 'product of the key')
  const tcb = view.subarray(0x180, 0x188)
  const places = isTurin ? { 3.9: 0, 3.1: 1, 3.2: 2, 3.3: 3, 3.8: 7 } : { 3.1: 0, 3.2: 1, 3.3: 6, 3.8: 7 }
  for (const [id, at] of Object.entries(places))
    demand(values.get(id) === number(tcb[at] as number), `TCB ${id} of the key`)
  for (const id of isTurin ? ['3.5', '3.6', '3.7'] : ['3.4', '3.5', '3.6', '3.7'])
    demand(values.get(id) === '020100', `TCB ${id} of the key`)
  if (isChip) {
    const chip = view.subarray(0x1a0, 0x1e0)
    const size = isTurin ? 8 : 64
    demand(values.get('4') === hex(chip.subarray(0, size)), 'chip')
    demand(chip.subarray(size).every((byte) => byte === 0) && !chip.every((byte) => byte === 0), 'chip')
  } else {
    const cloud = Buffer.from(values.get('5') ?? '', 'hex')
    demand(cloud[0] === 0x16 && cloud[1] === cloud.length - 2 && cloud.length > 2, 'cspID')
    demand(
      cloud.subarray(2).every((byte) => byte >= 0x20 && byte < 0x7f),
      'cspID',
    )
  }
  const spki = hex(leaf.publicKey.rawData)
  demand(
    spki.length === 240 && spki.startsWith('3076301006072a8648ce3d020106052b8104002203620004'),
    'key on another curve',
  )
}
