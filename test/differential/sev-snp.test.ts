/**
 * Mutated reports, certificates, lists and tables of a made-up AMD: veritee beside a reader on
 * `@peculiar/x509` and WebCrypto (sev-snp-reader.ts). Both must say of each whether it is AMD's
 * word. What is mutated is signed again as often as not, so that it is not the signature that
 * decides. `SNP_DIFFERENTIAL=100000` sets how many, `SNP_DIFFERENTIAL_SEED` where they begin.
 */
import { expect, test } from 'vitest'
import {
  allowDebug,
  allowMigration,
  allowProvisionalFirmware,
  allowUnknownBits,
  anyValue,
  AppraisalError,
  AttestationError,
  type SevSnpOptions,
  skipReferenceValues,
  skipReportData,
  verifySevSnp,
} from '../../src/formats/sev-snp.ts'
import {
  type AmdAttester,
  type AmdCertificateChange,
  type AmdCrlChange,
  type AmdOptions,
  type AmdProduct,
  base64,
  certificateTable,
  createAmdAttester,
  pem,
  type ReportPatch,
  tableGuids,
} from '../attester/amd.ts'
import { concat } from '../attester/bytes.ts'
import type { Bytes } from '../attester/der.ts'
import { keys, now, otherKeys } from '../formats/amd/sev-snp/made.ts'
import { readReport } from './sev-snp-reader.ts'

const count = Number(process.env.SNP_DIFFERENTIAL ?? 1000)
let state = Number(process.env.SNP_DIFFERENTIAL_SEED ?? 1)

/** xorshift32: the same numbers in each run. */
function random(below: number): number {
  state ^= state << 13
  state ^= state >>> 17
  state ^= state << 5
  return (state >>> 0) % below
}
const oneOf = <T>(list: readonly T[]): T => list[random(list.length)] as T

interface Evidence {
  readonly evidence: Bytes
  readonly vek: Bytes | undefined
  readonly intermediate: Bytes
  readonly ark: Bytes
  readonly crl: Bytes
  readonly anchors: readonly Bytes[]
}

const products: readonly AmdProduct[] = ['Milan', 'Genoa', 'Turin']
const kinds = ['VCEK', 'VLEK'] as const
const make = (options: Partial<AmdOptions>): Promise<AmdAttester> => createAmdAttester({ now, keys, ...options })
const sound: readonly (readonly [options: Partial<AmdOptions>, amd: AmdAttester])[] = await Promise.all(
  products.flatMap((product) => kinds.map(async (kind) => [{ product, kind }, await make({ product, kind })] as const)),
)
const anchors = [...sound.map(([, { ark }]) => ark)]
const stranger = await createAmdAttester({ now, keys: otherKeys })

const partsOf = ({ vek, intermediate, ark, crl }: AmdAttester): Omit<Evidence, 'evidence'> => ({
  vek,
  intermediate,
  ark,
  crl,
  anchors,
})

/** A bit, a byte, a small number, a byte less or more: at a random place. */
function mutated(bytes: Uint8Array, times = 1 + random(2)): Bytes {
  let changed = new Uint8Array(bytes)
  for (let i = 0; i < times; i++) {
    const at = random(changed.length)
    const kind = random(20)
    if (kind < 10) changed[at] = (changed[at] as number) ^ (1 << random(8))
    else if (kind < 14) changed[at] = random(256)
    else if (kind < 18) changed[at] = oneOf([0, 1, 2, 0x7f, 0x80, 0xff])
    else if (kind === 18) changed = concat(changed.subarray(0, at), changed.subarray(at + 1))
    else changed = concat(changed.subarray(0, at), [random(256)], changed.subarray(at))
  }
  return changed
}

/** Fields that the firmware relates to each other, more often than a random place. */
const places = [
  0x000, 0x008, 0x00a, 0x030, 0x034, 0x038, 0x03e, 0x03f, 0x048, 0x180, 0x181, 0x183, 0x186, 0x187, 0x188, 0x189, 0x1a0,
  0x1a8, 0x1df, 0x1e0, 0x1e6, 0x1e8, 0x1ea, 0x1ec, 0x1f0, 0x1f8, 0x200, 0x208, 0x29f,
]
function patches(): ReportPatch[] {
  return Array.from({ length: 1 + random(3) }, (): ReportPatch => {
    const at = random(3) === 0 ? random(0x2a0) : oneOf(places)
    return [at, [random(3) === 0 ? random(256) : oneOf([0, 1, 2, 3, 4, 5, 0x11, 0x19, 0x1a, 0x1b, 0x58, 0x80])]]
  })
}

/** One kind of mutation each. */
const mutations: Readonly<Record<string, () => Promise<Evidence>>> = {
  nothing: async () => {
    const [, amd] = oneOf(sound)
    return { ...partsOf(amd), evidence: await amd.report({ version: oneOf([2, 3, 4, 5]) }) }
  },
  'a report': async () => {
    const [, amd] = oneOf(sound)
    return { ...partsOf(amd), evidence: mutated(await amd.report()) }
  },
  'a report, signed again': async () => {
    const [, amd] = oneOf(sound)
    return { ...partsOf(amd), evidence: await amd.report({ version: oneOf([2, 3, 4, 5, 5, 5]), fields: patches() }) }
  },
  'the end of a signature': async () => {
    const [, amd] = oneOf(sound)
    const evidence = await amd.report()
    const at = 0x2a0 + random(0x200)
    evidence[at] = oneOf([0, 1, evidence[at] as number, random(256)])
    return { ...partsOf(amd), evidence }
  },
  'a certificate or the list': async () => {
    const [, amd] = oneOf(sound)
    const part = oneOf(['vek', 'intermediate', 'ark', 'crl'] as const)
    return { ...partsOf(amd), evidence: await amd.report(), [part]: mutated(amd[part]) }
  },
  'a certificate or the list, signed again': async () => {
    const [options, reuse] = oneOf(sound)
    const tbs = (fields: Bytes[]): Bytes[] => {
      const place = random(fields.length)
      return fields.map((field, i) => (i === place ? mutated(field, 1) : field))
    }
    const part = oneOf(['vek', 'vek', 'intermediate', 'ark', 'crl'] as const)
    const change: AmdCertificateChange | AmdCrlChange =
      part === 'crl'
        ? oneOf<AmdCrlChange>([
            { extensions: (given) => given.map((one) => (random(2) === 0 ? mutated(one, 1) : one)) },
            { revoked: [oneOf(['00', '01', '010001', '010002', '010003'])] },
            { thisUpdate: new Date(now.getTime() + (random(1200) - 600) * 1000) },
            { nextUpdate: new Date(now.getTime() + (random(1200) - 600) * 1000) },
            { issuer: oneOf(products) },
          ])
        : oneOf<AmdCertificateChange>([
            { tbs },
            { tbs },
            { extensions: (given) => given.map((one) => (random(given.length) === 0 ? mutated(one, 1) : one)) },
            { extensions: (given) => given.filter(() => random(given.length) !== 0) },
            { extensions: (given) => [...given, oneOf(given)] },
            { notAfter: new Date(now.getTime() + (random(1200) - 600) * 1000) },
            { notBefore: new Date(now.getTime() + (random(1200) - 600) * 1000) },
            { saltLength: oneOf([0, 32, 47, 48]) },
          ])
    const amd = await make({ ...options, reuse, [part]: change })
    return { ...partsOf(amd), evidence: await amd.report(), anchors: [...anchors, amd.ark] }
  },
  'parts of others': async () => {
    const [, amd] = oneOf(sound)
    const whose = (): AmdAttester => (random(6) === 0 ? stranger : random(2) === 0 ? amd : oneOf(sound)[1])
    return {
      vek: whose().vek,
      intermediate: whose().intermediate,
      ark: whose().ark,
      crl: whose().crl,
      anchors,
      evidence: await whose().report(random(3) === 0 ? { signedBy: otherKeys.vek.privateKey } : {}),
    }
  },
  'a table': async () => {
    const [{ kind }, amd] = oneOf(sound)
    const entries = [
      [tableGuids[kind ?? 'VCEK'], amd.vek],
      [tableGuids.ARK, stranger.ark],
      [oneOf(Object.values(tableGuids)), amd.intermediate],
      ['00112233445566778899aabbccddeeff', new Uint8Array(random(9))],
    ] as const
    const table = certificateTable(...entries.filter(() => random(4) !== 0))
    const padded = random(2) === 0 ? table : concat(table, new Uint8Array(random(64)))
    const evidence = concat(await amd.report(), random(3) === 0 ? mutated(padded, 1) : padded)
    return { ...partsOf(amd), vek: random(4) === 0 ? amd.vek : undefined, evidence }
  },
}

/** Everything that callers decide is allowed: what is left is whether it is AMD's word. */
const lenient = {
  referenceValues: skipReferenceValues,
  reportData: skipReportData,
  products,
  debug: allowDebug,
  migration: allowMigration,
  provisionalFirmware: allowProvisionalFirmware,
  unknownBits: allowUnknownBits,
  vmpl: [0, 1, 2, 3],
  guestPolicy: { cxlAllowed: anyValue },
  platformInfo: { aliasCheckComplete: anyValue },
  now,
} as const

async function ours({ evidence, vek, intermediate, ark, crl, anchors: trustAnchors }: Evidence): Promise<string> {
  const options: SevSnpOptions = {
    ...lenient,
    // An anchor that is no SEQUENCE is a caller's mistake.
    trustAnchors: trustAnchors.filter(([tag]) => tag === 0x30),
    endorsements: {
      ...(vek !== undefined && { vek: base64(vek) }),
      certificateChain: pem(intermediate) + pem(ark),
      crl: base64(crl),
    },
  }
  try {
    await verifySevSnp(evidence, options)
    return 'genuine'
  } catch (error) {
    if (error instanceof AppraisalError) return 'genuine'
    if (error instanceof AttestationError) return `refused: ${error.code}: ${error.message}`
    throw error
  }
}

/** What ours refuses and the other reader takes, each with the reason. */
const stricter: readonly (readonly [refusal: RegExp, why: string])[] = [
  [
    /^refused: c(ert|rl)-(parse|extension): .* tag [0-9a-f]+ at \d+ is not DER$/,
    'BER inside an extension, or a BOOLEAN that is neither 00 nor ff',
  ],
  [
    /^refused: c(ert|rl)-parse: .* "[^"]*" is no time$/,
    'characters in a time that are no digits (RFC 5280 section 4.1.2.5)',
  ],
  [
    /^refused: cert-parse: .* serialNumber out of range$/,
    'a negative serial number, or a long one (RFC 5280 section 4.1.2.2)',
  ],
  [
    /^refused: crl-extension: CRL of the ARK: (length at|cRLNumber|tag|malformed|trailing|\d)/,
    'the number of a list must be an INTEGER: the other library does not read it',
  ],
]

/** What ours takes and the other reader refuses, each with the reason. */
const laxer: readonly (readonly [refusal: RegExp, why: string])[] = [
  [
    /^refused: Data does not match to (Authority|Subject)KeyIdentifier ASN1 schema/,
    'key identifiers are hints: ours reads none in certificates, and of a list the key that it names',
  ],
]

test(`${count} mutants: both readers say the same of each, but for what is listed`, async () => {
  const names = Object.keys(mutations)
  const seen = new Map<string, number>()
  const unexplained: string[] = []
  for (let i = 0; i < count; i++) {
    const name = names[i % names.length] as string
    const evidence = await (mutations[name] as () => Promise<Evidence>)()
    const [mine, theirs] = await Promise.all([ours(evidence), readReport({ ...evidence, now: now.getTime() })])
    const isGenuine = mine === 'genuine'
    const verdict = `${name}: ${isGenuine ? 'genuine' : 'refused'}`
    seen.set(verdict, (seen.get(verdict) ?? 0) + 1)
    if (isGenuine === (theirs === 'genuine')) continue
    const known = isGenuine
      ? laxer.some(([refusal]) => refusal.test(theirs))
      : stricter.some(([refusal]) => refusal.test(mine))
    if (!known) unexplained.push(`${i} ${name}: ours ${mine}; theirs ${theirs}`)
    else seen.set('explained', (seen.get('explained') ?? 0) + 1)
  }
  if (process.env.SNP_DIFFERENTIAL !== undefined) console.log(Object.fromEntries([...seen].sort()))
  expect(unexplained).toEqual([])
  // Mutants of each kind are refused, and some of most kinds are not: it is not one and the same
  // thing that decides.
  for (const name of names.filter((one) => one !== 'nothing'))
    expect(seen.get(`${name}: refused`), name).toBeGreaterThan(0)
  for (const name of ['nothing', 'a report, signed again', 'a certificate or the list, signed again', 'a table'])
    expect(seen.get(`${name}: genuine`), name).toBeGreaterThan(0)
})
