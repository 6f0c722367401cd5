/**
 * The second opinion on AMD SEV-SNP: reports as they are. What Azure wraps around them is not read
 * here.
 *
 * Source: AMD 57230 for certificates and their extensions; AMD 56860 for TCB_VERSION.
 */
import { areSame, areZeros, demand, digitsOf, octetsOfBase64, type Octets } from '../readers/bytes.ts'
import { readCertificate, type ReadCertificate } from '../readers/certificate.ts'
import { holdsRaw } from '../readers/engine.ts'
import { proveList, readList, refuseListed } from '../readers/list.ts'
import { endOf, nameOf, p384Key, pointOf, type Position, provePath, type Shape } from '../readers/path.ts'
import { certificatesInPem } from '../readers/text.ts'
import {
  type Answer,
  endorsementOf,
  hasEndorsement,
  momentsOf,
  type Options,
  type Question,
  trustedRoots,
} from '../question.ts'
import type { Notes } from '../record.ts'
import { isSymbol } from '../symbols.ts'
import { expectGuest } from './sev-snp-expect.ts'
import { type ReadReport, readReport } from './sev-snp-report.ts'

type Product = 'Milan' | 'Genoa' | 'Turin'

/** SHA-256 of AMD's roots (ARK). */
const amdRoots = [
  '69d063b45344d26a2e94e1f4210de49ef555308287d4c174445c95639a540bcd',
  '4c6598d19c18719c5dfd4a7d335f674e5bfe1d8f800cea2cf270c10d103db2f1',
  '1f084161a44bb6d93778a904877d4819cafa5d05ef4193b2ded9dd9c73dd3f6a',
]
const productNames: readonly Product[] = ['Milan', 'Genoa', 'Turin']
/**
 * RSASSA-PSS with SHA-384 and a salt of 48 bytes; AMD wrote the default trailer field until 2024.
 */
const pss = [
  '304106092a864886f70d01010a3034a00f300d06096086480165030402020500a11c301a06092a864886f70d010108300d06096086480165030402020500a203020130',
  '304606092a864886f70d01010a3039a00f300d06096086480165030402020500a11c301a06092a864886f70d010108300d06096086480165030402020500a203020130a303020101',
]
const rsa4096 = {
  begins: '30820222300d06092a864886f70d01010105000382020f003082020a0282020100',
  ends: '0203010001',
  size: 550,
}
/**
 * Which byte of TCB_VERSION is what; and the last arcs of the certificate's extensions that say the
 * same.
 */
const parts: Readonly<Record<Product, Readonly<Record<string, readonly [byte: number, arc: number]>>>> = {
  Milan: { bootloader: [0, 1], tee: [1, 2], snp: [6, 3], microcode: [7, 8] },
  Genoa: { bootloader: [0, 1], tee: [1, 2], snp: [6, 3], microcode: [7, 8] },
  Turin: { fmc: [0, 9], bootloader: [1, 1], tee: [2, 2], snp: [3, 3], microcode: [7, 8] },
}
/** Extensions of parts that no product uses: zero. */
const unused = (product: Product): readonly number[] => (product === 'Turin' ? [5, 6, 7] : [4, 5, 6, 7])
const amd = '1.3.6.1.4.1.3704.1'

/** @throws AttestationError where it refuses */
export async function opine(question: Question, notes: Notes): Promise<Answer> {
  const { evidence, options } = question
  // 1. The bytes.
  const report = notes.reads('report-reserved', 'report', () => readReport(evidence))
  const chain = notes.reads('cert-parse', 'certificates', () => readChain(report, options))
  const [ark, between, vek] = chain as [ReadCertificate, ReadCertificate, ReadCertificate]

  // 2. The chain; the root's name says which product it is.
  const product = notes.reads('cert-chain-name', 'name of the ARK', () => productOf(ark))
  const roots = await trustedRoots(options, amdRoots)
  const moments = momentsOf(question)
  await provePath(chain, shapeOf(product, report.signingKey), { roots, moments }, notes)
  if (report.cpu !== undefined)
    notes.proves('report-product', 'processor', processorIs(report.cpu, product), 'is of another product')

  // 3. What could revoke the CA.
  let end = endOf(chain)
  if (!isSymbol(options['revocation'], 'skipRevocation')) {
    const list = notes.reads('crl-parse', 'CRL of the ARK', () =>
      readList(octetsOfBase64(endorsementOf(options, 'crl', 1_398_104)), 'CRL of the ARK'),
    )
    await proveList(list, ark, { algorithms: pss, isNumbered: false, moments }, notes)
    refuseListed(between, list, notes)
    end = Math.min(end, list.nextUpdate)
  }

  // 4. The key is the one of this report, and signed it.
  const key = notes.reads('vek-cert-format', `extensions of the ${report.signingKey}`, () =>
    readKey(vek, report.signingKey, product),
  )
  proveKey(key, report, product, notes)
  const tcbs = proveVersions(report, product, notes)
  await notes.awaits(
    'report-signature',
    'report signed by its key',
    holdsRaw(['P-384', 'SHA-384'], pointOf(vek, 48), report.signature, report.signed),
  )

  // 5. What the caller expects.
  const matched = expectGuest({ report, product, cspId: key.cspId, tcbs }, options, notes)
  return {
    claims: {
      ...report.fields,
      ...tcbs,
      product,
      cspId: key.cspId,
      chipId: report.signingKey === 'VCEK' ? report.chipId : undefined,
      debug: report.isDebug,
    },
    validUntil: end,
    matched,
  }
}

function readChain({ signingKey, vek }: ReadReport, options: Options): ReadCertificate[] {
  const leaf = hasEndorsement(options, 'vek') ? octetsOfBase64(endorsementOf(options, 'vek', 16_384)) : vek
  demand(leaf !== undefined, `no certificate of a ${signingKey}`)
  const above = certificatesInPem(endorsementOf(options, 'certificateChain', 65_536))
  const [between, ark] = above
  demand(above.length === 2 && between !== undefined && ark !== undefined, 'not two certificates in certificateChain')
  return [
    readCertificate(ark, 'ARK', { paddedKeyUsage: true }),
    readCertificate(between, 'CA below the ARK', { paddedKeyUsage: true }),
    readCertificate(leaf, signingKey, { zeroSerial: true }),
  ]
}

const subjectOf = (commonName: string): string =>
  nameOf([
    [11, 'utf8', 'Engineering'],
    [6, 'printable', 'US'],
    [7, 'utf8', 'Santa Clara'],
    [8, 'utf8', 'CA'],
    [10, 'utf8', 'Advanced Micro Devices'],
    [3, 'utf8', commonName],
  ])

function productOf({ subject }: ReadCertificate): Product {
  const product = productNames.find((known) => subject === subjectOf(`ARK-${known}`))
  demand(product !== undefined, 'is none of a product that is known here')
  return product
}

function shapeOf(product: Product, kind: ReadReport['signingKey']): Shape {
  const authority = (name: string): Position => ({
    algorithms: pss,
    key: rsa4096,
    isAuthority: true,
    subject: subjectOf(name),
  })
  return {
    root: authority(`ARK-${product}`),
    between: authority(`SEV-${kind === 'VLEK' ? 'VLEK-' : ''}${product}`),
    last: { algorithms: pss, key: p384Key, isAuthority: false, mayLackUsages: true, subject: subjectOf(`SEV-${kind}`) },
  }
}

/** AMD 57230, section 1.5. */
function processorIs({ family, model }: NonNullable<ReadReport['cpu']>, product: Product): boolean {
  switch (product) {
    case 'Milan':
      return family === 0x19 && model < 0x10
    case 'Genoa':
      return family === 0x19 && (model >> 4 === 1 || model >> 4 === 10)
    case 'Turin':
      return family === 0x1a && model < 0x20
  }
}

/** What the certificate says of its key. */
interface Key {
  readonly productName: string
  readonly tcb: Readonly<Record<string, number>>
  readonly hwId: Octets | undefined
  readonly cspId: string | undefined
}

function readKey({ extensions }: ReadCertificate, kind: ReadReport['signingKey'], product: Product): Key {
  const value = (arc: string): Octets => {
    const extension = extensions.get(`${amd}.${arc}`)
    demand(extension !== undefined, `no extension ${arc}`)
    return extension.value
  }
  const own = Object.entries(parts[product]).map(([part, [, arc]]) => [part, `3.${arc}`] as const)
  const arcs = [
    '1',
    '2',
    kind === 'VCEK' ? '4' : '5',
    ...own.map(([, arc]) => arc),
    ...unused(product).map((arc) => `3.${arc}`),
  ]
  for (const id of extensions.keys())
    demand(
      !id.startsWith(`${amd}.`) || arcs.includes(id.slice(amd.length + 1)),
      `extension ${id} is none of a ${kind} of ${product}`,
    )
  demand(byteIn(value('1')) === (product === 'Turin' ? 1 : 0), 'another structVersion')
  for (const arc of unused(product)) demand(byteIn(value(`3.${arc}`)) === 0, `a part ${arc} that is in use`)
  return {
    productName: textIn(value('2')),
    tcb: Object.fromEntries(own.map(([part, arc]) => [part, byteIn(value(arc))])),
    hwId: kind === 'VCEK' ? value('4') : undefined,
    cspId: kind === 'VLEK' ? textIn(value('5')) : undefined,
  }
}

/** A DER INTEGER of 0 to 255. */
function byteIn(der: Octets): number {
  const [tag, length, ...content] = der
  const isShort = length === 1 && (content[0] ?? 255) < 128
  const isLong = length === 2 && content[0] === 0 && (content[1] ?? 0) > 127
  demand(tag === 2 && content.length === length && (isShort || isLong), `no INTEGER of 0 to 255: ${digitsOf(der)}`)
  return content.at(-1) ?? 0
}

/** A DER IA5String that people can read. */
function textIn(der: Octets): string {
  const [tag, length, ...content] = der
  const text = String.fromCharCode(...content)
  demand(tag === 0x16 && content.length === length && /^[ -~]{1,127}$/.test(text), `no IA5String: ${digitsOf(der)}`)
  return text
}

function proveKey({ productName, tcb, hwId }: Key, { tcbs, chipId }: ReadReport, product: Product, notes: Notes): void {
  const isProduct = productName === product || new RegExp(`^${product}-[A-Z][0-9]$`).test(productName)
  notes.proves('vek-product-mismatch', 'product of the key', isProduct, productName)
  const reported = versionsIn(tcbs.reportedTcb, product)
  const isTcb = Object.entries(reported).every(([part, version]) => tcb[part] === version)
  notes.proves('vek-tcb-mismatch', 'TCB of the key', isTcb, 'is not the one that is reported')
  if (hwId === undefined) return
  const size = product === 'Turin' ? 8 : 64
  const isChip = areSame(hwId, chipId.slice(0, size)) && areZeros(chipId.slice(size)) && !areZeros(chipId)
  notes.proves('vek-chip-id-mismatch', 'chip of the key', isChip, 'is another')
}

function versionsIn(bytes: Octets, product: Product): Record<string, number> {
  return Object.fromEntries(Object.entries(parts[product]).map(([part, [at]]) => [part, bytes[at] as number]))
}

/**
 * The four versions of the platform: bytes that no part uses are zero, and what is reported and
 * committed is not above what runs.
 */
function proveVersions(
  report: ReadReport,
  product: Product,
  notes: Notes,
): Record<keyof ReadReport['tcbs'], Record<string, number>> {
  const used = Object.values(parts[product]).map(([at]) => at)
  const isClean = Object.values(report.tcbs).every((bytes) => bytes.every((byte, i) => byte === 0 || used.includes(i)))
  notes.proves('report-reserved', 'TCB versions', isClean, 'bytes that are reserved')
  const { currentTcb, reportedTcb, committedTcb, launchTcb } = report.tcbs
  const [current, reported, committed, launch] = [currentTcb, reportedTcb, committedTcb, launchTcb].map((bytes) =>
    versionsIn(bytes, product),
  ) as [Record<string, number>, Record<string, number>, Record<string, number>, Record<string, number>]
  const isBelow = (some: Record<string, number>): boolean =>
    Object.entries(some).every(([part, version]) => version <= (current[part] ?? -1))
  const numberOf = ([major = 0, minor = 0, build = 0]: readonly number[]): number => (major * 256 + minor) * 256 + build
  const isOrdered =
    isBelow(reported) && isBelow(committed) && numberOf(report.committedVersion) <= numberOf(report.currentVersion)
  notes.proves('report-tcb', 'reported and committed versions', isOrdered, 'are above those that run')
  return { currentTcb: current, reportedTcb: reported, committedTcb: committed, launchTcb: launch }
}
